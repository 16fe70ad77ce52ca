"""System calls without a function in Python, by name. Numbers from the kernel's headers.

Not those of `worker/confine/syscalls.py`: what is wrong there must not be wrong in the attempt too.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from typing import Any

from tests.sandbox.registry import Absent

_COLUMN = {"x86_64": 0, "aarch64": 1}
_ABSENT = -1
_NUMBERS: dict[str, tuple[int, int]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fchmodat2": (452, 452),
    "init_module": (175, 105),
    "io_uring_setup": (425, 425),
    "ioprio_set": (251, 30),
    "keyctl": (250, 219),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "msgctl": (71, 187),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "openat2": (437, 437),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "reboot": (169, 142),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "semctl": (66, 191),
    "semget": (64, 190),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "setxattrat": (463, 463),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmget": (29, 194),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "tgkill": (234, 131),
    "tkill": (200, 130),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vfork": (58, _ABSENT),
}


def libc() -> Any:
    found = ctypes.CDLL(None, use_errno=True)
    found.syscall.restype = ctypes.c_long
    return found


def by_number(number: int, *arguments: Any) -> int:
    """The result; -1 is raised as OSError. Numbers are passed as 64-bit ones."""
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result = int(libc().syscall(ctypes.c_long(number), *wide))
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def call(name: str, *arguments: Any) -> int:
    column = _COLUMN.get(platform.machine())
    number = _ABSENT if column is None else _NUMBERS[name][column]
    if number == _ABSENT:
        raise Absent(f"{name} on {platform.machine()}")
    return by_number(number, *arguments)


def reaches_kernel(name: str, *arguments: Any, complaint: int) -> str:
    """A call that the kernel itself answers with this complaint, asking nothing sensible: it does no harm."""
    try:
        call(name, *arguments)
    except OSError as error:
        if error.errno == complaint:
            return f"{name} came through: {errno.errorcode[complaint]}"
        raise
    return f"{name} worked"
