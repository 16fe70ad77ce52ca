"""What a worker that lies could send: it is refused as a report, or every feature makes something of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_lsp.sandbox.outcomes import outcome_of_report
from keras_lsp.worker.report import pack
from keras_lsp.worker.wire import WireError, encode
from tests.unbreakable.damage import damaged_json, damaged_text
from tests.unbreakable.every_feature import ask_all
from tests.unbreakable.length import tries
from tests.unit.features.views import KEY, current, stale

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.features.conftest import Replayed

SEEDS = ("subclassed", "functional", "nested", "reading_weights")


@pytest.mark.parametrize("name", SEEDS)
def test_of_a_worker_that_lies(seed: Callable[[str], str], replayed: Replayed, name: str) -> None:
    text = seed(name)
    sent = encode(pack(replayed(text)))

    @given(damaged_json(sent), st.integers(0, len(text)))
    @tries(short=15, long=5000)
    def tell(said: object, offset: int) -> None:
        try:
            outcome = asyncio.run(outcome_of_report(said, len(text)))
        except WireError:
            return
        assert outcome.report is not None
        snapshot = current(text, outcome.report)
        ask_all(
            snapshot,
            {offset, *(reference.span.start for reference in snapshot.views[KEY].facts.references[::7])},
        )

    tell()


@pytest.mark.parametrize("name", SEEDS)
def test_of_a_text_that_was_damaged_since(seed: Callable[[str], str], replayed: Replayed, name: str) -> None:
    text = seed(name)
    report = replayed(text)

    @given(damaged_text(text))
    @tries(short=10, long=2000)
    def tell(damaged: tuple[str, int]) -> None:
        now, at = damaged
        ask_all(stale(now, report, text), {max(0, at - 1), at, len(now)})

    tell()
