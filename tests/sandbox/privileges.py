"""Asking the kernel for more: other users, namespaces, and its larger doors.

Where success would harm the machine, the question is one that the kernel itself calls nonsense; that it is
the kernel who answers is what must not be.
"""

from __future__ import annotations

import array
import ctypes
import errno
import os
import resource
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox.calls import call, libc, reaches_kernel
from tests.sandbox.registry import Refused, blocked

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

_NEW_USER, _NEW_FILES, _NEW_NAMES = 0x10000000, 0x00020000, 0x04000000
_SOME_USER = 12345
_FIXED_ADDRESSES = 0x0040000


@blocked("limits")
def raise_memory_limit(_: Scene) -> str:
    """Root may raise its limits, unless the filter says otherwise."""
    return _raised(resource.RLIMIT_DATA)


@blocked("limits")
def raise_file_limit(_: Scene) -> str:
    return _raised(resource.RLIMIT_FSIZE)


@blocked("limits")
def raise_descriptor_limit(_: Scene) -> str:
    return _raised(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE)[1] + 1)


def _raised(limit: int, value: int = resource.RLIM_INFINITY) -> str:
    try:
        resource.setrlimit(limit, (value, value))
    except ValueError as error:  # what Python makes of "not permitted"
        raise Refused(str(error)) from error
    return f"raised to {resource.getrlimit(limit)}"


@blocked("seccomp")
def become_another_user(_: Scene) -> str:
    os.setuid(_SOME_USER if os.getuid() == 0 else 0)
    return f"user {os.getuid()}"


@blocked("seccomp")
def become_another_group(_: Scene) -> str:
    os.setgid(_SOME_USER if os.getgid() == 0 else 0)
    return f"group {os.getgid()}"


@blocked("seccomp")
def become_another_effective_user(_: Scene) -> str:
    os.seteuid(_SOME_USER if os.getuid() == 0 else 0)
    return f"user {os.geteuid()}"


@blocked("seccomp", "bubblewrap")
def set_groups(_: Scene) -> str:
    os.setgroups([_SOME_USER])
    return str(os.getgroups())


@blocked("seccomp")
def new_user_namespace(_: Scene) -> str:
    return f"unshare gave {call('unshare', _NEW_USER)}"


@blocked("seccomp", "bubblewrap")
def new_mount_namespace(_: Scene) -> str:
    return f"unshare gave {call('unshare', _NEW_FILES)}"


@blocked("seccomp", "landlock", "bubblewrap")
def enter_namespace(_: Scene) -> str:
    opened = os.open("/proc/1/ns/uts", os.O_RDONLY)
    return f"setns gave {call('setns', opened, _NEW_NAMES)}"


@blocked("seccomp", "bubblewrap")
def enter_own_namespace(_: Scene) -> str:
    opened = os.open("/proc/self/ns/uts", os.O_RDONLY)
    return f"setns gave {call('setns', opened, _NEW_NAMES)}"


@blocked("seccomp", "landlock", "bubblewrap")
def mount(scene: Scene) -> str:
    call("mount", b"none", str(scene.own).encode(), b"tmpfs", 0, None)
    return "mounted"


@blocked("seccomp", "bubblewrap")
def change_root(scene: Scene) -> str:
    os.chroot(scene.own)
    return "changed"


@blocked("seccomp")
def fix_addresses(_: Scene) -> str:
    return f"personality was {call('personality', _FIXED_ADDRESSES)}"


@blocked("seccomp")
def set_up_ring(_: Scene) -> str:
    """io_uring opens files and sockets without system calls."""
    return f"descriptor {call('io_uring_setup', 4, ctypes.create_string_buffer(120))}"


@blocked("seccomp")
def load_program_of_kernel(_: Scene) -> str:
    attributes = struct.pack("IIII", 2, 4, 4, 1) + bytes(112)  # an array of one
    return f"descriptor {call('bpf', 0, attributes, len(attributes))}"


@blocked("seccomp")
def ask_for_keys(_: Scene) -> str:
    return f"key {call('keyctl', 0, -4, 1)}"


@blocked("seccomp")
def add_key(_: Scene) -> str:
    return f"key {call('add_key', b'user', b'evil', b'x', 1, -2)}"


@blocked("seccomp")
def handle_page_faults(_: Scene) -> str:
    return f"descriptor {call('userfaultfd', os.O_CLOEXEC | 1)}"


@blocked("seccomp")
def count_events(_: Scene) -> str:
    attributes = struct.pack("IIQ", 1, 128, 0) + bytes(112)  # the clock of this process
    return f"descriptor {call('perf_event_open', attributes, 0, -1, -1, 0)}"


@blocked("seccomp")
def read_kernel_log(_: Scene) -> str:
    return f"{call('syslog', 10, None, 0)} bytes"


@blocked("seccomp", "bubblewrap")
def reboot(_: Scene) -> str:
    """Without the numbers that would make it true."""
    return reaches_kernel("reboot", 0, 0, 0, None, complaint=errno.EINVAL)


@blocked("seccomp", "bubblewrap")
def rename_machine(_: Scene) -> str:
    return reaches_kernel("sethostname", None, 1, complaint=errno.EFAULT)


@blocked("seccomp")
def set_clock(_: Scene) -> str:
    return reaches_kernel("clock_settime", 0, None, complaint=errno.EFAULT)


@blocked("seccomp", "bubblewrap")
def load_module(_: Scene) -> str:
    return reaches_kernel("init_module", None, 0, None, complaint=errno.ENOEXEC)


@blocked("seccomp", "bubblewrap")
def swap(_: Scene) -> str:
    return reaches_kernel("swapon", None, 0, complaint=errno.EFAULT)


@blocked("seccomp", "bubblewrap")
def keep_accounts(_: Scene) -> str:
    return reaches_kernel("acct", array.array("b", [0]).tobytes(), complaint=errno.ENOENT)


@blocked("seccomp", "bubblewrap")
def have_capabilities(_: Scene) -> str:
    """Being root is no use; the one that may be left lets it read what Landlock says."""
    with Path("/proc/self/status").open(encoding="utf-8") as status:
        lines = dict(line.split(":\t", 1) for line in status if line.startswith("Cap"))
    effective = int(lines["CapEff"], 16)
    if effective & ~0b100:
        return f"capabilities {effective:#x}"
    raise Refused("none of power")


@blocked("seccomp", "landlock", "bubblewrap")
def gain_by_programs(_: Scene) -> str:
    """Set-user-ID programs would give more than the process has."""
    if libc().prctl(39, 0, 0, 0, 0) == 1:
        raise Refused("no_new_privs is set")
    return "programs may give privileges"
