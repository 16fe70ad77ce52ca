"""A seccomp filter: which system calls a process may make (https://docs.kernel.org/userspace-api/seccomp_filter.html).

Classic BPF: instructions that jump forward over others and end with a verdict. Refused calls fail with an
error number, as on a machine that does not let one do that; only calls of another architecture kill.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import List, NamedTuple, Tuple

from . import libc, syscalls

_SET_MODE_FILTER, _ALL_THREADS = 1, 1  # linux/seccomp.h
_ACTION_AVAILABLE = 2
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

# linux/bpf_common.h: load a word of the call, and it with a constant, compare, jump, return
_LOAD, _AND, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_X32_BIT = 0x40000000

_CLONE_FILES, _CLONE_THREAD = 0x400, 0x10000
_AF_UNIX, _SOCK_STREAM, _SOCKET_TYPE = 1, 1, 0xF  # sockets of datagrams reach others even in pairs
_SHARED_AND_ANONYMOUS, _GROWS_DOWN = 0x21, 0x100  # memory that no limit counts, or only that of the stack
_PRIO_PROCESS = 0
_CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Type into a terminal (TIOCSTI, TIOCLINUX), have signals sent (FIOSETOWN, SIOCSPGRP, FIOASYNC), change flags
# of files (FS_IOC_SETFLAGS, its 32-bit form, FS_IOC_FSSETXATTR), seal or encrypt them (FS_IOC_ENABLE_VERITY,
# FS_IOC_SET_ENCRYPTION_POLICY).
_CONTROLS = (
    0x5412,
    0x541C,
    0x8901,
    0x8902,
    0x5452,
    0x40086602,
    0x40046602,
    0x401C5820,
    0x40806685,
    0x800C6613,
)
_SIGNAL_OWNERS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX

Instruction = Tuple[int, int, int, int]  # code, jump if true, jump if false, constant
Block = List[Instruction]

PROGRAMS = ("fork", "vfork", "execve", "execveat")
OTHER_PROCESSES = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp"),
    *("pidfd_open", "pidfd_getfd", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tkill"),
    *("setsid", "setpgid", "ioprio_set", "sched_setscheduler", "sched_setparam", "sched_setattr"),
    *("migrate_pages", "move_pages"),
)
KERNEL = (
    *("perf_event_open", "bpf", "userfaultfd", "keyctl", "add_key", "request_key"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "fanotify_init"),
    *("setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen"),
    *("fsmount", "fspick", "fsconfig", "mount_setattr", "open_by_handle_at", "name_to_handle_at"),
    *("quotactl", "quotactl_fd", "init_module", "finit_module", "delete_module", "kexec_load"),
    *("kexec_file_load", "swapon", "swapoff", "acct", "reboot", "personality", "sethostname"),
    *("setdomainname", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "syslog", "iopl"),
    *("ioperm", "vhangup", "modify_ldt", "seccomp", "setrlimit"),
    *("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid"),
    *("setfsgid", "capset"),
)
# A pair of sockets is made connected; nothing else is for sockets to do.
NETWORK = ("socket", "bind", "connect", "listen", "accept", "accept4")
SHARED_MEMORY = ("shmget", "shmat", "shmctl", "msgget", "semget", "mq_open", "memfd_create", "memfd_secret")
# Landlock has no rights for these. They pretend to work: copies and archives set modes and times as a matter
# of course, and what they make lies in the replay's own folder.
METADATA = (
    *("chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat"),
    *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
)
# What Landlock refuses where there is one.
CHANGES_OF_FILES = (
    *("creat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir"),
    *("link", "linkat", "symlink", "symlinkat", "mknod", "mknodat", "truncate"),
)


def available() -> bool:
    try:
        action = ctypes.c_uint32(_ERRNO)
        libc.call("seccomp", ctypes.c_uint(_ACTION_AVAILABLE), ctypes.c_uint(0), ctypes.byref(action))
    except OSError:
        return False
    return True


def install(read_only: bool, no_truncate: bool) -> None:
    """From now on, for all threads of this process and for ever. Raises OSError when it cannot be had.

    `read_only`: no file may be opened for writing at all. `no_truncate`: files may not be cut but by writing,
    which Landlock's first two versions do not refuse.
    """
    _load_filter(program(_here(), os.getpid(), read_only, no_truncate))


def install_around(no_truncate: bool) -> None:
    """The filter of a worker that forks and ends replays. Raises OSError when it cannot be had."""
    _load_filter(program_around(_here(), no_truncate))


def _here() -> syscalls.Architecture:
    here = syscalls.architecture()
    if here is None:
        raise OSError(errno.ENOSYS, "no filter is known for this architecture")
    return here


def _load_filter(instructions: Block) -> None:
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_program = struct.pack("=HxxxxxxQ", len(instructions), ctypes.addressof(buffer))
    libc.call("seccomp", ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(_ALL_THREADS), filter_program)


def program_around(here: syscalls.Architecture, no_truncate: bool = False) -> Block:
    """The filter of a worker: what leads out of it is refused, what it needs for its own processes is not."""
    kernel = tuple(name for name in KERNEL if name not in ("seccomp", "setrlimit", "capset"))
    others = ("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "process_madvise", "kcmp")
    blocks = [(name, _refused(errno.EPERM)) for name in (*kernel, *others)]
    blocks += [(name, _refused(errno.EACCES)) for name in NETWORK]
    blocks += [("socketpair", _PAIRS_OF_STREAMS), ("unshare", _OWN_DESCRIPTORS)]
    blocks += _CUT_ONLY_BY_WRITING if no_truncate else ()
    return _assembled(here, blocks)


def program(here: syscalls.Architecture, me: int, read_only: bool, no_truncate: bool) -> Block:
    """The filter for the process `me`."""
    blocks: List[Tuple[str, Block]] = []

    def on(names: Tuple[str, ...], block: Block) -> None:
        blocks.extend((name, block) for name in names)

    on((*PROGRAMS, *OTHER_PROCESSES, *KERNEL), _refused(errno.EPERM))
    on(SHARED_MEMORY, _refused(errno.EACCES))
    on(METADATA, _refused(0))
    on(NETWORK, _refused(errno.EACCES))
    on(("socketpair",), _PAIRS_OF_STREAMS)
    on(("unshare",), _OWN_DESCRIPTORS)
    # Flags behind a pointer are out of a filter's reach; libraries fall back on clone.
    on(("clone3",), _refused(errno.ENOSYS))
    on(("clone",), [_load(0), (_ANY_BIT, 1, 0, _CLONE_THREAD), *_refused(errno.EPERM), _ALLOWED])
    on(("kill", "tgkill"), _only_for(0, (me,), errno.EPERM))
    on(("setpriority",), _only_if([_Check(0, _PRIO_PROCESS), _Check(1, 0)], errno.EPERM))
    on(("sched_setaffinity",), _only_for(0, (0, me), errno.EPERM))
    on(("fcntl",), _refused_for(1, _SIGNAL_OWNERS, errno.EPERM))
    on(("ioctl",), _refused_for(1, _CONTROLS, errno.EPERM))
    on(("prlimit64",), _limits_are_only_read())
    uncounted: Block = [_load(3), (_ANY_BIT, 2, 0, _GROWS_DOWN), (_AND, 0, 0, _SHARED_AND_ANONYMOUS)]
    on(("mmap",), [*uncounted, (_EQUAL, 0, 1, _SHARED_AND_ANONYMOUS), *_refused(errno.ENOMEM), _ALLOWED])
    if read_only:
        on(CHANGES_OF_FILES, _refused(errno.EACCES))
        on(("openat2",), _refused(errno.ENOSYS))  # its flags are out of reach, too
        for name, argument in (("open", 1), ("openat", 2)):
            changing: Block = [_load(argument), (_ANY_BIT, 0, 1, _CHANGING)]
            on((name,), [*changing, *_refused(errno.EACCES), _ALLOWED])
    elif no_truncate:
        blocks += _CUT_ONLY_BY_WRITING
    return _assembled(here, blocks)


def _assembled(here: syscalls.Architecture, blocks: List[Tuple[str, Block]]) -> Block:
    result = _of_this_architecture(here)
    for name, block in blocks:
        number = syscalls.number(name, here)
        if number is not None:
            result += [(_EQUAL, 0, len(block), number), *block]
    return [*result, _ALLOWED]


_ALLOWED: Instruction = (_RETURN, 0, 0, _ALLOW)
_KILLED: Instruction = (_RETURN, 0, 0, _KILL)


def _of_this_architecture(here: syscalls.Architecture) -> Block:
    block: Block = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, here.audit), _KILLED, (_LOAD, 0, 0, _NUMBER)]
    if here.x32:
        block += [(_AT_LEAST, 0, 1, _X32_BIT), _KILLED]
    return [*block, (_AT_LEAST, 0, 1, syscalls.FIRST_UNKNOWN), *_refused(errno.ENOSYS)]


def _load(argument: int, high: bool = False) -> Instruction:
    """The lower half of an argument; both architectures are little-endian."""
    return (_LOAD, 0, 0, 16 + 8 * argument + 4 * high)


def _refused(code: int) -> Block:
    return [(_RETURN, 0, 0, _ERRNO | code)]


class _Check(NamedTuple):
    argument: int
    value: int
    mask: int = 0xFFFFFFFF


def _only_if(checks: List[_Check], code: int) -> Block:
    block: Block = []
    for number, (argument, value, mask) in enumerate(checks, start=1):
        left = 3 * (len(checks) - number)
        block += [_load(argument), (_AND, 0, 0, mask), (_EQUAL, 0, left + 1, value)]
    return [*block, _ALLOWED, *_refused(code)]


def _refused_for(argument: int, values: Tuple[int, ...], code: int) -> Block:
    return [*_skipping_one_for(argument, values), _ALLOWED, *_refused(code)]


def _only_for(argument: int, values: Tuple[int, ...], code: int) -> Block:
    return [*_skipping_one_for(argument, values), *_refused(code), _ALLOWED]


def _skipping_one_for(argument: int, values: Tuple[int, ...]) -> Block:
    """The next instruction is left out when the argument is one of the values."""
    return [_load(argument), *((_EQUAL, len(values) - n, 0, value) for n, value in enumerate(values))]


def _limits_are_only_read() -> Block:
    """No new limits, which root could raise: the pointer to them is null."""
    return [
        _load(2),
        (_EQUAL, 0, 2, 0),
        _load(2, high=True),
        (_EQUAL, 1, 0, 0),
        *_refused(errno.EPERM),
        _ALLOWED,
    ]


def _cut_only_by_writing(argument: int) -> Block:
    """Who opens a file for reading, or for controls, may cut it too, which old Landlocks do not look at."""
    return [
        _load(argument),
        (_AND, 0, 0, os.O_TRUNC | os.O_ACCMODE),
        (_EQUAL, 1, 0, os.O_TRUNC | os.O_RDONLY),
        (_EQUAL, 0, 1, os.O_TRUNC | os.O_ACCMODE),
        *_refused(errno.EACCES),
        _ALLOWED,
    ]


_CUT_ONLY_BY_WRITING: Tuple[Tuple[str, Block], ...] = (
    ("truncate", _refused(errno.EACCES)),
    ("openat2", _refused(errno.ENOSYS)),  # its flags are out of reach
    ("open", _cut_only_by_writing(1)),
    ("openat", _cut_only_by_writing(2)),
)
# A thread may leave the table of descriptors, to have one of its own, and nothing else.
_OWN_DESCRIPTORS = _only_if([_Check(0, _CLONE_FILES)], errno.EPERM)
_PAIRS_OF_STREAMS = _only_if([_Check(0, _AF_UNIX), _Check(1, _SOCK_STREAM, mask=_SOCKET_TYPE)], errno.EACCES)
