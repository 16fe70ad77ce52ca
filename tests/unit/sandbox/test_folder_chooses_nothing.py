"""What a folder's own files may not decide: which programs run outside of the sandbox, and how wide it is."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import pytest

from keras_lsp.lsp.options import settings_from
from keras_lsp.sandbox.demand import Demand
from keras_lsp.sandbox.environment import Environment, discover
from keras_lsp.sandbox.jail import Jail
from keras_lsp.session.project import ProjectFiles, ProjectSettings
from keras_lsp.session.settings import Settings
from tests.unit.sandbox.conftest import machine

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = {
    "interpreter": '["/w/evil"]',
    "interpreters": '{"/w" = ["/w/evil"]}',
    "interpretersFollow": "true",
    "idleSeconds": "0.000001",
    "parameterHints": "true",
    "codeLens": "false",
    "replaySeconds": "1e9",
    "memoryBytes": "1099511627776",
    "bubblewrap": '"never"',
    "untestedSandbox": "true",
    "trusted": "true",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_not_taken_from_pyproject(tmp_path: Path, name: str) -> None:
    kebab = "".join("-" + letter.lower() if letter.isupper() else letter for letter in name)
    for spelled in (name, kebab, kebab.replace("-", "_")):
        (tmp_path / "pyproject.toml").write_text(f"[tool.keras-lsp]\n{spelled} = {HOSTILE[name]}\n")
        settings = ProjectFiles().settings_of(str(tmp_path))
        assert dataclasses.replace(settings, problems=()) == ProjectSettings()
        assert settings.problems  # the user is told


def test_every_setting_is_either_harmless_or_tried_above() -> None:
    harmless = {field.name for field in dataclasses.fields(ProjectSettings)}
    camel = {_camel(field.name) for field in dataclasses.fields(Settings) if field.name not in harmless}
    assert camel == HOSTILE.keys() - {"trusted"}
    assert harmless == {"input_shapes", "hints", "rules", "problems"}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def test_a_client_can_set_them_for_the_user() -> None:
    """So that the test above speaks of names that mean something."""
    settings, problems = settings_from({"bubblewrap": "never", "untestedSandbox": True}, Settings())
    assert problems == ()
    assert (settings.bubblewrap, settings.untested_sandbox) == ("never", True)
    _, problems = settings_from({"bubblewrap": "sometimes", "untestedSandbox": "yes"}, Settings())
    assert len(problems) == 2


@pytest.mark.parametrize("file", [".vscode/settings.json", ".env", "setup.cfg", "keras-lsp.toml"])
def test_no_other_file_says_which_python(tmp_path: Path, file: str) -> None:
    evil = tmp_path / "evil"
    evil.touch(mode=0o755)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(f'{{"kerasLsp.interpreter": "{evil}"}}\nVIRTUAL_ENV={evil}\n')
    demand = Demand(str(tmp_path / "a.py"), (str(tmp_path),), Settings())
    found = discover(demand, machine(tmp_path / "home"))
    assert str(evil) not in repr(found)


@pytest.mark.parametrize("wanted", ["../../../w/evil", "{folder}/evil", "..", "3.11/../../evil"])
def test_python_version_names_only_what_pyenv_has(tmp_path: Path, wanted: str) -> None:
    root = tmp_path / "pyenv"
    (root / "shims").mkdir(parents=True)
    (root / "shims" / "python3").touch(mode=0o755)
    (root / "versions" / "3.11").mkdir(parents=True)
    for place in (tmp_path / "w" / "evil", tmp_path, root, root / "evil"):
        (place / "bin").mkdir(parents=True, exist_ok=True)
        (place / "bin" / "python").touch(mode=0o755)
    (tmp_path / "w" / ".python-version").write_text(wanted.format(folder=tmp_path / "w"))
    here = machine(tmp_path / "home", PYENV_ROOT=str(root))
    settings = Settings(interpreter=(str(root / "shims" / "python3"),))
    found = discover(Demand(str(tmp_path / "w" / "a.py"), (str(tmp_path / "w"),), settings), here)
    assert not isinstance(found, Environment), found


def test_nothing_of_a_folder_is_run_to_find_out_what_it_is(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    python.chmod(0o755)
    packages = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    (packages / "keras-3.15.1.dist-info").mkdir(parents=True)
    (packages / "sitecustomize.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    demand = Demand(str(tmp_path / "a.py"), (str(tmp_path),), Settings())
    found = discover(demand, machine(tmp_path / "home"))
    assert isinstance(found, Environment)
    assert found.command == (str(python),)
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux starts it in a sandbox so")
@pytest.mark.parametrize("program", ["run", "tools/run"])
def test_a_launcher_of_the_folder_is_no_launcher_of_the_user(tmp_path: Path, program: str) -> None:
    (tmp_path / "w" / "tools").mkdir(parents=True)
    (tmp_path / "w" / "tools" / "run").touch(mode=0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "run").touch(mode=0o755)
    here = machine(tmp_path / "home", PATH=str(tmp_path / "bin"))
    settings = Settings(interpreter=(program, "python"))
    found = discover(Demand(str(tmp_path / "w" / "a.py"), (str(tmp_path / "w"),), settings), here)
    assert isinstance(found, Environment)
    jail = Jail.prepare(found, here)
    wrapped = jail.wrapped(found.command) != found.command
    jail.remove()
    assert wrapped == (program == "tools/run")
