"""What every test may ask for: a Python with Keras, one without, the seeds, and real runs of programs."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = Path(__file__).parent.parent / "fixtures"


class RunProgram(Protocol):
    """Runs a program's text to its end, under Keras 3 or (legacy) tf-keras 2."""

    def __call__(self, text: str, legacy: bool) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(scope="session")
def keras_python() -> list[str]:
    """Command of a Python that has TensorFlow, Keras 3 and tf-keras.

    `KERAS_LSP_TEST_PYTHON` names another one than the Python that runs the tests.
    """
    command = [os.environ.get("KERAS_LSP_TEST_PYTHON", sys.executable)]
    probe = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ('tensorflow', 'tf_keras'))))"
    if subprocess.run([*command, "-c", probe], check=False).returncode:
        pytest.fail(f"{command[0]} has no TensorFlow with Keras 3 and tf-keras; `make test` sets one up")
    return command


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Command of a Python without Keras, TensorFlow or anything else."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return [str(folder / "bin" / "python")]


@pytest.fixture(scope="session")
def seed() -> Callable[[str], str]:
    """`seed("subclassed")` is the text of that founding example."""
    return lambda name: (FIXTURES / "seeds" / f"{name}.py").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def run_program(keras_python: list[str], tmp_path_factory: pytest.TempPathFactory) -> RunProgram:
    """Runs programs for real. That takes seconds, so each runs once in a session however often asked for."""

    @functools.cache
    def run(text: str, legacy: bool) -> subprocess.CompletedProcess[str]:
        folder = tmp_path_factory.mktemp("program")
        program = folder / "program.py"
        program.write_text(text, encoding="utf-8")
        environment = {
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_USE_LEGACY_KERAS": "1" if legacy else "0",
        }
        return subprocess.run(
            [*keras_python, str(program)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run
