"""The builder with a worker behind it: started when first needed, one replay at a time, ended when idle."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.sandbox.builder import ReplayOutcome
from keras_lsp.sandbox.process import WorkerProcess, WorkerState

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.worker.wire import Hello, ReplayRequest

_log = logging.getLogger(__name__)

SUPERSEDED = ReplayOutcome(reason="A newer version of the text is replayed instead.")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long an unused worker stays, and how restarts are spaced after failures."""

    idle: float = 600.0
    first_wait: float = 2.0
    longest_wait: float = 120.0


class SandboxBuilder:
    """One environment's replays. `launch` makes a new worker, not yet started; it may raise OSError."""

    def __init__(
        self,
        launch: Callable[[], WorkerProcess],
        clock: Callable[[], float],
        patience: Patience | None = None,
    ) -> None:
        self._launch = launch
        self._clock = clock
        self._patience = patience or Patience()
        self._worker: WorkerProcess | None = None
        self._hello: Hello | str = ""
        self._starting: asyncio.Task[Hello | str] | None = None
        self._turn = asyncio.Lock()
        self._newest: dict[str, object] = {}
        self._running: str | None = None
        self._failures = 0
        self._not_before = 0.0
        self._idle: asyncio.TimerHandle | None = None
        self._retiring: asyncio.Task[None] | None = None

    async def replay(self, request: ReplayRequest) -> ReplayOutcome:
        """Newest wins: an older replay of the same path is cancelled, or not begun."""
        ticket = self._newest[request.path] = object()
        if self._running == request.path and self._worker is not None:
            self._worker.cancel()
        try:
            async with self._turn:
                if self._newest.get(request.path) is not ticket:
                    return SUPERSEDED
                return await self._replay(request)
        finally:
            if self._newest.get(request.path) is ticket:
                del self._newest[request.path]

    async def _replay(self, request: ReplayRequest) -> ReplayOutcome:
        hello = await self.start()
        worker = self._worker
        if isinstance(hello, str) or worker is None:
            return ReplayOutcome(reason=str(hello))
        self._running = request.path
        try:
            outcome = await worker.replay(request)
        finally:
            self._running = None
            self._note_end(worker)
        if outcome.report is not None:
            self._failures = 0
        return outcome

    async def start(self) -> Hello | str:
        """The running worker's greeting, a new one's, or why there is none, now or for a while yet."""
        if self._starting is None:
            if self._worker is not None and self._worker.alive:
                self._rest()
                return self._hello
            if self._worker is not None:
                self._note_end(self._worker)
            if self._clock() < self._not_before:
                return self._hello if isinstance(self._hello, str) else "The worker is being restarted."
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)  # shared: who stops waiting does not stop the start

    async def _start(self) -> Hello | str:
        try:
            self._worker = self._launch()
            self._hello = await self._worker.start()
        except OSError as error:
            self._hello = f"No private folder for the worker could be made: {error.strerror}."
        finally:
            self._starting = None
        if isinstance(self._hello, str):
            _log.warning("no worker: %s", self._hello)
            self._worker = None
            self._wait_longer()
        self._rest()
        return self._hello

    def _note_end(self, worker: WorkerProcess) -> None:
        """A worker that died is replaced at once the first time, then after longer and longer waits."""
        if worker.alive or self._worker is not worker:
            return
        self._worker = None
        if self._failures:
            self._hello = worker.reason
            self._wait_longer()
        else:
            self._failures = 1

    def _wait_longer(self) -> None:
        wait = self._patience.first_wait * 2.0**self._failures
        self._failures += 1
        self._not_before = self._clock() + min(wait, self._patience.longest_wait)

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(self._patience.idle, self._retire)

    def _retire(self) -> None:
        worker = self._worker
        if worker is None or worker.state is not WorkerState.READY:
            self._rest()
            return
        self._worker = None
        self._retiring = asyncio.create_task(worker.stop("Not used for a while."))

    async def close(self, reason: str) -> None:
        """Ends the worker and forgets past failures; a later replay starts a new one at once."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop(reason)
        if self._starting is not None:
            await self._starting
        self._failures, self._not_before = 0, 0.0
