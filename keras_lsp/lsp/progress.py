"""Work-done progress for replays that take long enough to be wondered about."""

from __future__ import annotations

import asyncio
import logging
import uuid
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.lsp.connection import KerasLanguageServer

PATIENCE_SECONDS = 0.3

logger = logging.getLogger(__name__)


class Progress:
    """One progress for each document being replayed, if the client shows progress at all."""

    def __init__(self, ls: KerasLanguageServer) -> None:
        self._ls = ls
        self._active: dict[str, asyncio.Event] = {}  # document -> set when its replay is over
        self._tasks: set[asyncio.Task[None]] = set()

    def building(self, key: str, active: bool) -> None:
        if not active:
            over = self._active.pop(key, None)
            if over is not None:
                over.set()
        elif self._ls.client.shows_progress and key not in self._active:
            self._active[key] = asyncio.Event()
            task = asyncio.get_running_loop().create_task(self._show(key, self._active[key]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        for over in self._active.values():
            over.set()
        self._active.clear()

    async def _show(self, key: str, over: asyncio.Event) -> None:
        if await _within(over, PATIENCE_SECONDS):
            return
        name = PurePosixPath(unquote(key)).name
        begin = types.WorkDoneProgressBegin(title="Keras", cancellable=True, message=f"replaying {name}")
        token = await begun(self._ls, begin, partial(self._cancelled, key, over))
        if token is not None:
            await over.wait()
            ended(self._ls, token)

    def _cancelled(self, key: str, over: asyncio.Event) -> None:
        """By the user, who may come too late: then another replay runs, or none."""
        if self._active.get(key) is over:
            self._ls.session.stop_replay(key)


async def begun(
    ls: KerasLanguageServer, begin: types.WorkDoneProgressBegin, cancelled: Callable[[], None]
) -> str | None:
    """The token of a progress that the client shows; None where it refuses. `cancelled`: by its user."""
    token = str(uuid.uuid4())
    progress = ls.work_done_progress
    try:
        await progress.create_async(token)
    except JsonRpcException as error:
        logger.warning("the client offers progress but refused one: %s", error)
        return None
    progress.begin(token, begin)
    stop = partial(asyncio.get_running_loop().call_soon_threadsafe, cancelled)
    progress.tokens[token].add_done_callback(lambda future: stop() if future.cancelled() else None)
    return token


def ended(ls: KerasLanguageServer, token: str) -> None:
    ls.work_done_progress.tokens.pop(token, None)
    ls.work_done_progress.end(token, types.WorkDoneProgressEnd())


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except asyncio.TimeoutError:
        return False
    return True
