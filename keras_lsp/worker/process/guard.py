"""Refuses, inside a replay, what would change the user's machine: an audit hook.

This stops accidents (`model.save(...)`, `os.makedirs`, a download at import), not attackers: C code does not
pass Python's audit events. Confinement by the operating system is `limits.py` and the parent's business.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Tuple

from ..unknown.hole import Touches

if TYPE_CHECKING:
    from types import FrameType

REFUSED = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostby",
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
DEVICES = ("/sys/", "/proc/", "/dev/")
LISTINGS = frozenset({"os.listdir", "os.scandir", "glob.glob"})
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
            refused = _writes(*args[1:]) and not inside(args[0])
        elif event in LISTINGS:
            _note_listing(sys._getframe(1), args[0])
            return
        else:
            refused = (event in CHANGES and not inside(args[0])) or event.startswith(REFUSED)
        if refused:
            what = f"writing {args[0]!r}" if event == "open" else f"{event}{args[:1]!r}"
            raise NotInAReplayError(f"{what} is not allowed in a replay")

    sys.addaudithook(hook)


def _writes(mode: Any, flags: Any) -> bool:
    by_mode = isinstance(mode, str) and any(letter in mode for letter in "wax+")
    return by_mode or (isinstance(flags, int) and bool(flags & WRITING_FLAGS))


def _note_listing(frame: FrameType, path: Any) -> None:
    """What lies in a folder is data: a replay elsewhere than the real run sees something else.

    What the import system looks at is not the user's, nor are devices: JAX looks for those at its first
    operation.
    """
    by_import = str(frame.f_globals.get("__name__", "")).startswith("importlib")
    if not by_import and not str(path).startswith(DEVICES):
        Touches.count += 1
