"""Looking into and changing other processes: the parent, and a victim of the same user and group."""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from typing import TYPE_CHECKING

from tests.sandbox.calls import call
from tests.sandbox.reading import listed, text_of
from tests.sandbox.registry import blocked

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

_ATTACH, _SEIZE = 16, 0x4206  # linux/ptrace.h
_THIS_PROCESS = 1  # IOPRIO_WHO_PROCESS


@blocked("landlock", "bubblewrap")
def read_environment_of_parent(scene: Scene) -> str:
    return text_of(f"/proc/{scene.parent}/environ")


@blocked("landlock", "bubblewrap")
def read_memory_of_parent(scene: Scene) -> str:
    os.close(os.open(f"/proc/{scene.parent}/mem", os.O_RDONLY))
    return "opened"


@blocked("landlock", "seccomp", "bubblewrap")
def write_memory_of_parent(scene: Scene) -> str:
    os.close(os.open(f"/proc/{scene.parent}/mem", os.O_RDWR))
    return "opened"


@blocked("landlock", "bubblewrap")
def read_map_of_parent(scene: Scene) -> str:
    return text_of(f"/proc/{scene.parent}/maps")


@blocked("landlock", "bubblewrap")
def list_descriptors_of_parent(scene: Scene) -> str:
    return f"listed {listed(f'/proc/{scene.parent}/fd')} descriptors"


@blocked("landlock", "bubblewrap")
def open_descriptor_of_parent(scene: Scene) -> str:
    os.close(os.open(f"/proc/{scene.parent}/fd/1", os.O_RDONLY | os.O_NONBLOCK))
    return "opened"


@blocked("landlock", "bubblewrap")
def read_by_root_of_parent(scene: Scene) -> str:
    return text_of(f"/proc/{scene.parent}/root{scene.secret}")


@blocked("landlock", "bubblewrap")
def read_command_of_parent(scene: Scene) -> str:
    return text_of(f"/proc/{scene.parent}/cmdline")


@blocked("landlock", "bubblewrap")
def read_command_of_victim(scene: Scene) -> str:
    return text_of(f"/proc/{scene.victim}/cmdline")


@blocked("landlock", "seccomp", "bubblewrap")
def seize_parent(scene: Scene) -> str:
    return f"ptrace gave {call('ptrace', _SEIZE, scene.parent, 0, 0)}"


@blocked("landlock", "seccomp", "bubblewrap")
def attach_victim(scene: Scene) -> str:
    return f"ptrace gave {call('ptrace', _ATTACH, scene.victim, 0, 0)}"


def _vectors(address: int) -> tuple[ctypes.Array[ctypes.c_char], bytes, bytes]:
    buffer = ctypes.create_string_buffer(8)
    return buffer, struct.pack("QQ", ctypes.addressof(buffer), 8), struct.pack("QQ", address, 8)


@blocked("landlock", "seccomp", "bubblewrap")
def read_memory_by_call(scene: Scene) -> str:
    """The address is one of this process; that it means nothing to the parent is told only to who may ask."""
    _, ours, theirs = _vectors(id(None))
    return f"read {call('process_vm_readv', scene.parent, ours, 1, theirs, 1, 0)}"


@blocked("landlock", "seccomp", "bubblewrap")
def write_memory_by_call(scene: Scene) -> str:
    _, ours, theirs = _vectors(8)  # an address that nothing has
    return f"wrote {call('process_vm_writev', scene.victim, ours, 1, theirs, 1, 0)}"


@blocked("seccomp", "bubblewrap")
def open_process(scene: Scene) -> str:
    return f"descriptor {call('pidfd_open', scene.victim, 0)}"


@blocked("seccomp", "bubblewrap")
def take_descriptor(scene: Scene) -> str:
    return f"descriptor {call('pidfd_getfd', call('pidfd_open', scene.parent, 0), 1, 0)}"


@blocked("seccomp", "bubblewrap")
def limit_victim(scene: Scene) -> str:
    now = resource.prlimit(scene.victim, resource.RLIMIT_NOFILE)
    resource.prlimit(scene.victim, resource.RLIMIT_NOFILE, now)
    return f"set {now}"


@blocked("seccomp", "bubblewrap")
def change_priority_of_victim(scene: Scene) -> str:
    os.setpriority(os.PRIO_PROCESS, scene.victim, os.getpriority(os.PRIO_PROCESS, scene.victim))
    return "set"


@blocked("seccomp")
def change_priority_of_group(_: Scene) -> str:
    os.setpriority(os.PRIO_PGRP, 0, os.getpriority(os.PRIO_PGRP, 0))
    return "set"


@blocked("seccomp")
def change_priority_of_user(_: Scene) -> str:
    os.setpriority(os.PRIO_USER, 0, os.getpriority(os.PRIO_USER, 0))
    return "set"


@blocked("seccomp", "bubblewrap")
def change_disk_priority_of_victim(scene: Scene) -> str:
    call("ioprio_set", _THIS_PROCESS, scene.victim, 0)
    return "set"


@blocked("seccomp", "bubblewrap")
def change_processors_of_victim(scene: Scene) -> str:
    os.sched_setaffinity(scene.victim, os.sched_getaffinity(scene.victim))
    return "set"


@blocked("seccomp", "bubblewrap")
def change_scheduling_of_victim(scene: Scene) -> str:
    os.sched_setscheduler(scene.victim, os.SCHED_OTHER, os.sched_param(0))
    return "set"


@blocked("seccomp")
def leave_group(_: Scene) -> str:
    """Out of the reach of who kills the group."""
    os.setpgid(0, 0)
    return f"group {os.getpgrp()}"


@blocked("seccomp")
def leave_session(_: Scene) -> str:
    os.setsid()
    return f"session {os.getsid(0)}"


@blocked("landlock")
def read_status_of_init(_: Scene) -> str:
    return text_of("/proc/1/status")
