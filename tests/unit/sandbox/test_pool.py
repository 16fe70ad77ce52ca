"""Builders with real (fake) workers behind them: lazily started, shared, superseded, restarted, retired."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.builder import NullBuilder
from keras_lsp.sandbox.pool import WorkerPool
from keras_lsp.sandbox.sandboxed import SUPERSEDED, Patience, SandboxBuilder
from keras_lsp.session.settings import Settings
from keras_lsp.worker.wire import Hello
from tests.unit.sandbox.conftest import machine, request
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
        self.made.append(self.make(self.how))
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
        one, found = pool.builder_for(str(tmp_path / "a.py"), roots, Settings(), False)
        two, _ = pool.builder_for(str(tmp_path / "sub/b.py"), roots, Settings(), False)
        old, legacy = pool.builder_for(str(tmp_path / "a.py"), roots, Settings(), True)
        assert one is two is not old
        assert found is not None
        assert legacy is not None
        assert (found.keras_line, legacy.keras_line) == (3, 2)
        await pool.close("done")

    async def test_no_environment_means_no_replays_with_the_reason(self, pool: WorkerPool) -> None:
        builder, found = pool.builder_for(None, (), Settings(interpreter=("/no/python",)), False)
        assert found is None
        assert isinstance(builder, NullBuilder)
        assert "does not exist" in builder.reason

    async def test_upgrading_keras_ends_the_worker_that_has_the_old_one(
        self, pool: WorkerPool, tmp_path: Path, launcher: Launcher
    ) -> None:
        make_venv(tmp_path / ".venv", {"keras": "3.0.5"})
        path = str(tmp_path / "a.py")
        old, _ = pool.builder_for(path, (), Settings(), False)
        await old.start()
        (tmp_path / ".venv/lib/python3.11/site-packages/keras-3.0.5.dist-info").rmdir()
        install(tmp_path / ".venv/lib/python3.11/site-packages", KERAS_3)
        self.clock.now += 10
        new, found = pool.builder_for(path, (), Settings(), False)
        assert new is not old
        assert found is not None
        assert found.keras_version == "3.15.1"
        await pool.close("done")
        assert not any(worker.alive for worker in launcher.made)
