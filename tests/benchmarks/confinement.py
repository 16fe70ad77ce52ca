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
        for _ in range(_PAIRS):
            beside = reference()
            with_it, without = _seconds(confined), _seconds(bare)
            series.samples.append((with_it - without) * 1000)
            series.references.append(beside)
    return series


def _seconds(worker: Worker) -> float:
    started = perf_counter()
    worker.replay(_TEXT)
    return perf_counter() - started
