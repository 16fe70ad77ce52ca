"""What the sandbox of the operating system adds to a replay: pairs of the same replay with and without it."""

from __future__ import annotations

import sys
from time import perf_counter

from keras_lsp.worker.confine.plan import LEVEL_VARIABLE
from tests.benchmarks.measure import Series, reference
from tests.worker.driver import Worker

_TEXT = "import keras\n\nlayer = keras.layers.Dense(4)\noutput = layer(keras.Input((3,)))\n"
_PAIRS = 30


def cost() -> Series:
    series = Series("what the full sandbox adds to a replay", "ms", 20)
    python = [sys.executable]
    with Worker(python) as confined, Worker(python, env={LEVEL_VARIABLE: "limits"}) as bare:
        for worker in (confined, bare):
            worker.replay(_TEXT)
        for number in range(_PAIRS):
            series.references.append(reference())
            first, second = (confined, bare) if number % 2 else (bare, confined)  # none is always the warmer
            seconds = {worker: _seconds(worker) for worker in (first, second)}
            series.samples.append((seconds[confined] - seconds[bare]) * 1000)
    return series


def _seconds(worker: Worker) -> float:
    started = perf_counter()
    worker.replay(_TEXT)
    return perf_counter() - started
