"""Refuses, inside a replay, what would change the user's machine: an audit hook.

This stops accidents (`model.save(...)`, `os.makedirs`, a download at import), not attackers: C code does not
pass Python's audit events. Confinement by the operating system is `limits.py` and the parent's business.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Tuple

REFUSED = (
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "shutil.rmtree",
    "ftplib.connect",
    "smtplib.connect",
    "urllib.Request",
    "webbrowser.open",
)
CHANGES = frozenset(
    {
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.mkdir",
        "os.chmod",
        "os.chown",
        "os.link",
        "os.symlink",
        "os.truncate",
    }
)
WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class NotInAReplayError(PermissionError):
    """Raised at the user's statement; the replay makes it a hole with this reason."""


def install(temporary: str) -> None:
    """From now on only `temporary` may be written. Cannot be taken back."""
    allowed = os.path.realpath(temporary) + os.sep

    def inside(path: Any) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return isinstance(path, int)  # a descriptor that is open already
        text = os.path.realpath(os.fsdecode(path))
        return text.startswith(allowed) or text + os.sep == allowed or text in ("/dev/null", "/dev/tty")

    def hook(event: str, args: Tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            writes = (isinstance(mode, str) and any(c in mode for c in "wax+")) or (
                isinstance(flags, int) and bool(flags & WRITING_FLAGS)
            )
            if writes and not inside(path):
                raise NotInAReplayError(f"writing {os.fsdecode(path)!r} is not allowed in a replay")
        elif event in CHANGES:
            if not inside(args[0]):
                raise NotInAReplayError(f"{event}({args[0]!r}) is not allowed in a replay")
        elif event.startswith(REFUSED):
            raise NotInAReplayError(f"{event} is not allowed in a replay")

    sys.addaudithook(hook)
