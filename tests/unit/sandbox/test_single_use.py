"""Where a worker cannot fork, forced here: the same outcomes as with a zygote, and nothing left behind."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from keras_lsp.sandbox.environment import Environment
from keras_lsp.sandbox.machine import Machine
from keras_lsp.sandbox.packages import Packages
from keras_lsp.sandbox.pool import launch_worker
from keras_lsp.sandbox.process import WorkerState
from keras_lsp.sandbox.sandboxed import SandboxBuilder
from keras_lsp.worker.wire import Hello
from tests.unit.sandbox.conftest import processes_of, request
from tests.unit.sandbox.test_real_worker import ENDLESS, HOSTILE, MODEL, assert_exact, seconds_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from keras_lsp.sandbox.builder import ReplayOutcome
    from keras_lsp.sandbox.process import WorkerProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Builder:
    """A builder whose workers can be looked at."""

    def __init__(self, command: list[str]) -> None:
        here = Machine.here()
        self._machine = dataclasses.replace(here, environ={**here.environ, "KERAS_LSP_FORK": "0"})
        self._environment = Environment(tuple(command), "setting", Packages())
        self.made: list[WorkerProcess] = []
        self.builder = SandboxBuilder(self._launch, asyncio.get_running_loop().time)

    def _launch(self) -> WorkerProcess:
        self.made.append(launch_worker(self._environment, self._machine))
        return self.made[-1]

    async def replay(self, statement: str, seconds: float = 20.0) -> ReplayOutcome:
        return await self.builder.replay(request(MODEL.format(statement=statement), seconds=seconds))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def builder(keras_python: list[str]) -> AsyncIterator[Builder]:
    builder = Builder(keras_python)
    hello = await builder.builder.start()
    assert isinstance(hello, Hello), hello
    assert not hello.fork
    yield builder
    await builder.builder.close("the tests are over")
    assert [worker for worker in builder.made if processes_of(worker._jail)] == []
    assert [worker for worker in builder.made if worker._jail.folder.exists()] == []


@pytest.mark.parametrize(("statement", "words"), HOSTILE)
async def test_what_ends_its_replay_says_how_and_the_next_one_works(
    builder: Builder, statement: str, words: str
) -> None:
    outcome = await builder.replay(statement, seconds_for(statement))
    assert (outcome.report, outcome.reason) == (None, f"The replay ended early: {words}.")
    assert outcome.terminal
    assert_exact(await builder.replay("pass"))


async def test_memory_is_limited(builder: Builder) -> None:
    outcome = await builder.replay("bytearray(8 << 30)")
    assert outcome.report is not None, outcome.reason
    assert "MemoryError" in {failure.type for failure in outcome.report.failures}


async def test_what_the_program_prints_disturbs_nobody(builder: Builder) -> None:
    assert_exact(await builder.replay("[print('y' * 1000) for _ in range(9000)]; os.write(1, b'junk')"))


async def test_a_newer_text_takes_the_place_of_a_running_one(builder: Builder) -> None:
    await builder.builder.start()
    running = asyncio.create_task(builder.replay(ENDLESS, seconds=600.0))
    while not any(worker.state is WorkerState.BUSY for worker in builder.made):  # noqa: ASYNC110  # no event
        await asyncio.sleep(0.01)
    newer = asyncio.create_task(builder.replay("pass"))
    outcome = await running
    assert (outcome.reason, outcome.terminal) == ("The replay ended early: stopped for a newer text.", False)
    assert_exact(await newer)
