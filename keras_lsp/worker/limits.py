"""What a replay's process does to itself before any user code runs: its own session, no way to outlive the
zygote, bounded resources. Each measure that is in force is named in the Hello."""

from __future__ import annotations

import os
import signal
import sys
from typing import List, Tuple

PR_SET_PDEATHSIG = 1  # linux/prctl.h
FILE_BYTES = 64 << 20
DESCRIPTORS = 256


def die_with_parent(parent: int) -> bool:
    """On Linux: be killed when the parent ends, however it ends. Exits at once if it has ended already."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        return False
    if os.getppid() != parent:
        os._exit(1)
    return True


def confine(parent: int, memory_bytes: int, cpu_seconds: int) -> Tuple[str, ...]:
    """In the forked child. Names of what is in force."""
    in_force: List[str] = []
    os.setsid()
    in_force.append("own session")
    if die_with_parent(parent):
        in_force.append("dies with the worker")
    in_force.extend(_resource_limits(memory_bytes, cpu_seconds))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    return tuple(in_force)


def _resource_limits(memory_bytes: int, cpu_seconds: int) -> List[str]:
    try:
        import resource
    except ImportError:
        return []
    wanted = {
        "CPU": cpu_seconds,
        "FSIZE": FILE_BYTES,
        "NOFILE": DESCRIPTORS,
        "CORE": 0,
        # Not RLIMIT_AS: TensorFlow reserves far more address space than it uses.
        "DATA": _data_in_use() + memory_bytes,
    }
    in_force = []
    for name, value in wanted.items():
        kind = getattr(resource, "RLIMIT_" + name, None)
        if kind is None:
            continue
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            continue
        in_force.append(f"{name.lower()} limit")
    return in_force


def _data_in_use() -> int:
    """Bytes that count against RLIMIT_DATA already; Linux keeps them in /proc/self/status."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmData:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return 4 << 30
