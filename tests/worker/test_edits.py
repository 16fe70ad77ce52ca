"""Two hundred edits in a row: good, failing and crashing programs, and the worker is as it was before."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

from keras_lsp.worker.report import ReplayReport
from keras_lsp.worker.wire import ReplayEnded
from tests.processes import children, read
from tests.worker.driver import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

EDITS = 200
MOST_GROWTH = 512  # kilobytes; a page for each replay would be 800

GOOD = """\
import keras

class Net{n}(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense({n})

    def call(self, inputs):
        return self.dense(inputs)

model = Net{n}()
model(keras.Input((3,)))
"""
FAILING = GOOD + "keras.layers.Dense(4)(keras.Input(()))\n"
CRASHING = "import os\n" + GOOD + "keras.Model(name=os._exit(5))\n"


@pytest.fixture
def worker(keras_python: list[str], tmp_path: Path) -> Iterator[Worker]:
    with Worker(keras_python, env={"TMPDIR": str(tmp_path)}) as started:
        yield started


def resident_kilobytes(process: int) -> int:
    lines = read(Path(f"/proc/{process}/status")).splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def descriptors(process: int) -> list[str]:
    return sorted(entry.name for entry in Path(f"/proc/{process}/fd").iterdir())


def wait_until_cleared(process: int, temporary: Path) -> None:
    """A report is sent before its child, zombies too, and last its folder are cleared away."""
    give_up = time.monotonic() + 60
    while children(process) or any(temporary.iterdir()):
        assert time.monotonic() < give_up, f"left: {children(process)} {list(temporary.iterdir())}"
        time.sleep(0.001)


def test_edits_leave_nothing_in_the_worker(worker: Worker, tmp_path: Path) -> None:
    process = worker.process.pid
    kinds = {GOOD: ReplayReport, FAILING: ReplayReport, CRASHING: ReplayEnded}
    resident = []
    before: list[str] = []
    for number in range(EDITS):
        text = (GOOD, GOOD, FAILING, CRASHING)[number % 4]
        worker.send(text.replace("{n}", str(number + 1)))
        answer = worker.answer()
        assert isinstance(answer, kinds[text]), answer
        wait_until_cleared(process, tmp_path)
        resident.append(resident_kilobytes(process))
        before = before or descriptors(process)
    assert median(resident[-20:]) - median(resident[:20]) < MOST_GROWTH
    assert descriptors(process) == before
