"""What counts as a changed environment, and what does not."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.environment import Environment
from keras_lsp.sandbox.freshness import SETTLED, EnvironmentWatch
from keras_lsp.sandbox.packages import Packages
from tests.unit.sandbox.conftest import machine
from tests.unit.sandbox.test_environment import KERAS_3, install, make_venv

if TYPE_CHECKING:
    from pathlib import Path

    from keras_lsp.sandbox.machine import Machine

VENV = "project/.venv"
PACKAGES = f"{VENV}/lib/python3.11/site-packages"
LONG = 3600.0


def watch(home: Path, here: Machine, later: float = LONG) -> EnvironmentWatch:
    environment = Environment((str(home / VENV / "bin/python"),), "project .venv", Packages())
    return EnvironmentWatch(environment, here, lambda: time.time() + later)


def install_keras(home: Path) -> None:
    install(home / PACKAGES, KERAS_3)


def use_jax(home: Path) -> None:
    (home / ".keras").mkdir()
    (home / ".keras/keras.json").write_text(json.dumps({"backend": "jax"}))


def other_python(home: Path) -> None:
    python = home / VENV / "bin/python"
    python.rename(python.with_name("old"))
    python.write_bytes(b"")


def see_the_system(home: Path) -> None:
    (home / VENV / "pyvenv.cfg").write_text("include-system-site-packages = true\n# and what follows")


@pytest.mark.parametrize("change", [install_keras, use_jax, other_python, see_the_system])
def test_a_change_is_told_once(tmp_path: Path, change: object) -> None:
    make_venv(tmp_path / VENV, {})
    watched = watch(tmp_path, machine(tmp_path))
    assert not watched.changed()
    assert callable(change)
    change(tmp_path)
    assert watched.changed()
    assert not watched.changed()


def test_other_files_do_not_count(tmp_path: Path) -> None:
    make_venv(tmp_path / VENV, KERAS_3)
    watched = watch(tmp_path, machine(tmp_path))
    (tmp_path / "project/model.py").write_text("import keras")
    next((tmp_path / PACKAGES).iterdir()).joinpath("cached.pyc").write_bytes(b"")
    assert not watched.changed()


def test_an_installer_at_work_is_waited_for(tmp_path: Path) -> None:
    make_venv(tmp_path / VENV, {})
    watched = watch(tmp_path, machine(tmp_path), later=0)
    install_keras(tmp_path)
    assert not watched.changed()
    past = time.time() - SETTLED
    os.utime(tmp_path / PACKAGES, (past, past))
    assert watched.changed()


def test_an_environment_that_is_gone_has_changed(tmp_path: Path) -> None:
    make_venv(tmp_path / VENV, KERAS_3)
    watched = watch(tmp_path, machine(tmp_path))
    (tmp_path / VENV).rename(tmp_path / "elsewhere")
    assert watched.changed()
    assert not watched.changed()
