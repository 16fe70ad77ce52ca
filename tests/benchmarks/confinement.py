"""What the sandbox of the operating system adds to a replay: pairs of the same replay with and without it.

In a workspace that is dear to confine: each of its folders holds a secret, so each file is a rule of its own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import perf_counter

from keras_lsp.worker.confine.plan import LEVEL_VARIABLE
from tests.benchmarks.measure import Series, reference
from tests.worker.driver import Worker

_TEXT = "import keras\n\nlayer = keras.layers.Dense(4)\noutput = layer(keras.Input((3,)))\n"
_PAIRS = 30
_FOLDERS, _FILES = 25, 10


def cost() -> Series:
    series = Series("what the full sandbox adds to a replay", "ms", 20)
    with tempfile.TemporaryDirectory() as root:
        _measure(series, _workspace(Path(root)))
    return series


def _workspace(root: Path) -> str:
    for number in range(_FOLDERS):
        folder = root / f"part{number}"
        folder.mkdir()
        (folder / ".env").touch()
        for name in range(_FILES):
            (folder / f"module{name}.py").touch()
    return str(root / "program.py")


def _measure(series: Series, path: str) -> None:
    python = [sys.executable]
    with Worker(python) as confined, Worker(python, env={LEVEL_VARIABLE: "limits"}) as bare:
        for worker in (confined, bare):
            worker.replay(_TEXT, path)
        for number in range(_PAIRS):
            series.references.append(reference())
            first, second = (confined, bare) if number % 2 else (bare, confined)  # none is always the warmer
            seconds = {worker: _seconds(worker, path) for worker in (first, second)}
            series.samples.append((seconds[confined] - seconds[bare]) * 1000)


def _seconds(worker: Worker, path: str) -> float:
    started = perf_counter()
    worker.replay(_TEXT, path)
    return perf_counter() - started
