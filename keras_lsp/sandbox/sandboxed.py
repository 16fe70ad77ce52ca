"""The builder with a worker behind it: started when first needed, one replay at a time, ended when idle.

A worker can be warming while another serves: the next one where each replays only once, or one that has
newly installed packages. It takes over when it is ready.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keras_lsp.sandbox import samples
from keras_lsp.sandbox.builder import ReplayOutcome
from keras_lsp.sandbox.process import WorkerProcess, WorkerState
from keras_lsp.worker.wire import CatalogueRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keras_lsp.worker.wire import Hello, ReplayRequest

_log = logging.getLogger(__name__)

CATALOGUE = ""  # stands for no path

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
        self._worker: WorkerProcess | None = None  # for the next replay
        self._living: list[WorkerProcess] = []  # warming, serving and ending
        self._hello: Hello | str = ""
        self._starting: asyncio.Task[Hello | str] | None = None
        self._outdated = False  # whether what is being started is so already
        self._turn = asyncio.Lock()
        self._newest: dict[str, object] = {}
        self._running: tuple[str, WorkerProcess] | None = None
        self._failures = 0
        self._not_before = 0.0
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def replay(self, request: ReplayRequest) -> ReplayOutcome:
        """Newest wins: an older replay of the same path is cancelled, or not begun."""
        ticket = self._newest[request.path] = object()
        if self._running is not None and self._running[0] in (request.path, CATALOGUE):
            self._running[1].cancel()
        try:
            async with self._turn:
                if self._newest.get(request.path) is not ticket:
                    return SUPERSEDED
                return await self._replay(request)
        finally:
            if self._newest.get(request.path) is ticket:
                del self._newest[request.path]

    async def catalogue(self) -> ReplayOutcome:
        """Gives way to replays: then there is none, and it may be asked for again."""
        async with self._turn:
            outcome, _ = await self._ask(CATALOGUE, lambda worker: worker.catalogue(CatalogueRequest(0)))
        return outcome

    async def _replay(self, request: ReplayRequest) -> ReplayOutcome:
        """Where code asked about what a replay does not know, a second sample tells what depends on it."""
        outcome = await self._sample(request)
        if outcome.report is None or not outcome.report.unknowns:
            return outcome
        second = await self._sample(replace(request, sample=1))
        if second.report is None:
            return second
        return ReplayOutcome(samples.merged(outcome.report, second.report))

    async def _sample(self, request: ReplayRequest) -> ReplayOutcome:
        outcome, unfit = await self._try(request)
        if unfit:
            outcome, _ = await self._try(request)
        if outcome.report is not None:
            self._failures = 0
        return outcome

    async def _try(self, request: ReplayRequest) -> tuple[ReplayOutcome, bool]:
        return await self._ask(request.path, lambda worker: worker.replay(request))

    async def _ask(
        self, path: str, ask: Callable[[WorkerProcess], Awaitable[ReplayOutcome]]
    ) -> tuple[ReplayOutcome, bool]:
        """The outcome, and whether it only says that the worker had to be replaced."""
        hello = await self.start()
        worker = self._worker
        if isinstance(hello, str) or worker is None:
            return ReplayOutcome(reason=str(hello)), False
        if worker.single_use:
            self._worker = None
            self._begin_start()
        self._running = (path, worker)
        try:
            outcome = await ask(worker)
        finally:
            self._running = None
            self._note_end(worker)
        return outcome, worker.unfit

    async def start(self) -> Hello | str:
        """The ready worker's greeting, a new one's, or why there is none, now or for a while yet."""
        if self._worker is not None and self._worker.alive:
            self._rest()
            return self._hello
        if self._starting is None:
            if self._worker is not None:
                self._note_end(self._worker)
            if self._clock() < self._not_before:
                return self._hello if isinstance(self._hello, str) else "The worker is being restarted."
        # Shared: who stops waiting does not stop the start.
        return await asyncio.shield(self._begin_start())

    def renew(self) -> None:
        """The environment has changed: a fresh worker takes over once it is ready."""
        self._failures, self._not_before = 0, 0.0
        if self._starting is not None:
            self._outdated = True
        elif self._worker is not None:
            self._begin_start()

    def _begin_start(self) -> asyncio.Task[Hello | str]:
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        return self._starting

    async def _start(self) -> Hello | str:
        new = None
        try:
            new = self._launch()
            self._living = [*(worker for worker in self._living if worker.state is not WorkerState.DEAD), new]
            hello = await new.start()
        except OSError as error:
            hello = f"No private folder for the worker could be made: {error.strerror}."
        finally:
            self._starting = None
        self._take_over(new, hello)
        return hello

    def _take_over(self, new: WorkerProcess | None, hello: Hello | str) -> None:
        """Also when the new one does not start: then the old one no longer is what the environment does."""
        old, self._worker, self._hello = self._worker, None, hello
        if isinstance(hello, str):
            _log.warning("no worker: %s", hello)
            self._wait_longer()
        else:
            self._worker = new
        if old is not None:
            self._end_in_background(old, "A newer worker has taken over.")
        if self._outdated:
            self._outdated = False
            self._begin_start()
        self._rest()

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
        self._end_in_background(worker, "Not used for a while.")

    def _end_in_background(self, worker: WorkerProcess, reason: str) -> None:
        async def end() -> None:
            async with self._turn:  # a replay that it has begun ends first
                pass
            await worker.stop(reason)

        task = asyncio.create_task(end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self, reason: str) -> None:
        """Ends all workers and forgets past failures; a later replay starts a new one at once."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self._worker, self._outdated = None, False
        while self._living or self._starting is not None:
            await asyncio.gather(*(worker.stop(reason) for worker in self._living))
            self._living = [worker for worker in self._living if worker.state is not WorkerState.DEAD]
            await asyncio.sleep(0)  # what is only about to be started is there after that
        await asyncio.gather(*self._ending)
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self._failures, self._not_before = 0, 0.0
