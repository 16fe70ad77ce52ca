"""Starting other programs and processes. One that starts in the place of this one says so itself."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox.calls import by_number, call, libc
from tests.sandbox.registry import blocked

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

_CONFESSION = """echo '{"outcome": "achieved", "detail": "another program ran"}' >&3"""
_SHELL = ["/bin/sh", "-c", _CONFESSION]
_WITHOUT_PATH = 0x1000  # AT_EMPTY_PATH
_NEW_USER = 0x10000000  # CLONE_NEWUSER


def _after_fork(child: int, means: str) -> str:
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return f"{means} made process {child}"


def _words(words: list[str]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * (len(words) + 1))(*(word.encode() for word in words), None)


@blocked("seccomp")
def start_by_subprocess(_: Scene) -> str:
    import subprocess

    return subprocess.check_output(["/bin/echo", "started"], text=True)


@blocked("seccomp")
def start_by_system(_: Scene) -> str:
    status = os.system("true")  # noqa: S605  # what is tried
    if status != 0:
        raise PermissionError(1, f"os.system gave {status}")
    return "os.system ran"


@blocked("seccomp")
def start_by_popen(_: Scene) -> str:
    with os.popen("echo started") as output:  # noqa: S605  # what is tried
        return output.read()


@blocked("seccomp")
def start_by_posix_spawn(_: Scene) -> str:
    return f"process {os.posix_spawn('/bin/true', ['true'], {})}"


@blocked("seccomp")
def start_by_libc_system(_: Scene) -> str:
    status = libc().system(b"true")
    if status != 0:
        raise PermissionError(1, f"system gave {status}")
    return "system ran"


@blocked("seccomp")
def start_by_multiprocessing_fork(_: Scene) -> str:
    import multiprocessing

    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(0,))
    process.start()
    process.join()
    return "started"


@blocked("seccomp")
def start_by_multiprocessing_spawn(_: Scene) -> str:
    import multiprocessing

    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(0,))
    process.start()
    process.join()
    return "started"


@blocked("seccomp")
def start_terminal(_: Scene) -> str:
    return _after_fork(os.forkpty()[0], "forkpty")


@blocked("seccomp")
def fork(_: Scene) -> str:
    return _after_fork(os.fork(), "fork")


@blocked("seccomp", needs=("x86_64",))
def vfork(_: Scene) -> str:
    return _after_fork(call("vfork"), "vfork")


@blocked("seccomp")
def clone(_: Scene) -> str:
    return _after_fork(call("clone", int(signal.SIGCHLD), 0, 0, 0, 0), "clone")


@blocked("seccomp")
def clone_with_high_bits(_: Scene) -> str:
    """Flags of which a filter that reads half of them sees the wrong ones."""
    return _after_fork(call("clone", (1 << 32) | signal.SIGCHLD, 0, 0, 0, 0), "clone")


@blocked("seccomp")
def clone_as_new_user(_: Scene) -> str:
    return _after_fork(call("clone", _NEW_USER | signal.SIGCHLD, 0, 0, 0, 0), "clone")


@blocked("seccomp")
def clone_by_newer_call(_: Scene) -> str:
    arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, int(signal.SIGCHLD))
    return _after_fork(call("clone3", arguments, 88), "clone3")


@blocked("seccomp", "landlock")
def execute(_: Scene) -> str:
    os.execv(_SHELL[0], _SHELL)  # noqa: S606  # what is tried


@blocked("seccomp", "landlock")
def execute_by_call(_: Scene) -> str:
    return str(call("execve", _SHELL[0].encode(), _words(_SHELL), _words([])))


@blocked("seccomp", "landlock")
def execute_by_libc(_: Scene) -> str:
    if libc().execve(_SHELL[0].encode(), _words(_SHELL), _words([])) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "executed"


@blocked("seccomp", "landlock")
def execute_descriptor(_: Scene) -> str:
    opened = os.open(_SHELL[0], os.O_PATH)
    os.execve(opened, _SHELL, {})  # noqa: S606  # what is tried


@blocked("seccomp", "landlock")
def execute_at(_: Scene) -> str:
    opened = os.open(_SHELL[0], os.O_PATH)
    return str(call("execveat", opened, b"", _words(_SHELL), _words([]), _WITHOUT_PATH))


@blocked("seccomp")
def execute_memory(_: Scene) -> str:
    """A program that is no file; no rule of Landlock is about it."""
    opened = os.memfd_create("program")
    os.write(opened, Path(_SHELL[0]).read_bytes())
    return str(call("execveat", opened, b"", _words(_SHELL), _words([]), _WITHOUT_PATH))


@blocked("seccomp", "landlock")
def execute_own_file(scene: Scene) -> str:
    program = scene.own / "program"
    program.write_text(f"#!/bin/sh\n{_CONFESSION}\n", encoding="utf-8")
    program.chmod(0o700)
    os.execv(program, [str(program)])  # noqa: S606  # what is tried


@blocked("seccomp", needs=("x86_64",))
def fork_by_x32(_: Scene) -> str:
    """The second set of numbers that x86 kernels may answer to."""
    return _after_fork(by_number(0x40000000 + 57), "x32 fork")


@blocked("seccomp", needs=("x86_64",))
def ask_by_x32(_: Scene) -> str:
    return f"getpid: {by_number(0x40000000 + 39)}"


@blocked("seccomp")
def fork_bomb(_: Scene) -> str:
    """Thirty at most, should nothing hold it."""
    for _number in range(30):
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
    return "30 processes"
