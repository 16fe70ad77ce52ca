"""Snapshots for the features: facts from the real extraction, reports from the real Keras."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from keras_lsp.worker.report import ReplayReport
from keras_lsp.worker.wire import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]


class Replayed(Protocol):
    """`replayed(text)` is what a replay under the real Keras, 3 or 2, sees.

    `before` is a program that has been run for real in the folder, as one that saves weights there.
    """

    def __call__(self, text: str, line: int = 3, before: str = "") -> ReplayReport: ...


class RaisedBy(Protocol):
    """`raised_by(text)` runs a program for real; the name of the exception it ends with, or ""."""

    def __call__(self, text: str, line: int = 3) -> str: ...


class Keras:
    """Two processes that have imported Keras, one per line, each started when first asked."""

    def __init__(self, python: list[str], folder: Path) -> None:
        self._python = python
        self._folder = folder
        self._processes: dict[int, subprocess.Popen[str]] = {}

    def ask(self, text: str, line: int, real: bool, before: str = "") -> Any:
        process = self._process(line)
        assert process.stdin is not None
        assert process.stdout is not None
        asked = {"text": text, "real": real, "before": before, "folder": str(self._folder)}
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def close(self) -> None:
        for process in self._processes.values():
            process.communicate(timeout=30)

    def _process(self, line: int) -> subprocess.Popen[str]:
        if line not in self._processes:
            environment = {
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "CUDA_VISIBLE_DEVICES": "-1",
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "TF_USE_LEGACY_KERAS": "1" if line == 2 else "0",
            }
            self._processes[line] = subprocess.Popen(
                [*self._python, str(Path(__file__).with_name("replayer.py"))],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._processes[line]


@pytest.fixture(scope="session")
def keras(keras_python: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keras]:
    running = Keras(keras_python, tmp_path_factory.mktemp("keras"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def replayed(keras: Keras) -> Replayed:
    @functools.cache
    def report(text: str, line: int = 3, before: str = "") -> ReplayReport:
        return decode(ReplayReport, keras.ask(text, line, real=False, before=before))

    return report


@pytest.fixture(scope="session")
def raised_by(keras: Keras) -> RaisedBy:
    @functools.cache
    def run(text: str, line: int = 3) -> str:
        return str(keras.ask(text, line, real=True))

    return run
