"""Processes below another one, from /proc (Linux)."""

from __future__ import annotations

from pathlib import Path


def read(path: Path) -> str:
    """Text of a file below /proc; "" when the process or thread has ended meanwhile."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
    return [int(child) for task in tasks for child in read(task / "children").split()]


def workers(server: int) -> list[int]:
    """Those of a server's children that replay; jedi has one, too."""
    return [child for child in children(server) if "boot.py" in read(Path(f"/proc/{child}/cmdline"))]


def descendants(pid: int) -> list[int]:
    below = children(pid)
    return below + [deeper for child in below for deeper in descendants(child)]


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    state = read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return bool(state) and state[0] not in "ZX"
