"""One worker process: started, asked, cancelled, and ended in one place.

States move starting -> ready <-> busy -> stopping -> dead, each step logged; a worker that dies, talks
nonsense or is late goes through `stop` like every other, and `stop` is the only place that kills.

A worker that cannot fork (`Hello.fork`) replays once in its own process and ends. What a forking one does
for its children is done here then: the deadline, cancellation, and telling from its end how a replay ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import logging
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from keras_lsp.sandbox.builder import ReplayOutcome
from keras_lsp.sandbox.outcomes import outcome_of_end, outcome_of_report
from keras_lsp.sandbox.pipes import spawn
from keras_lsp.sandbox.report_check import cleaned, decoded
from keras_lsp.worker import wire
from keras_lsp.worker.wire import (
    CancelRequest,
    CatalogueRequest,
    Hello,
    ReplayEnded,
    ReplayRequest,
    StartFailed,
    WireError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.sandbox.jail import Jail
    from keras_lsp.sandbox.pipes import Child

_log = logging.getLogger(__name__)

SPENT = "The worker has done what it can."


class WorkerState(str, Enum):
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    STOPPING = "stopping"
    DEAD = "dead"


_NEXT = {
    WorkerState.STARTING: (WorkerState.READY, WorkerState.STOPPING),
    WorkerState.READY: (WorkerState.BUSY, WorkerState.STOPPING),
    WorkerState.BUSY: (WorkerState.READY, WorkerState.STOPPING),
    WorkerState.STOPPING: (WorkerState.DEAD,),
    WorkerState.DEAD: (),
}


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. A replay's own limit is in its request; `grace` is what the worker gets to enforce it."""

    start: float = 60.0
    grace: float = 3.0
    cancel: float = 2.0
    stop: float = 0.5
    reap: float = 5.0


@dataclass(slots=True)
class _Asked:
    id: int
    answer: str  # the kind of message that answers it
    length: int  # of the text, in code points
    outcome: asyncio.Future[ReplayOutcome]
    cancelled: bool = False


class WorkerProcess:
    """Raises nothing but for misuse: what goes wrong is in the answer, and in `reason` once it is dead."""

    def __init__(self, command: Sequence[str], jail: Jail, deadlines: Deadlines | None = None) -> None:
        self._command = tuple(command)
        self._jail = jail
        self._deadlines = deadlines or Deadlines()
        self._spawning: asyncio.Future[Child] | None = None
        self._child: Child | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping: asyncio.Task[None] | None = None
        self._asked: _Asked | None = None
        self._ids = itertools.count(1)
        self._last_id = 0
        self._free = asyncio.Event()
        self._forks = True
        self._at_once = False  # nothing is worth waiting for when it is ended
        self.unfit = False  # it could not serve a replay, through no fault of the text
        self.state = WorkerState.STARTING
        self.reason = ""

    @property
    def alive(self) -> bool:
        return self.state in (WorkerState.STARTING, WorkerState.READY, WorkerState.BUSY)

    @property
    def single_use(self) -> bool:
        """Whether it ends with its first replay; known once it has greeted."""
        return not self._forks

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def stderr_tail(self) -> str:
        """The last that the worker, or user code in it, wrote to stdout and stderr."""
        return self._child.stderr_tail() if self._child else ""

    async def start(self) -> Hello | str:
        """The worker's greeting once Keras is imported, or why there is none."""
        self._spawning = asyncio.ensure_future(
            spawn(self._jail.wrapped(self._command), self._jail.spawn_options())
        )
        try:
            self._child = await asyncio.shield(self._spawning)
        except OSError as error:
            await self.stop(f"{self._command[0]} could not be started: {error.strerror}.")
            return self.reason
        self._tasks.append(asyncio.create_task(self._watch(self._child)))
        try:
            answer = await asyncio.wait_for(self._first_frame(self._child), self._deadlines.start)
        except asyncio.TimeoutError:
            answer = f"Keras was not imported within {self._deadlines.start:g} seconds."
        except WireError as error:
            answer = f"The worker did not speak the protocol at its start: {error}."
        except asyncio.IncompleteReadError:
            await self._child.ended_within(self._deadlines.stop)
            answer = f"The worker ended while it was starting ({self._child.how_it_ended()})."
        if isinstance(answer, str) or not self.alive:
            await self.stop(answer if isinstance(answer, str) else self.reason)
            return self.reason
        self._forks = answer.fork
        self._move(WorkerState.READY)
        self._free.set()
        self._tasks.append(asyncio.create_task(self._listen(self._child)))
        return answer

    async def replay(self, request: ReplayRequest) -> ReplayOutcome:
        """One replay; waits until an earlier one has ended. Cancelling this task cancels the replay."""
        return await self._ask("replay", request, "report", len(request.text))

    async def catalogue(self, request: CatalogueRequest) -> ReplayOutcome:
        """What Keras offers; takes its turn, and can be cancelled, as a replay."""
        return await self._ask("catalogue", request, "catalogue", 0)

    async def _ask(self, kind: str, request: wire.Request, answer: str, length: int) -> ReplayOutcome:
        while self.state is WorkerState.BUSY:
            await self._free.wait()
        if self.state is not WorkerState.READY or self._child is None:
            return ReplayOutcome(reason=self.reason or "The worker is not ready.")
        self._last_id = next(self._ids)
        request = dataclasses.replace(request, id=self._last_id)
        asked = _Asked(request.id, answer, length, asyncio.get_running_loop().create_future())
        try:
            self._child.send(wire.tagged(kind, request))
        except WireError as error:
            return ReplayOutcome(reason=f"The code is too large to replay: {error}.", terminal=True)
        self._asked = asked
        self._free.clear()
        self._move(WorkerState.BUSY)
        limit = request.wall_seconds + (self._deadlines.grace if self._forks else 0.0)
        try:
            done, _ = await asyncio.wait({asked.outcome}, timeout=limit)
        except asyncio.CancelledError:
            self._cancel(asked)
            raise
        if not done and self._forks:
            await self.stop(f"The replay was stopped: no answer after {limit:g} seconds.", blame=True)
        elif not done:
            self._end_replay(ReplayEnded.late(asked.id, limit))
        return await asked.outcome

    def cancel(self) -> None:
        """Ends the running replay, if any; a worker that does not obey in time is stopped."""
        if self._asked is not None:
            self._cancel(self._asked)

    async def stop(self, reason: str, *, blame: bool = False) -> None:
        """Ends the worker with all its processes; returns when they are gone. `blame`: the replay's fault."""
        await asyncio.shield(self._begin_stop(reason, blame))

    def _begin_stop(self, reason: str, blame: bool) -> asyncio.Task[None]:
        if self._stopping is None:
            self.reason = reason
            self._move(WorkerState.STOPPING)
            self._settle(ReplayOutcome(reason=reason, terminal=blame))
            self._stopping = asyncio.create_task(self._end())
        return self._stopping

    async def _end(self) -> None:
        child = await self._spawned()
        if child is not None:
            child.close_input()
            if not self._at_once:
                await child.ended_within(self._deadlines.stop)
            self._jail.kill(child.pid)
            if not await child.ended_within(self._deadlines.reap):
                _log.error("worker %d is still there after it was killed", child.pid)
            child.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._jail.remove()
        self._move(WorkerState.DEAD)
        self._free.set()

    async def _spawned(self) -> Child | None:
        """The process, also when it is just being made; None when there is none to end."""
        if self._spawning is None:
            return None
        with contextlib.suppress(OSError):
            return await self._spawning
        return None

    def _move(self, state: WorkerState) -> None:
        if state not in _NEXT[self.state]:
            raise RuntimeError(f"a worker does not go from {self.state.value} to {state.value}")
        _log.debug("worker %s: %s -> %s%s", self.pid, self.state.value, state.value, self._why(state))
        self.state = state

    def _why(self, state: WorkerState) -> str:
        return f": {self.reason}" if state is WorkerState.STOPPING else ""

    def _settle(self, outcome: ReplayOutcome) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and not asked.outcome.done():
            asked.outcome.set_result(outcome)

    def _cancel(self, asked: _Asked) -> None:
        if asked.cancelled or self._asked is not asked or self._child is None:
            return
        asked.cancelled = True
        if self.single_use:
            self._end_replay(ReplayEnded.superseded(asked.id))
            return
        self._child.send(wire.tagged("cancel", CancelRequest(asked.id)))
        task = asyncio.create_task(self._insist(asked))
        self._tasks.append(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        if self._stopping is None:
            self._tasks.remove(task)

    async def _insist(self, asked: _Asked) -> None:
        await asyncio.wait({asked.outcome}, timeout=self._deadlines.cancel)
        if self._asked is asked:
            self._begin_stop("A cancelled replay did not end.", blame=False)

    async def _first_frame(self, child: Child) -> Hello | str:
        kind, payload = await child.read_frame()
        if kind == "start_failed":
            failed = decoded(StartFailed, payload)
            reason = f"{failed.reason.rstrip('.')}."
            return f"Keras does not start under {self._command[0]}: {reason}" if failed.started else reason
        if kind != "hello":
            raise WireError(f"the first message is {kind!r}")
        hello = decoded(Hello, payload)
        if hello.protocol != wire.PROTOCOL_VERSION:
            raise WireError(f"protocol {hello.protocol}, expected {wire.PROTOCOL_VERSION}")
        return hello

    async def _listen(self, child: Child) -> None:
        try:
            while True:
                kind, payload = await child.read_frame()
                await self._answer(kind, payload)
        except asyncio.IncompleteReadError:
            await child.ended_within(self._deadlines.stop)
            self._tell_from_exit(child)
            how = f"The worker ended unexpectedly ({child.how_it_ended()})."
        except WireError as error:
            how = f"The worker did not keep to the protocol: {error}."
        self._give_up(how)

    async def _watch(self, child: Child) -> None:
        """Notices the end also when another process still holds the pipes open."""
        await child.ended()
        await asyncio.sleep(self._deadlines.stop)  # what it said before is read first
        self._tell_from_exit(child)
        self._give_up(f"The worker ended unexpectedly ({child.how_it_ended()}).")

    def _tell_from_exit(self, child: Child) -> None:
        """Of a worker that replayed in its own process: its end is the replay's."""
        code = child.transport.get_returncode()
        if self.single_use and self._asked is not None and code is not None:
            self._end_replay(ReplayEnded.after_exit(self._asked.id, self._jail.exit_code(code)))

    def _end_replay(self, ended: ReplayEnded) -> None:
        """Settles the replay, and ends the worker that can do no other."""
        self._settle(outcome_of_end(ended))
        self._at_once = True
        self._begin_stop(SPENT, blame=False)

    def _give_up(self, reason: str) -> None:
        """Begins the end; not awaited, since the end waits for the tasks that call this."""
        if self.alive:
            _log.log(logging.WARNING if self._asked else logging.INFO, "%s", reason)
        self._begin_stop(reason, blame=self._asked is not None)

    async def _answer(self, kind: str, payload: Any) -> None:
        if kind == "progress":
            return
        number = payload.get("id") if isinstance(payload, dict) else None
        if (
            kind not in ("report", "catalogue", "ended")
            or not isinstance(number, int)
            or not 0 < number <= self._last_id
        ):
            raise WireError(f"message {kind!r} answers no request")
        asked = self._asked
        if asked is None or number != asked.id:
            return  # of a replay that was settled before
        if kind not in ("ended", asked.answer):
            raise WireError(f"message {kind!r} does not answer what was asked")
        if kind == "ended":
            ended = decoded(ReplayEnded, payload)
            self.unfit = ended.kind == "unfit"
            outcome = outcome_of_end(ended)
        elif kind == "catalogue":
            outcome = ReplayOutcome(catalogue=await asyncio.to_thread(cleaned, payload.get("catalogue")))
        else:
            outcome = await outcome_of_report(payload.get("report"), asked.length)
        if self._asked is asked:
            self._settle(outcome)
            if self.single_use or self.unfit:
                self._begin_stop(SPENT, blame=False)
            else:
                self._move(WorkerState.READY)
                self._free.set()
