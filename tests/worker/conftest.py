"""Warm workers for the whole run: one per Keras line, and one per environment of the comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.warm import WarmKeras
from tests.worker.driver import Worker
from tests.worker.environments import COMPILED, ENVIRONMENTS, MAIN_ENVIRONMENTS, Bench

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def keras3_worker(keras_python: list[str]) -> Iterator[Worker]:
    with Worker(keras_python) as worker:
        yield worker


@pytest.fixture(scope="session")
def tf_keras_worker(keras_python: list[str]) -> Iterator[Worker]:
    with Worker(keras_python, legacy=True) as worker:
        yield worker


@pytest.fixture(scope="session", params=ENVIRONMENTS, ids=lambda environment: environment.name)
def bench(
    request: pytest.FixtureRequest, keras_python: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """Each environment in turn; skips where it is not installed."""
    environment = request.param
    python = environment.python(keras_python)
    if python is None:
        pytest.skip(f"{environment.venv} is not there: `make environments` sets it up")
    if environment in MAIN_ENVIRONMENTS:
        names = ("tf_keras_worker", "tf_keras") if environment.legacy else ("keras3_worker", "keras3")
        yield Bench(environment, *map(request.getfixturevalue, names))
        return
    variables = {"KERAS_BACKEND": environment.backend}
    compiled = {**COMPILED, "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("compiled"))}
    with (
        Worker(python, legacy=environment.legacy, env=variables) as worker,
        WarmKeras(python, environment.legacy, {**variables, **compiled}) as keras,
    ):
        yield Bench(environment, worker, keras)
