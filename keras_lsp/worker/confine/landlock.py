"""Landlock: which files a process may open (https://docs.kernel.org/userspace-api/landlock.html).

Rights that are not given to a path or to a folder above it are refused, whatever the path looks like: links
and `..` lead to the same file. It does not cover changes of modes, owners and times; seccomp does.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from typing import Iterable, List, NamedTuple, Tuple

from . import libc

# linux/landlock.h
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, MAKE_DIR = (
    1 << bit for bit in range(8)
)
MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = (
    1 << bit for bit in range(8, 16)
)
_ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
TRUNCATE_SINCE = 3
_RIGHTS_UP_TO = {1: 13, 2: 14, 3: 15, 4: 15}  # number of rights by version; 16 since version 5
_CREATE_VERSION = 1
_RULE_PATH_BENEATH = 1
_TCP = 3  # bind and connect, since version 4
_SCOPES = 3  # abstract Unix sockets and signals, since version 6

READ = READ_FILE | READ_DIR
WRITE = (
    READ
    | WRITE_FILE
    | REMOVE_DIR
    | REMOVE_FILE
    | MAKE_DIR
    | MAKE_REG
    | MAKE_FIFO
    | MAKE_SYM
    | REFER
    | TRUNCATE
)


class Rule(NamedTuple):
    path: str
    rights: int


def version() -> int:
    """Of Landlock on this machine; 0 where there is none."""
    try:
        return libc.call(
            "landlock_create_ruleset", None, ctypes.c_size_t(0), ctypes.c_uint32(_CREATE_VERSION)
        )
    except OSError:
        return 0


def restrict(rules: Iterable[Rule], most: int = 99) -> None:
    """From now on this thread, and all that it starts, opens only what the rules allow.

    `most` is the newest version that is used, for tests. Raises OSError when it cannot be had. Paths that do
    not exist are left out.
    """
    known = min(version(), most)
    if not known:
        raise OSError("there is no Landlock here")
    handled = (1 << _RIGHTS_UP_TO.get(known, 16)) - 1
    ruleset = _create(handled, known)
    try:
        for rule in rules:
            _add(ruleset, rule, handled)
        libc.call("landlock_restrict_self", ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _create(handled: int, known: int) -> int:
    fields: List[int] = [handled]
    if known >= 4:
        fields.append(_TCP)
    if known >= 6:
        fields.append(_SCOPES)
    packed = struct.pack(f"={len(fields)}Q", *fields)
    return libc.call("landlock_create_ruleset", packed, ctypes.c_size_t(len(packed)), ctypes.c_uint32(0))


def _add(ruleset: int, rule: Rule, handled: int) -> None:
    try:
        target = os.open(rule.path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = rule.rights & handled
        if not stat.S_ISDIR(os.fstat(target).st_mode):
            rights &= _ON_FILES
        packed = struct.pack("=Qi", rights, target)
        libc.call(
            "landlock_add_rule",
            ctypes.c_int(ruleset),
            ctypes.c_int(_RULE_PATH_BENEATH),
            packed,
            ctypes.c_uint32(0),
        )
    finally:
        os.close(target)


def rules(read: Iterable[str], write: Iterable[str], listed: Iterable[str]) -> Tuple[Rule, ...]:
    return (
        *(Rule(path, READ) for path in read),
        *(Rule(path, WRITE) for path in write),
        *(Rule(path, READ_DIR) for path in listed),
        Rule(os.devnull, READ_FILE | WRITE_FILE),
    )
