"""Workers that misbehave, and how to see whether anything of them is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from keras_lsp.sandbox.environment import Environment
from keras_lsp.sandbox.jail import Jail
from keras_lsp.sandbox.machine import Machine
from keras_lsp.sandbox.packages import Packages
from keras_lsp.sandbox.process import Deadlines, WorkerProcess
from keras_lsp.worker.wire import ReplayRequest

FAKE = Path(__file__).parent / "fake_worker.py"
QUICK = Deadlines(start=60, grace=0.3, cancel=0.3, stop=0.2)
PATIENT = replace(QUICK, cancel=60)  # with a worker that obeys

MakeWorker = Callable[..., WorkerProcess]


def machine(home: Path, **environ: str) -> Machine:
    """A computer with nothing on it but `home` and the given variables."""
    return Machine(environ=environ, home=home, own_interpreter=home / "no" / "python")


def environment(legacy: bool = False) -> Environment:
    return Environment((sys.executable,), "setting", Packages(), legacy)


def request(text: str = "x = 1", path: str = "/w/model.py", seconds: float = 5.0) -> ReplayRequest:
    return ReplayRequest(
        id=0, path=path, text=text, module_name="__main__", wall_seconds=seconds, statement_seconds=seconds
    )


def processes_of(jail: Jail) -> list[int]:
    return processes_in(jail.folder)


def processes_in(folder: Path | str) -> list[int]:
    """Living processes whose environment names a jail's folder; zombies have none."""
    wanted = os.fsencode(folder)
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if wanted in _environ(entry)]


def _environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def make_worker(tmp_path: Path) -> MakeWorker:
    """`make_worker("hang", "exit")`: a fake worker that hangs at start, or exits at the first replay."""

    def make(
        at_start: str = "fine", at_replay: str = "fine", deadlines: Deadlines = QUICK, **environ: str
    ) -> WorkerProcess:
        jail = Jail.prepare(environment(), machine(tmp_path, **environ))
        jail = replace(jail, behind_launcher=True)  # started as it is: these are about what comes after
        return WorkerProcess((sys.executable, str(FAKE), at_start, at_replay), jail, deadlines)

    return make
