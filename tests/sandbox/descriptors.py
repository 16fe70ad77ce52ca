"""What is open already: nothing that leads anywhere may be left to a program."""

from __future__ import annotations

import ctypes
import fcntl
import os
import stat
from typing import TYPE_CHECKING

from tests.sandbox.calls import libc
from tests.sandbox.registry import Refused, blocked

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

_TYPE = 0x5412  # TIOCSTI
_LINUX_CONSOLE = 0x541C  # TIOCLINUX
_KNOWN = range(4)  # the three of every program, and what the answer goes to


def _open_ones() -> list[int]:
    found = []
    for number in range(len(_KNOWN), 256):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found


@blocked("landlock", "seccomp")
def use_open_descriptors(_: Scene) -> str:
    """Those that setting up the confinement may have left."""
    found = [f"{number}: {stat.filemode(os.fstat(number).st_mode)}" for number in _open_ones()]
    if not found:
        raise Refused("no descriptor is open")
    return str(found)


@blocked("seccomp", needs=("terminal",))
def type_into_terminal(_: Scene) -> str:
    for letter in b"id\n":
        fcntl.ioctl(0, _TYPE, bytes([letter]))
    return "typed"


@blocked("seccomp", needs=("terminal",))
def type_with_high_bits(_: Scene) -> str:
    """The kernel looks at half of the number only."""
    if libc().ioctl(0, ctypes.c_ulong((1 << 32) | _TYPE), b"x") != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "typed"


@blocked("seccomp", needs=("terminal",))
def type_by_console(_: Scene) -> str:
    fcntl.ioctl(0, _LINUX_CONSOLE, b"\x03")
    return "pasted"
