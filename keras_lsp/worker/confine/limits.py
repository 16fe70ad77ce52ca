"""Bounds that POSIX systems have for every process, and no way to outlive the one that started it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

from . import libc, windows

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]  # asked for before each use

FILE_BYTES = 64 << 20
DESCRIPTORS = 256


def die_with_parent(parent: int) -> None:
    """On Linux: be killed when the parent ends, however it ends. Exits at once if it has ended already."""
    if not sys.platform.startswith("linux"):
        return
    try:
        libc.ask_for_signal_at_parents_end(signal.SIGKILL)
    except OSError:
        return
    if os.getppid() != parent:
        os._exit(1)


def available() -> bool:
    return resource is not None or windows.available()


def bound(memory_bytes: int, cpu_seconds: int) -> None:
    """Bound what this process may use from now on. Raises OSError where that is all or nothing."""
    if resource is None:
        windows.bound(memory_bytes, int(time.process_time()) + 1 + cpu_seconds)
        return
    wanted = {
        "CPU": int(time.process_time()) + 1 + cpu_seconds,
        "FSIZE": FILE_BYTES,
        "NOFILE": DESCRIPTORS,
        "CORE": 0,
        "MEMLOCK": 0,
        # Not RLIMIT_AS: TensorFlow reserves far more address space than it uses.
        "DATA": _data_in_use() + memory_bytes,
    }
    for name, value in wanted.items():
        # A system may not know one of them, or allow less already.
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))


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
