"""One warm worker per Keras line for the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worker.driver import Worker

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
