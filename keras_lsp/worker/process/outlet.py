"""The way out for a report, kept where the user's code cannot come upon it.

A thread has a table of descriptors of its own, with the pipe in it, and waits; in the table of all other
threads there is no such pipe. So code that lists, writes to, or closes every descriptor that it has reaches
none that matters. Code that looks for it on purpose can still lie: it runs in the same process.
"""

from __future__ import annotations

import _thread
import os
import sys
from typing import Any, List

from ..confine import libc


class Outlet:
    """`send` may be called once. Where no thread can have a table of its own, the pipe stays where it is."""

    def __init__(self, descriptor: int) -> None:
        """After this process was confined, so that the thread is, too."""
        self._descriptor = descriptor
        self._said: List[bytes] = []
        self._ready, self._asked, self._done = (_held_lock() for _ in range(3))
        self._apart = False
        if sys.platform.startswith("linux"):
            _thread.start_new_thread(self._wait, ())  # `threading` would show it to the program
            self._ready.acquire()
            if self._apart:
                os.close(descriptor)

    def send(self, data: bytes) -> None:
        """Returns when all is written."""
        if not self._apart:
            write(self._descriptor, data)
            return
        self._said.append(data)
        self._asked.release()
        self._done.acquire()

    def _wait(self) -> None:
        try:
            libc.leave_descriptors()
            self._apart = True
        except OSError:
            return
        finally:
            self._ready.release()
        self._asked.acquire()
        try:
            write(self._descriptor, self._said[0])
        finally:
            self._done.release()
        _held_lock().acquire()  # its end would close the pipe, and that tells that the process has ended


def write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _held_lock() -> Any:
    lock = _thread.allocate_lock()
    lock.acquire()
    return lock
