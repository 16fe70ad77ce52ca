"""Which document is replayed when: after a quiet time, the newest text only, one at a time for each."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_log = logging.getLogger(__name__)


class BuildQueue:
    """`build(key)` does the work; `failed(key, error)` hears of an exception in it, which is our own bug."""

    def __init__(
        self,
        build: Callable[[str], Coroutine[Any, Any, None]],
        failed: Callable[[str, BaseException], None],
    ) -> None:
        self._build = build
        self._failed = failed
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._watched: dict[str, asyncio.Future[None]] = {}  # by key: until nothing is due for it

    def want(self, key: str, delay: float) -> None:
        """Build after `delay` seconds in which nothing else is wanted; what runs for `key` is out of date."""
        self._drop(key)
        loop = asyncio.get_running_loop()
        self._waiting[key] = loop.call_later(delay, self._begin, key)

    def drop(self, key: str) -> None:
        """Neither wait nor go on for `key`."""
        self._drop(key)
        self._tell_idle(key)

    def is_busy(self, key: str) -> bool:
        return key in self._waiting or key in self._running

    async def idle(self, key: str) -> None:
        """Returns when nothing waits or runs for `key`."""
        while self.is_busy(key):
            watched = self._watched.setdefault(key, asyncio.get_running_loop().create_future())
            await asyncio.shield(watched)

    def _tell_idle(self, key: str) -> None:
        watched = None if self.is_busy(key) else self._watched.pop(key, None)
        if watched is not None and not watched.done():
            watched.set_result(None)

    def _drop(self, key: str) -> None:
        timer = self._waiting.pop(key, None)
        if timer is not None:
            timer.cancel()
        task = self._running.pop(key, None)
        if task is not None:
            self._ending.add(task)
            task.cancel()

    async def close(self) -> None:
        """Drops everything; returns when nothing runs any more."""
        for key in {*self._waiting, *self._running}:
            self.drop(key)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _begin(self, key: str) -> None:
        del self._waiting[key]
        task = asyncio.get_running_loop().create_task(self._build(key))
        self._running[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))

    def _ended(self, key: str, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        if self._running.get(key) is task:
            del self._running[key]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("building %s failed", key, exc_info=error)
            self._failed(key, error)
        self._tell_idle(key)
