"""The parts of the confinement, laid on in the one order that works."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from typing import NamedTuple, Tuple

from . import landlock, libc, limits, seccomp

LIMITS, LANDLOCK, SECCOMP = "limits", "landlock", "seccomp"
PARTS = (LIMITS, LANDLOCK, SECCOMP)
_CAPABILITY_VERSION = 0x20080522  # linux/capability.h
_READ_ANY_FILE = 1 << 2  # CAP_DAC_READ_SEARCH


class Allowed(NamedTuple):
    """What a process may have: paths with all that is below them, and amounts."""

    read: Tuple[str, ...]
    write: Tuple[str, ...]  # and read
    memory_bytes: int  # more than it uses already
    cpu_seconds: int  # more than it used already
    listed: Tuple[str, ...] = ()  # only which files there are, not what is in them


def offered() -> Tuple[str, ...]:
    """The parts that this machine has, in the order of PARTS."""
    linux = sys.platform.startswith("linux")
    there = {
        LIMITS: limits.available(),
        LANDLOCK: linux and landlock.version() > 0,
        SECCOMP: linux and seccomp.available(),
    }
    return tuple(part for part in PARTS if there[part])


def enforce(allowed: Allowed, parts: Tuple[str, ...] = PARTS, newest_landlock: int = 99) -> Tuple[str, ...]:
    """Lay these parts on this process, for ever; the parts in force.

    Raises OSError when one of them cannot be had; what was laid on until then stays. `newest_landlock` is for
    tests of older systems. Landlock holds for this thread and those it starts, the rest for all threads.
    """
    if LIMITS in parts:
        limits.bound(allowed.memory_bytes, allowed.cpu_seconds)
    files = LANDLOCK in parts
    if files or SECCOMP in parts:
        libc.give_up_privileges()
    if files:
        landlock.restrict(landlock.rules(allowed.read, allowed.write, allowed.listed), newest_landlock)
        _drop_capabilities(keep=_READ_ANY_FILE)
    if SECCOMP in parts:
        if not files:
            _drop_capabilities(keep=0)
        version = min(landlock.version(), newest_landlock) if files else 0
        seccomp.install(read_only=not files, no_truncate=version < landlock.TRUNCATE_SINCE)
    return tuple(part for part in PARTS if part in parts)


def _drop_capabilities(keep: int) -> None:
    """Root without what makes it root; where Landlock says what is read, it may still read any of that."""
    if os.geteuid() != 0:
        return
    try:
        _set_capabilities(keep)
    except PermissionError:  # in a namespace of its own root may have less already
        _set_capabilities(0)


def _set_capabilities(wanted: int) -> None:
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    data = struct.pack("=6I", wanted, wanted, 0, 0, 0, 0)
    libc.call("capset", header, ctypes.create_string_buffer(data, len(data)))
