"""The seccomp filters, run by a small interpreter of their own, also those for another architecture."""

from __future__ import annotations

import errno
import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.worker.confine import seccomp, syscalls

if TYPE_CHECKING:
    from keras_lsp.worker.confine.seccomp import Block

ME = 4242
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def verdict(block: Block, audit: int, number: int, *arguments: int) -> int:
    """What the kernel would return (net/core/filter.c), for 64-bit arguments."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    halves = [half for value in padded for half in (value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF)]
    words = [number, audit, 0, 0, *halves]
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, constant = block[at]
        at += 1
        if code == 0x06:
            return constant
        if code == 0x20:
            accumulator = words[constant // 4]
        elif code == 0x54:
            accumulator &= constant
        else:
            compared = {
                0x15: accumulator == constant,
                0x35: accumulator >= constant,
                0x45: bool(accumulator & constant),
            }
            at += if_true if compared[code] else if_false


@pytest.fixture(params=sorted(syscalls.ARCHITECTURES))
def here(request: pytest.FixtureRequest) -> syscalls.Architecture:
    return syscalls.ARCHITECTURES[request.param]


def asked(
    here: syscalls.Architecture,
    name: str,
    *arguments: int,
    read_only: bool = False,
    around: bool = False,
    old: bool = False,
) -> int | str:
    """An error number, or "allowed"; "missing" where the architecture has no such call."""
    number = syscalls.number(name, here)
    if number is None:
        return "missing"
    block = (
        seccomp.program_around(here, no_truncate=old)
        if around
        else seccomp.program(here, ME, read_only=read_only, no_truncate=old)
    )
    result = verdict(block, here.audit, number, *arguments)
    if result == ALLOW:
        return "allowed"
    assert result & 0xFFFF0000 == ERRNO
    return result & 0xFFFF


THREAD = 0x3D0F00  # what glibc's pthread_create asks for


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("socket", (socket.AF_INET,), errno.EACCES),
        ("socket", (socket.AF_UNIX,), errno.EACCES),
        ("socketpair", (socket.AF_UNIX, socket.SOCK_STREAM), "allowed"),
        ("socketpair", (socket.AF_INET, socket.SOCK_STREAM), errno.EACCES),
        ("socketpair", (socket.AF_UNIX, socket.SOCK_STREAM | 0o2004000), "allowed"),
        ("socketpair", (socket.AF_UNIX, socket.SOCK_DGRAM), errno.EACCES),
        ("bind", (), errno.EACCES),
        ("connect", (), errno.EACCES),
        ("fcntl", (3, 3), "allowed"),
        ("fcntl", (3, 1030), "allowed"),
        ("fcntl", (3, 8), errno.EPERM),
        ("fcntl", (3, 10), errno.EPERM),
        ("fcntl", (3, 15), errno.EPERM),
        ("setpriority", (0, 0, 10), "allowed"),
        ("setpriority", (0, ME + 1, 10), errno.EPERM),
        ("setpriority", (1, 0, 10), errno.EPERM),
        ("sched_setaffinity", (0,), "allowed"),
        ("sched_setaffinity", (ME,), "allowed"),
        ("sched_setaffinity", (ME + 1,), errno.EPERM),
        ("execve", (), errno.EPERM),
        ("execveat", (), errno.EPERM),
        ("clone", (THREAD,), "allowed"),
        ("clone", (17,), errno.EPERM),
        ("clone3", (), errno.ENOSYS),
        ("unshare", (0x400,), "allowed"),
        ("unshare", (0x10000000,), errno.EPERM),
        ("unshare", (0x20000 | 0x400,), errno.EPERM),
        ("kill", (ME, 9), "allowed"),
        ("kill", (ME + 1, 9), errno.EPERM),
        ("kill", (0, 9), errno.EPERM),
        ("kill", (2**64 - 1, 9), errno.EPERM),
        ("tgkill", (ME, ME, 6), "allowed"),
        ("tkill", (ME, 9), errno.EPERM),
        ("prlimit64", (0, 7, 0, 99), "allowed"),
        ("prlimit64", (0, 7, 99, 0), errno.EPERM),
        ("prlimit64", (0, 7, 99 << 32, 0), errno.EPERM),
        ("mmap", (0, 4096, 3, 0x22), "allowed"),
        ("mmap", (0, 4096, 3, 0x21), errno.ENOMEM),
        ("mmap", (0, 4096, 1, 0x01), "allowed"),
        ("mmap", (0, 4096, 3, 0x122), errno.ENOMEM),
        ("ioctl", (0, 0x5401), "allowed"),
        ("ioctl", (0, 0x5412), errno.EPERM),
        ("ioctl", (0, 0x8901), errno.EPERM),
        ("ioctl", (0, 0x40086602), errno.EPERM),
        ("ioctl", (0, 0x800C6613), errno.EPERM),
        ("fchmodat", (), 0),
        ("unlinkat", (), "allowed"),
        ("openat", (0, 0, os.O_RDWR), "allowed"),
        ("ptrace", (), errno.EPERM),
        ("io_uring_setup", (), errno.EPERM),
        ("memfd_create", (), errno.EACCES),
    ],
)
def test_a_replay(
    here: syscalls.Architecture, name: str, arguments: tuple[int, ...], expected: int | str
) -> None:
    assert asked(here, name, *arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("openat", (0, 0, os.O_RDONLY | os.O_CLOEXEC), "allowed"),
        ("openat", (0, 0, os.O_RDWR), errno.EACCES),
        ("openat", (0, 0, os.O_CREAT), errno.EACCES),
        ("openat", (0, 0, os.O_TRUNC), errno.EACCES),
        ("openat2", (), errno.ENOSYS),
        ("unlinkat", (), errno.EACCES),
        ("mkdirat", (), errno.EACCES),
        ("truncate", (), errno.EACCES),
    ],
)
def test_a_replay_without_landlock_changes_no_file(
    here: syscalls.Architecture, name: str, arguments: tuple[int, ...], expected: int | str
) -> None:
    assert asked(here, name, *arguments, read_only=True) == expected


@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("truncate", (), errno.EACCES),
        ("openat2", (), errno.ENOSYS),
        ("openat", (0, 0, os.O_RDONLY | os.O_TRUNC), errno.EACCES),
        ("openat", (0, 0, os.O_ACCMODE | os.O_TRUNC), errno.EACCES),
        ("openat", (0, 0, os.O_RDONLY | os.O_TRUNC | os.O_CREAT | os.O_CLOEXEC), errno.EACCES),
        ("open", (0, os.O_TRUNC), errno.EACCES),
        ("openat", (0, 0, os.O_WRONLY | os.O_TRUNC | os.O_CREAT), "allowed"),
        ("openat", (0, 0, os.O_RDWR | os.O_TRUNC), "allowed"),
        ("openat", (0, 0, os.O_RDONLY), "allowed"),
    ],
)
def test_with_an_old_landlock_files_are_cut_by_writing_only(
    here: syscalls.Architecture, name: str, arguments: tuple[int, ...], expected: int | str, around: bool
) -> None:
    if name == "open" and syscalls.number(name, here) is None:
        expected = "missing"
    assert asked(here, name, *arguments, old=True, around=around) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("socket", errno.EACCES), ("ptrace", errno.EPERM), ("mount", errno.EPERM), ("execve", "allowed")],
)
def test_a_worker_may_start_processes_and_nothing_else(
    here: syscalls.Architecture, name: str, expected: int | str
) -> None:
    assert asked(here, name, around=True) == expected
    for needed in (
        "clone",
        "clone3",
        "kill",
        "setsid",
        "prlimit64",
        "capset",
        "seccomp",
        "landlock_add_rule",
    ):
        assert asked(here, needed, 17, around=True) == "allowed"


def test_calls_that_are_newer_than_the_table_are_missing(here: syscalls.Architecture) -> None:
    block = seccomp.program(here, ME, read_only=False, no_truncate=False)
    for number in (syscalls.FIRST_UNKNOWN, 500, 2000):
        assert verdict(block, here.audit, number) == ERRNO | errno.ENOSYS


def test_another_architecture_ends_the_process() -> None:
    x86 = syscalls.ARCHITECTURES["x86_64"]
    block = seccomp.program(x86, ME, read_only=False, no_truncate=False)
    assert verdict(block, 0x40000003, 1) == KILL
    assert verdict(block, x86.audit, 0x40000000 + 39) == KILL


@pytest.mark.parametrize("name", HEADERS)
def test_numbers_are_those_of_the_kernels_headers(name: str) -> None:
    header = HEADERS[name]
    if not header.exists():
        pytest.skip(f"{header} is not installed")
    text = header.read_text(encoding="utf-8")
    told = {call: int(number) for call, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    here = syscalls.ARCHITECTURES[name]
    ours = {call: syscalls.number(call, here) for call in syscalls.NUMBERS}
    since = {call for call in ours if call not in told and ours[call] is not None}
    assert not {
        call: number for call, number in ours.items() if call not in since and number != told.get(call)
    }
    # Older headers lack the newest calls only.
    assert all((ours[call] or 0) > max(told.values()) for call in since)
