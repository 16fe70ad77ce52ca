"""What the doctor says of the sandbox is what is in force, under each setting and with each piece taken away.

The launcher, what it lays on and what a worker says of that are the product's; only Keras is left out.
"""

from __future__ import annotations

import asyncio
import functools
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the pieces are those of Linux", allow_module_level=True)

from keras_lsp.sandbox import outer
from keras_lsp.sandbox.builder import NullBuilder
from keras_lsp.sandbox.demand import Demand
from keras_lsp.sandbox.examination import Patient, examine
from keras_lsp.sandbox.jail import Jail
from keras_lsp.sandbox.outer import choose, find_bubblewrap
from keras_lsp.session.settings import Settings
from keras_lsp.worker.confine import PARTS, bubblewrap, offered
from keras_lsp.worker.confine.plan import LEVEL_VARIABLE
from keras_lsp.worker.confine.seen import Seen
from keras_lsp.worker.process.confinement import AROUND, OUTER, WORDS
from keras_lsp.worker.wire import Hello
from tests.unit.sandbox.conftest import environment, machine

if TYPE_CHECKING:
    from keras_lsp.sandbox.builder import ModelBuilder
    from keras_lsp.sandbox.environment import Environment
    from keras_lsp.sandbox.machine import Machine

pytestmark = pytest.mark.skipif(set(offered()) != set(PARTS), reason="this system has not all pieces")

REPOSITORY = Path(__file__).parents[3]
PROGRAM = find_bubblewrap()
REFUSAL = "bwrap: No permissions to create a new namespace"
GREETING = """\
import json, sys
sys.path.insert(0, sys.argv[1])
from keras_lsp.worker.process.confinement import Confinement
print(json.dumps(Confinement(forks=True).in_force()))
"""
FILES, CALLS = WORDS["landlock"], WORDS["seccomp"]
BESIDE = f". Beside that: {OUTER['bubblewrap']}"
VAIN = f". Beside that: bubblewrap was tried, but does not start here: {REFUSAL}"
INSTALLED, ABSENT, BROKEN = "installed", "absent", "broken"


class Greeter(NullBuilder):
    """A worker that is started as any, says what it is under, and replays nothing."""

    def __init__(self, environment: Environment, machine: Machine) -> None:
        super().__init__("there is no Keras in it")
        self._environment, self._machine = environment, machine

    async def start(self) -> Hello | str:
        jail = Jail.prepare(self._environment, self._machine)
        words = jail.wrapped((sys.executable, "-c", GREETING, str(REPOSITORY)))
        run = functools.partial(subprocess.run, words, capture_output=True, check=False)
        ran = await asyncio.to_thread(run, **jail.spawn_options())
        jail.remove()
        if ran.returncode:
            reason: str = json.loads(ran.stdout[4:])["payload"]["reason"]
            return reason
        return Hello(1, "3.11", "3.15.1", 3, "tensorflow", "", True, 0.1, tuple(json.loads(ran.stdout)))


class Source:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def builder_for(self, demand: Demand) -> tuple[ModelBuilder, Environment | None]:
        found = environment()
        around = choose(demand, self._machine, found)
        if isinstance(around, str):
            return NullBuilder(around), found
        found = replace(found, outer=around)
        return Greeter(found, self._machine), found

    async def close(self, reason: str) -> None:
        del reason


async def told(tmp_path: Path, setting: str, parts: str | None) -> tuple[dict[str, str], str]:
    variables = {} if parts is None else {LEVEL_VARIABLE: parts}
    demand = Demand(None, (str(REPOSITORY / "keras_lsp"),), Settings(bubblewrap=setting))
    findings = await examine(Patient(demand), Source(machine(tmp_path, **variables)))
    return dict(findings.lines), findings.problem


@pytest.fixture
def program(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of bubblewrap as it is found on the machine: installed, absent, or one that does not start."""
    path = PROGRAM
    if request.param == INSTALLED and (
        path is None or bubblewrap.trial(str(path), Seen((), (), ()), tempfile.gettempdir())
    ):
        pytest.skip("bubblewrap does not start here")
    if request.param == BROKEN:
        path = tmp_path / "bwrap"
        path.write_text(f"#!/bin/sh\necho '{REFUSAL}' >&2\nexit 1\n")
        path.chmod(0o755)
    found = None if request.param == ABSENT else path
    monkeypatch.setattr(outer, "find_bubblewrap", lambda: found)
    return str(found)


@pytest.mark.parametrize(
    ("setting", "parts", "program", "around", "level"),
    [
        (
            "auto",
            None,
            INSTALLED,
            'nothing: this kernel has Landlock and seccomp, and the setting `bubblewrap` is not "always"',
            "full",
        ),
        ("never", None, INSTALLED, 'nothing: the setting `bubblewrap` is "never"', "full"),
        (
            "always",
            None,
            INSTALLED,
            'bubblewrap ({}), as the setting `bubblewrap` is "always"',
            f"full{BESIDE}",
        ),
        (
            "auto",
            "limits,seccomp,bubblewrap",
            INSTALLED,
            "bubblewrap ({}), standing in for Landlock",
            f"reduced: not in force: {FILES}; {AROUND}{BESIDE}",
        ),
        (
            "auto",
            "limits,landlock,bubblewrap",
            INSTALLED,
            "bubblewrap ({}), standing in for seccomp",
            f"reduced: not in force: {CALLS}; {AROUND}{BESIDE}",
        ),
        (
            "auto",
            "limits,bubblewrap",
            INSTALLED,
            "bubblewrap ({}), standing in for Landlock and seccomp",
            f"reduced: not in force: {FILES}; {CALLS}; {AROUND}{BESIDE}",
        ),
        (
            "never",
            "limits,seccomp,bubblewrap",
            INSTALLED,
            'nothing: the setting `bubblewrap` is "never"',
            f"reduced: not in force: {FILES}; {AROUND}",
        ),
        (
            "auto",
            "limits,seccomp,bubblewrap",
            ABSENT,
            "nothing: there is no bubblewrap to stand in for Landlock",
            f"reduced: not in force: {FILES}; {AROUND}",
        ),
        (
            "auto",
            "limits,seccomp",
            INSTALLED,
            "nothing: bubblewrap is left out by KERAS_LSP_CONFINE",
            f"reduced: not in force: {FILES}; {AROUND}",
        ),
        (
            "auto",
            "limits,seccomp,bubblewrap",
            BROKEN,
            "bubblewrap ({}), standing in for Landlock",
            f"reduced: not in force: {FILES}; {AROUND}{VAIN}",
        ),
        (
            "auto",
            "limits,bubblewrap",
            BROKEN,
            "bubblewrap ({}), standing in for Landlock and seccomp",
            f"none: not in force: {FILES}; {CALLS}; {AROUND}{VAIN}",
        ),
        (
            "never",
            "",
            INSTALLED,
            'nothing: the setting `bubblewrap` is "never"',
            f"none: not in force: {WORDS['limits']}; {FILES}; {CALLS}; {AROUND}",
        ),
    ],
    indirect=["program"],
)
async def test_the_level_is_the_true_one(
    tmp_path: Path, program: str, setting: str, parts: str | None, around: str, level: str
) -> None:
    lines, _ = await told(tmp_path, setting, parts)
    assert lines["around it"] == around.format(program)
    assert lines["sandbox"] == level


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (ABSENT, "bubblewrap, which the settings ask for, is not installed here."),
        (BROKEN, f"bubblewrap, which the settings ask for, does not start here: {REFUSAL}"),
    ],
    indirect=["program"],
)
async def test_where_it_must_be_and_is_not_nothing_runs(tmp_path: Path, program: str, reason: str) -> None:
    del program
    lines, problem = await told(tmp_path, "always", None)
    assert problem == reason
    assert "sandbox" not in lines, "nothing was started"


async def test_a_command_of_several_words_is_not_started_without_what_must_be(tmp_path: Path) -> None:
    launched = replace(environment(), command=("uv", "run", "python"))
    demand = Demand(None, (str(tmp_path),), Settings(bubblewrap="always"))
    refused = choose(demand, machine(tmp_path), launched)
    assert isinstance(refused, str)
    assert refused.startswith(
        "With bubblewrap, which the settings ask for, a command of several words cannot"
    )
    of_folder = choose(demand, machine(tmp_path), replace(launched, of_folder=True))
    assert PROGRAM is None or not isinstance(of_folder, str), "that of a folder starts inside"
