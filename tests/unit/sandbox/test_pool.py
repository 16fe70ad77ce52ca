"""Builders with real (fake) workers behind them: lazily started, shared, superseded, restarted, retired."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.builder import NullBuilder
from keras_lsp.sandbox.demand import Demand
from keras_lsp.sandbox.jail import Jail
from keras_lsp.sandbox.pool import WorkerPool
from keras_lsp.sandbox.process import WorkerState
from keras_lsp.sandbox.sandboxed import SUPERSEDED, Patience, SandboxBuilder
from keras_lsp.session.settings import Settings
from keras_lsp.worker.wire import Hello
from tests.unit.sandbox.conftest import PATIENT, machine, request
from tests.unit.sandbox.test_environment import KERAS_3, install, make_venv

if TYPE_CHECKING:
    from pathlib import Path

    from keras_lsp.sandbox.environment import Environment
    from keras_lsp.sandbox.machine import Machine
    from keras_lsp.sandbox.process import WorkerProcess
    from tests.unit.sandbox.conftest import MakeWorker


@dataclass
class Launcher:
    """Counts the workers it makes; `how` is what the next ones do at start."""

    make: MakeWorker
    how: str = "fine"
    made: list[WorkerProcess] = field(default_factory=list)

    def __call__(self) -> WorkerProcess:
        self.made.append(self.make(self.how, deadlines=PATIENT))
        return self.made[-1]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def launcher(make_worker: MakeWorker) -> Launcher:
    return Launcher(make_worker)


async def test_one_worker_started_when_needed_serves_all(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    assert launcher.made == []
    outcomes = await asyncio.gather(*(builder.replay(request(path=f"/w/{name}.py")) for name in "abc"))
    assert all(outcome.report for outcome in outcomes)
    assert isinstance(await builder.start(), Hello)
    assert len(launcher.made) == 1
    await builder.close("done")
    assert not launcher.made[0].alive


async def test_the_newest_text_of_a_document_wins(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    await builder.start()
    first = asyncio.create_task(builder.replay(request("# obedient")))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(builder.replay(request("second = 2")))
    third = asyncio.create_task(builder.replay(request("third = 3")))
    other = asyncio.create_task(builder.replay(request("other = 4", path="/w/other.py")))
    outcomes = await asyncio.gather(first, second, third, other)
    assert [bool(outcome.report) for outcome in outcomes] == [False, False, True, True]
    assert outcomes[1] == SUPERSEDED
    assert not outcomes[0].terminal
    assert outcomes[2].report is not None
    assert json.loads(outcomes[2].report.versions.backend)["text"] == "third = 3"
    assert len(launcher.made) == 1
    await builder.close("done")


async def test_giving_up_on_one_replay_does_not_stop_the_start_for_others(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    impatient = asyncio.create_task(builder.replay(request(path="/w/a.py")))
    await asyncio.sleep(0)
    patient = asyncio.create_task(builder.replay(request(path="/w/b.py")))
    await asyncio.sleep(0.01)
    impatient.cancel()
    assert (await patient).report is not None
    assert len(launcher.made) == 1
    await builder.close("done")


async def test_a_worker_that_died_is_replaced_and_one_that_keeps_dying_waited_for(launcher: Launcher) -> None:
    clock = Clock()
    builder = SandboxBuilder(launcher, clock, Patience(first_wait=2))
    for _ in range(2):
        outcome = await builder.replay(request("# segfault"))
        assert "SIGSEGV" in outcome.reason
        assert outcome.terminal
    assert len(launcher.made) == 2
    outcome = await builder.replay(request())
    assert "SIGSEGV" in outcome.reason
    assert not outcome.terminal, "it says nothing about this text"
    assert len(launcher.made) == 2
    clock.now += 60
    assert (await builder.replay(request())).report is not None
    await builder.close("done")


async def test_a_start_that_fails_is_not_repeated_at_once_but_after_a_close(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    launcher.how = "start-failed"
    for _ in range(3):
        assert "`keras` is not installed" in str(await builder.start())
    assert len(launcher.made) == 1
    await builder.close("the user asked for a fresh start")
    launcher.how = "fine"
    assert isinstance(await builder.start(), Hello)
    await builder.close("done")


async def test_an_unused_worker_ends_and_comes_back(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock(), Patience(idle=0.05))
    assert (await builder.replay(request())).report is not None
    await launcher.made[0]._child.ended()  # type: ignore[union-attr]  # it was started
    assert (await builder.replay(request())).report is not None
    assert len(launcher.made) == 2
    await builder.close("done")
    assert launcher.made[0].reason == "Not used for a while."


async def test_closing_while_starting_leaves_no_worker(launcher: Launcher) -> None:
    launcher.how = "hang"
    builder = SandboxBuilder(launcher, Clock())
    waiting = asyncio.create_task(builder.replay(request()))
    await asyncio.sleep(0.1)
    await builder.close("the client left")
    assert (await waiting).reason == "the client left"
    assert not launcher.made[0].alive


async def test_a_folder_that_cannot_be_made_is_a_reason() -> None:
    def launch() -> WorkerProcess:
        raise OSError(28, "No space left on device")

    outcome = await SandboxBuilder(launch, Clock()).replay(request())
    assert outcome.reason == "No private folder for the worker could be made: No space left on device."


async def test_where_a_worker_replays_once_the_next_is_warm_by_then(launcher: Launcher) -> None:
    launcher.how = "single-use"
    builder = SandboxBuilder(launcher, Clock())
    outcomes = [await builder.replay(request(text)) for text in ("a = 1", "# segfault", "# exit", "b = 2")]
    assert [bool(outcome.report) for outcome in outcomes] == [True, False, False, True]
    assert isinstance(await builder.start(), Hello)
    assert len(launcher.made) == 5, "one for each replay, one ready for the next; crashes make nobody wait"
    assert launcher.made[-1].state is WorkerState.READY
    await builder.close("done")
    assert [worker.state for worker in launcher.made] == [WorkerState.DEAD] * 5


async def test_the_next_single_use_worker_warms_while_one_replays(launcher: Launcher) -> None:
    launcher.how = "single-use"
    builder = SandboxBuilder(launcher, Clock())
    await builder.start()
    hanging = asyncio.create_task(builder.replay(request("# hang", seconds=60)))
    while len(launcher.made) < 2 or launcher.made[1].state is not WorkerState.READY:  # noqa: ASYNC110  # no event
        await asyncio.sleep(0.01)
    newer = asyncio.create_task(builder.replay(request("newer = 1")))
    assert "stopped for a newer text" in (await hanging).reason
    assert (await newer).report is not None
    await builder.close("done")
    assert {worker.state for worker in launcher.made} == {WorkerState.DEAD}


async def test_a_worker_that_cannot_serve_is_replaced_and_asked_again(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    outcome = await builder.replay(request("# unfit"))
    assert (outcome.report, outcome.terminal) == (None, False)
    assert len(launcher.made) == 2, "once more, not for ever"
    await builder.close("done")


async def test_a_renewed_worker_takes_over_when_it_is_ready(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    await builder.start()
    old = launcher.made[0]
    running = asyncio.create_task(builder.replay(request("# obedient")))
    while old.state is not WorkerState.BUSY:  # noqa: ASYNC110  # no event
        await asyncio.sleep(0.01)
    builder.renew()
    new = await next_worker(launcher, 2)
    assert old.state is WorkerState.BUSY, "what it has begun is not taken from it"
    assert (await asyncio.gather(running, builder.replay(request("newer = 1"))))[1].report is not None
    await until_dead(old)
    assert (new.state, len(launcher.made)) == (WorkerState.READY, 2)
    await builder.close("done")


async def test_the_old_worker_serves_while_the_new_one_warms(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    await builder.start()
    launcher.how = "hang"
    builder.renew()
    assert (await builder.replay(request())).report is not None
    assert [worker.state for worker in launcher.made] == [WorkerState.READY, WorkerState.STARTING]
    await builder.close("done")
    assert {worker.state for worker in launcher.made} == {WorkerState.DEAD}


async def test_what_changes_during_a_start_is_started_once_more(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    starting = asyncio.create_task(builder.start())
    await asyncio.sleep(0)
    builder.renew()
    builder.renew()
    assert isinstance(await starting, Hello)
    assert (await next_worker(launcher, 2)).state is WorkerState.READY
    await until_dead(launcher.made[0])
    assert len(launcher.made) == 2
    await builder.close("done")


async def test_an_environment_that_no_longer_starts_says_so(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    await builder.start()
    launcher.how = "start-failed"
    builder.renew()
    await until_dead(launcher.made[0])
    assert "`keras` is not installed" in (await builder.replay(request())).reason
    launcher.how = "fine"
    builder.renew()
    assert (await builder.replay(request())).report is not None, "a change ends the waiting"
    await builder.close("done")


async def test_nothing_is_started_by_a_change_alone(launcher: Launcher) -> None:
    builder = SandboxBuilder(launcher, Clock())
    builder.renew()
    await asyncio.sleep(0)
    assert launcher.made == []


async def next_worker(launcher: Launcher, number: int) -> WorkerProcess:
    """The worker that is launched as the `number`th, once it has started."""
    while len(launcher.made) < number or launcher.made[-1].state is WorkerState.STARTING:  # noqa: ASYNC110  # no event
        await asyncio.sleep(0.01)
    return launcher.made[-1]


async def until_dead(worker: WorkerProcess) -> None:
    while worker.state is not WorkerState.DEAD:  # noqa: ASYNC110  # no event
        await asyncio.sleep(0.01)


class TestPool:
    @pytest.fixture
    def pool(self, tmp_path: Path, launcher: Launcher) -> WorkerPool:
        def launch(_environment: Environment, _machine: Machine) -> WorkerProcess:
            return launcher()

        self.clock = Clock()
        return WorkerPool(machine(tmp_path), launch, self.clock)

    async def test_documents_of_one_environment_share_a_builder(
        self, pool: WorkerPool, tmp_path: Path
    ) -> None:
        make_venv(tmp_path / ".venv", {**KERAS_3, "tf_keras": "2.21.0"})
        roots = (str(tmp_path),)
        one, found = pool.builder_for(Demand(str(tmp_path / "a.py"), roots, Settings()))
        two, _ = pool.builder_for(Demand(str(tmp_path / "sub/b.py"), roots, Settings()))
        old, legacy = pool.builder_for(Demand(str(tmp_path / "a.py"), roots, Settings(), legacy=True))
        assert one is two is not old
        assert found is not None
        assert legacy is not None
        assert (found.keras_line, legacy.keras_line) == (3, 2)
        await pool.close("done")

    async def test_a_backend_that_a_text_chooses_has_its_own_worker(
        self, pool: WorkerPool, tmp_path: Path
    ) -> None:
        make_venv(tmp_path / ".venv", KERAS_3)
        path, roots = str(tmp_path / "a.py"), (str(tmp_path),)
        usual, found = pool.builder_for(Demand(path, roots, Settings()))
        same, _ = pool.builder_for(Demand(path, roots, Settings(), backend="tensorflow"))
        other, chosen = pool.builder_for(Demand(path, roots, Settings(), backend="jax"))
        assert usual is same is not other
        assert found is not None
        assert chosen is not None
        assert (found.backend, chosen.backend) == ("", "jax")
        assert Jail.prepare(chosen, machine(tmp_path)).environ["KERAS_BACKEND"] == "jax"
        await pool.close("done")

    async def test_no_environment_means_no_replays_with_the_reason(self, pool: WorkerPool) -> None:
        builder, found = pool.builder_for(Demand(None, (), Settings(interpreter=("/no/python",))))
        assert found is None
        assert isinstance(builder, NullBuilder)
        assert "does not exist" in builder.reason

    async def test_a_worker_with_an_upgraded_keras_takes_over(
        self, pool: WorkerPool, tmp_path: Path, launcher: Launcher
    ) -> None:
        make_venv(tmp_path / ".venv", {"keras": "3.0.5"})
        packages = tmp_path / ".venv/lib/python3.11/site-packages"
        path = str(tmp_path / "a.py")
        builder, _ = pool.builder_for(Demand(path, (), Settings()))
        await builder.start()
        (packages / "keras-3.0.5.dist-info").rmdir()
        install(packages, KERAS_3)
        self.clock.now += 10
        same, found = pool.builder_for(Demand(path, (), Settings()))
        assert same is builder
        assert found is not None
        assert found.keras_version == "3.15.1"
        await asyncio.sleep(0)
        assert len(launcher.made) == 1, "an installer is still at work"
        os.utime(packages, (1e9, 1e9))
        pool.builder_for(Demand(path, (), Settings()))
        await next_worker(launcher, 2)
        await until_dead(launcher.made[0])
        pool.builder_for(Demand(path, (), Settings()))
        await asyncio.sleep(0)
        assert len(launcher.made) == 2, "one change, one new worker"
        await pool.close("done")
        assert not any(worker.alive for worker in launcher.made)
