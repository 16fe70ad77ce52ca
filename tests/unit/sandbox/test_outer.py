"""Systems whose sandbox nobody has tried: nothing runs there unless the user says so, trusted or not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.builder import NullBuilder
from keras_lsp.sandbox.demand import Demand
from keras_lsp.sandbox.environment import NoEnvironment
from keras_lsp.sandbox.jail import Jail
from keras_lsp.sandbox.outer import Outer, choose
from keras_lsp.sandbox.pool import WorkerPool
from keras_lsp.session.settings import Settings
from keras_lsp.worker.confine.plan import SEATBELT, WINDOWS_JOB, Plan
from tests.unit.sandbox.conftest import environment, machine

if TYPE_CHECKING:
    from pathlib import Path

    from keras_lsp.sandbox.environment import Environment
    from keras_lsp.sandbox.machine import Machine
    from keras_lsp.sandbox.process import WorkerProcess

SYSTEMS = ("macOS", "Windows")


def system(name: str, home: Path) -> Machine:
    return replace(machine(home), linux=False, windows=name == "Windows")


@pytest.mark.parametrize("name", SYSTEMS)
async def test_nothing_is_started_there_and_it_is_said_how_it_would_be(tmp_path: Path, name: str) -> None:
    def launch(_: Environment, __: Machine) -> WorkerProcess:
        raise AssertionError("a worker was started")

    python = tmp_path / "python"
    python.touch(mode=0o755)
    pool = WorkerPool(system(name, tmp_path), launch)
    settings = Settings(interpreter=(str(python),))
    builder, found = pool.builder_for(Demand(str(tmp_path / "a.py"), (str(tmp_path),), settings))
    assert isinstance(builder, NullBuilder)
    assert found is not None, "what the text and the packages say is still told"
    assert not isinstance(found, NoEnvironment)
    reason = await builder.start()
    assert isinstance(reason, str)
    assert name in reason
    assert "`untestedSandbox`" in reason
    await pool.close("done")


def test_macos_with_leave(tmp_path: Path) -> None:
    demand, here = Demand("/w/a.py", ("/w",), Settings(untested_sandbox=True)), system("macOS", tmp_path)
    chosen = choose(demand, here, environment())
    assert chosen == Outer(SEATBELT, "/usr/bin/sandbox-exec", True, ("/w",))
    refused = choose(demand, here, replace(environment(), command=("uv", "run", "python")))
    assert isinstance(refused, str)
    assert "several words" in refused


def test_windows_with_leave(tmp_path: Path) -> None:
    demand, here = Demand("/w/a.py", ("/w",), Settings(untested_sandbox=True)), system("Windows", tmp_path)
    launched = replace(environment(), command=("py", "-3"))
    assert choose(demand, here, launched) == Outer(WINDOWS_JOB, "", True)


@pytest.mark.parametrize("kind", [SEATBELT, WINDOWS_JOB])
def test_the_launcher_is_told(tmp_path: Path, kind: str) -> None:
    around = Outer(kind, "/usr/bin/sandbox-exec", True, ("/w",))
    jail = Jail.prepare(replace(environment(), outer=around), machine(tmp_path))
    words = jail.wrapped(("python", "boot.py"))
    jail.remove()
    assert words[-2:] == ("python", "boot.py")
    assert Plan.of(words[-3]) == Plan(str(jail.folder), kind, "/usr/bin/sandbox-exec", True, ("/w",))
