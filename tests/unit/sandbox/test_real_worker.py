"""The real worker under real Keras: user code that hangs, crashes, leaves or shouts, and leaves nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from keras_lsp.sandbox.environment import Environment
from keras_lsp.sandbox.machine import Machine
from keras_lsp.sandbox.packages import Packages
from keras_lsp.sandbox.pool import launch_worker
from keras_lsp.sandbox.process import WorkerProcess, WorkerState
from keras_lsp.worker.wire import Hello
from tests.unit.sandbox.conftest import processes_in, processes_of, request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from keras_lsp.sandbox.builder import ReplayOutcome

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODEL = """\
import ctypes, os, sys
import keras

class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, inputs):
        {statement}
        return self.dense(inputs)

model = Model()
model(keras.Input((2,)))
"""

ENDLESS = "any(iter(int, 1))"  # in C: neither a loop's budget nor a statement's deadline ends it

# A statement that ends its replay, and how the user is told.
HOSTILE = [
    (ENDLESS, "took longer than 2 s and was stopped"),
    ("ctypes.string_at(0)", "crashed with SIGSEGV"),
    ("os._exit(3)", "ended the process (exit status 3) before the replay was done"),
    ("os.abort()", "crashed with SIGABRT"),
    ("os.closerange(3, 200); os._exit(0)", "ended the process (exit status 0) before the replay was done"),
]


def new_worker(command: list[str]) -> WorkerProcess:
    return launch_worker(Environment(tuple(command), "setting", Packages()), Machine.here())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(keras_python: list[str]) -> AsyncIterator[WorkerProcess]:
    worker = new_worker(keras_python)
    assert isinstance(await worker.start(), Hello), worker.reason
    yield worker
    await worker.stop("the tests are over")
    assert processes_of(worker._jail) == []


async def replay(worker: WorkerProcess, statement: str, seconds: float = 20.0) -> ReplayOutcome:
    return await worker.replay(request(MODEL.format(statement=statement), seconds=seconds))


def seconds_for(statement: str) -> float:
    """Only what nothing else ends is to meet the deadline, on a busy machine, too."""
    return 2.0 if statement == ENDLESS else 60.0


def assert_exact(outcome: ReplayOutcome) -> None:
    assert outcome.report is not None, outcome.reason
    dense = next(layer for layer in outcome.report.layers if layer.class_name == "Dense")
    assert [weight.shape for weight in dense.weights] == [(2, 3), (3,)]


@pytest.mark.parametrize(("statement", "words"), HOSTILE)
async def test_what_ends_its_replay_says_how_and_the_next_one_works(
    worker: WorkerProcess, statement: str, words: str
) -> None:
    outcome = await replay(worker, statement, seconds_for(statement))
    assert (outcome.report, outcome.reason) == (None, f"The replay ended early: {words}.")
    assert outcome.terminal
    assert len(processes_of(worker._jail)) == 1, "only the warm process is left"
    assert_exact(await replay(worker, "pass"))


@pytest.mark.parametrize(
    "statement",
    [
        "[print('y' * 1000) for _ in range(20000)]",
        "os.write(1, b'junk' * 1000); os.write(2, b'junk' * 1000)",
        "sys.stdin.read(); sys.stdout.flush()",
    ],
)
async def test_noise_disturbs_nobody(worker: WorkerProcess, statement: str) -> None:
    assert_exact(await replay(worker, statement))


@pytest.mark.parametrize("statement", ["sys.exit()", "raise KeyboardInterrupt", "raise SystemExit(3)"])
async def test_leaving_in_python_is_not_the_end(worker: WorkerProcess, statement: str) -> None:
    await replay(worker, statement)
    assert worker.state is WorkerState.READY
    assert_exact(await replay(worker, "pass"))


async def test_a_running_replay_can_be_cancelled(worker: WorkerProcess) -> None:
    while len(processes_of(worker._jail)) > 1:  # noqa: ASYNC110  # that of the test before: a report comes first
        await asyncio.sleep(0.01)
    running = asyncio.create_task(replay(worker, ENDLESS))
    while len(processes_of(worker._jail)) < 2:  # noqa: ASYNC110  # the kernel has no event for this
        await asyncio.sleep(0.01)
    worker.cancel()
    outcome = await running
    assert (outcome.report, outcome.terminal) == (None, False)
    assert len(processes_of(worker._jail)) == 1
    assert_exact(await replay(worker, "pass"))


async def test_no_process_is_left_after_stopping_in_the_middle(keras_python: list[str]) -> None:
    worker = new_worker(keras_python)
    assert isinstance(await worker.start(), Hello), worker.reason
    running = asyncio.create_task(replay(worker, ENDLESS))
    while len(processes_of(worker._jail)) < 2:  # noqa: ASYNC110  # the kernel has no event for this
        await asyncio.sleep(0.01)
    await worker.stop("the client left")
    assert (await running).reason == "the client left"
    assert processes_of(worker._jail) == []
    assert not worker._jail.folder.exists()


async def test_a_python_without_keras_says_so(bare_python: list[str]) -> None:
    worker = new_worker(bare_python)
    answer = await worker.start()
    assert isinstance(answer, str)
    assert "is not installed" in answer
    assert bare_python[0] in answer


SERVER = """\
import asyncio, sys
from tests.unit.sandbox import test_real_worker as test

async def main():
    worker = test.new_worker(sys.argv[1:])
    print(await worker.start(), file=sys.stderr)
    running = asyncio.create_task(test.replay(worker, test.ENDLESS, seconds=600.0))
    while len(test.processes_of(worker._jail)) < 2:
        await asyncio.sleep(0.01)
    print(worker._jail.folder, flush=True)
    await running

asyncio.run(main())
"""


async def test_no_process_is_left_after_the_server_is_killed(keras_python: list[str]) -> None:
    command = (sys.executable, "-c", SERVER, *keras_python)
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, start_new_session=True)
    assert server.stdout is not None
    folder = (await server.stdout.readline()).decode().strip()
    assert len(processes_in(folder)) == 2
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    give_up = time.monotonic() + 30
    while left := processes_in(folder):
        assert time.monotonic() < give_up, f"still there: {left}"
        await asyncio.sleep(0.02)
