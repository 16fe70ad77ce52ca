"""What every test may ask for: a Python with Keras, one without, the seeds, and real runs of programs."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.warm import WarmKeras

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    from tests.side_by_side import GroupScheduling

    return GroupScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        from tests.side_by_side import rank_of

        items.sort(key=lambda item: rank_of(item.nodeid))


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where servers keep what they have read of Keras, in place of the user's own cache: empty at first."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


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
def keras3(keras_python: list[str]) -> Iterator[WarmKeras]:
    """Real Keras 3, to run programs in."""
    with WarmKeras(keras_python) as keras:
        yield keras


@pytest.fixture(scope="session")
def tf_keras(keras_python: list[str]) -> Iterator[WarmKeras]:
    """Real tf-keras 2, to run programs in."""
    with WarmKeras(keras_python, legacy=True) as keras:
        yield keras


@pytest.fixture(scope="session")
def run_program(
    keras3: WarmKeras, tf_keras: WarmKeras, tmp_path_factory: pytest.TempPathFactory
) -> RunProgram:
    """Runs programs for real. Each runs once in a session, however often asked for."""

    @functools.cache
    def run(text: str, legacy: bool) -> subprocess.CompletedProcess[str]:
        folder = tmp_path_factory.mktemp("program")
        program = folder / "program.py"
        program.write_text(text, encoding="utf-8")
        return (tf_keras if legacy else keras3).run(str(program), folder=folder, seconds=240)

    return run
