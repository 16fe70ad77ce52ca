"""One replay's child, as the process that forked it sees it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from typing import TYPE_CHECKING, Optional

from ..wire import ReplayEnded, frame_length

if TYPE_CHECKING:
    from ..wire import Request


LOOK_SECONDS = 0.25
MOST_FILES = 4_000
MOST_BYTES = 256 << 20  # a limit of the system bounds each single file


class Running:
    def __init__(self, request: Request, process: int, pipe: int, temporary: str) -> None:
        self.request = request
        self.process = process
        self.pipe = pipe
        self.temporary = temporary
        self.deadline = time.monotonic() + request.wall_seconds
        self._look_again = time.monotonic() + LOOK_SECONDS
        self.data = b""
        self.open = True  # whether the child still holds its end of the pipe
        self.status: Optional[int] = None

    def read(self) -> None:
        """Take what the child wrote."""
        chunk = os.read(self.pipe, 1 << 20)
        self.data += chunk
        self.open = bool(chunk)

    def complete(self) -> bool:
        """Whether its whole answer is there. Raises WireError when what it wrote is none."""
        return len(self.data) >= 4 and len(self.data) >= 4 + frame_length(self.data[:4])

    def ending(self) -> Optional[ReplayEnded]:
        """How it ended without an answer; None while it may still give one."""
        if not self.open and self._reaped():
            return ReplayEnded.after_exit(self.request.id, _exit_code(self.status or 0))
        if time.monotonic() > self.deadline:
            return ReplayEnded.late(self.request.id, self.request.wall_seconds)
        if time.monotonic() > self._look_again:
            self._look_again = time.monotonic() + LOOK_SECONDS
            if _is_overfull(self.temporary):
                return ReplayEnded.overfull(self.request.id)
        return None

    def _reaped(self) -> bool:
        if self.status is None:
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process != 0:
                self.status = status
        return self.status is not None

    def end(self) -> None:
        """Kill and reap it and its group, and clear away what it leaves."""
        for target in (-self.process, self.process):
            with contextlib.suppress(OSError):
                os.kill(target, signal.SIGKILL)
        if self.status is None:
            os.waitpid(self.process, 0)
        os.close(self.pipe)
        shutil.rmtree(self.temporary, ignore_errors=True)


def _is_overfull(folder: str) -> bool:
    """Whether a replay made more or larger files than it may: no limit of the system counts them all."""
    files = size = 0
    waiting = [folder]
    while waiting and files <= MOST_FILES and size <= MOST_BYTES:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                files += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                if files > MOST_FILES:
                    break
    return files > MOST_FILES or size > MOST_BYTES


def _exit_code(status: int) -> int:
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
