"""System calls that Python has no function for."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
from typing import Any, Optional

from . import syscalls

# linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_FILES = 0x400  # linux/sched.h


def call(name: str, *arguments: Any) -> int:
    """The result of a system call; raises OSError where it fails, or this architecture is not known."""
    number = _number(name)
    if number is None:
        raise OSError(errno.ENOSYS, f"{name} is not known here")
    result = _libc().syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        _raise()
    return int(result)


def give_up_privileges() -> None:
    """No program that this process starts may have more rights than it has: what the other parts require."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def ask_for_signal_at_parents_end(signal: int) -> None:
    """Raises OSError when it cannot be had."""
    _prctl(_PR_SET_PDEATHSIG, signal)


def leave_descriptors() -> None:
    """From now on this thread has a table of descriptors of its own, so far a copy. Raises OSError."""
    call("unshare", ctypes.c_ulong(_CLONE_FILES))


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, value, 0, 0, 0) != 0:
        _raise()


def _raise() -> None:
    code = ctypes.get_errno()
    raise OSError(code, os.strerror(code))


@functools.cache
def _number(name: str) -> Optional[int]:
    here = syscalls.architecture()
    return None if here is None else syscalls.number(name, here)


@functools.cache  # loading it is dear beside a call
def _libc() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc
