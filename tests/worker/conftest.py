"""Warm workers for the whole run: one per Keras line, and one per environment of the comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worker.driver import Worker
from tests.worker.environments import ENVIRONMENTS, Bench

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
    bench = Bench.start(environment, python, tmp_path_factory.mktemp("compiled"))
    with bench.worker:
        yield bench
