"""Parents of attempts, each with its victim: `python -m tests.sandbox.stage GROUP` forks one when asked.

So that no attempt waits for an interpreter to start: an attempt is a fork of its parent in any case. A server
has imported what its group imports and no more, as what an attempt imports itself is part of the attempt.

A parent leads a session of its own. Every signal is held up in it and in the victim, so that one which was
sent can be seen there. It says on its output how the attempt ended, and stays until its input is closed.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys

from tests.sandbox import harness
from tests.sandbox.guard import OUTSIDE, namespaces

MOST_BYTES = 65536
_BY_SIGNAL = 128
_CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


def main(group: str) -> None:
    """Serves on standard input, a socket: an attempt and three descriptors in, its parent's number out."""
    importlib.import_module(f"tests.sandbox.{group}")
    known = set(sys.modules)
    import ctypes  # the server's own, as all that is imported from here on
    import socket

    control = ctypes.CDLL(None).prctl
    door = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a parent
    while True:
        request, descriptors, _, _ = socket.recv_fds(door, MOST_BYTES, 3)
        if not request:
            return
        number = os.fork()
        if number == 0:
            door.close()
            for name in sys.modules.keys() - known:
                del sys.modules[name]
            control(_CHILD_SUBREAPER, 1, 0, 0, 0)  # so that what the attempt leaves behind is found below it
            _as_parent(descriptors, json.loads(request))
        for descriptor in descriptors:
            os.close(descriptor)
        door.send(str(number).encode())


def _as_parent(descriptors: list[int], asked: dict[str, str]) -> None:
    try:
        os.setsid()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.update({"HOME": asked["home"], "TMPDIR": asked["own"]})
        _stage(asked["name"], asked["level"], asked["folder"], asked["terminal"], asked["around"])
    except BaseException:  # noqa: BLE001  # a fork must not go on as the server
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    os._exit(0)


def _stage(name: str, level: str, folder: str, terminal: str, around: str) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    victim = os.spawnv(os.P_NOWAIT, "/bin/sleep", ["sleep", "300"])  # noqa: S606  # no shell is the point
    # Of a session's leader it becomes the terminal, which the attempt then has as one on its own would.
    stdin = os.open(terminal or os.devnull, os.O_RDWR)
    os.write(1, f"VICTIM {victim}\n".encode())
    child = os.fork()
    if child == 0:
        _become_attempt(victim, stdin)
        if around:
            _become_wrapped(around, name, level, folder)
        harness.main(name, level, folder)
    os.close(stdin)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if around and code > _BY_SIGNAL:  # bubblewrap tells it as shells do
        code = _BY_SIGNAL - code
    os.write(1, (f"SIGNAL {-code}\n" if code < 0 else f"EXIT {code}\n").encode())
    os.read(0, 1)


def _become_attempt(victim: int, stdin: int) -> None:
    """As a worker's replay is: what was open for the parent is not for it."""
    os.dup2(1, harness.ANSWER)
    os.dup2(stdin, 0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.closerange(harness.ANSWER + 1, 256)
    os.environ.update({"VICTIM": str(victim), "PARENT": str(os.getppid()), OUTSIDE: namespaces()})


def _become_wrapped(program: str, name: str, level: str, folder: str) -> None:
    """As a worker does, whose replay is then confined from inside."""
    from tests.sandbox.wrapped import command

    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    words = command(program, folder, [sys.executable, "-m", harness.__name__, name, level, folder])
    os.execv(words[0], words)  # noqa: S606  # no shell is the point


if __name__ == "__main__":
    main(*sys.argv[1:])
