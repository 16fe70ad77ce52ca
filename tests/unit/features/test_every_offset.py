"""Every feature answers at every offset, whatever the text and however old the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.actions import code_actions
from keras_lsp.features.code_lens import code_lenses
from keras_lsp.features.completion import complete
from keras_lsp.features.definition import definition, implementation
from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.folding import folds
from keras_lsp.features.hover import hover
from keras_lsp.features.inlay_hints import inlay_hints
from keras_lsp.features.signature_help import signature_help
from keras_lsp.features.summary import summary
from keras_lsp.features.symbols import document_symbols
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, current, stale, static

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import Replayed

SEEDS = ("subclassed", "functional", "nested", "reading_weights")


def ask_about_all(snapshot: Snapshot) -> None:
    text = snapshot.views[KEY].document.text
    everything = Span(0, len(text))
    spans = [finding.span for finding in diagnostics(snapshot, KEY)]
    spans += [fold.span for fold in folds(snapshot, KEY)]
    spans += [lens.span for lens in code_lenses(snapshot, KEY)]
    spans += [symbol.span for symbol in document_symbols(snapshot, KEY)]
    assert all(map(everything.covers, spans))
    summary(snapshot, KEY, len(text) // 2)
    code_actions(snapshot, KEY, everything)
    for hint in inlay_hints(snapshot, KEY, everything):
        assert hint.target is None or everything.covers(hint.target)


def ask_everywhere(snapshot: Snapshot, near: int | None = None) -> None:
    """At each place; with `near` at each around that one, where somebody types, and at some elsewhere."""
    ask_about_all(snapshot)
    text = snapshot.views[KEY].document.text
    everything = Span(0, len(text))
    for offset in range(len(text) + 1):
        if near is not None and abs(offset - near) > 60 and offset % 5:
            continue
        shown = hover(snapshot, KEY, offset)
        assert shown is None or shown.span.touches(offset)
        for item in complete(snapshot, KEY, offset):
            assert item.replace.touches(offset)
            assert not any(edit.span.touches(item.replace.start) for edit in item.also)
        signature = signature_help(snapshot, KEY, offset)
        for parameter in signature.parameters if signature else ():
            assert 0 < parameter.start < parameter.end < len(signature.label if signature else "")
        for place in (*definition(snapshot, KEY, offset), *implementation(snapshot, KEY, offset)):
            assert everything.covers(place.span)


@pytest.mark.parametrize("name", SEEDS)
def test_seeds(seed: Callable[[str], str], replayed: Replayed, name: str) -> None:
    text = seed(name)
    ask_everywhere(static(text))
    for line in (3, 2):
        ask_everywhere(current(text, replayed(text, line)))


@pytest.mark.parametrize("name", SEEDS)
def test_while_it_is_being_typed(seed: Callable[[str], str], replayed: Replayed, name: str) -> None:
    """The text cut off anywhere, or with a piece missing, with the report of the whole."""
    text = seed(name)
    report = replayed(text)
    for cut in range(0, len(text), max(1, len(text) // 12)):
        ask_everywhere(stale(text[:cut], report, text), cut)
        ask_everywhere(stale(text[:cut] + text[cut + 9 :], report, text), cut)


def test_report_of_another_text(seed: Callable[[str], str], replayed: Replayed) -> None:
    ask_everywhere(current(seed("functional"), replayed(seed("nested"))))


def test_unknown_document() -> None:
    snapshot = static("")
    assert hover(snapshot, "other", 0) is None
    assert not complete(snapshot, "other", 0)
    assert signature_help(snapshot, "other", 0) is None
    assert not definition(snapshot, "other", 0)
    assert not diagnostics(snapshot, "other")
    assert not document_symbols(snapshot, "other")
    assert not inlay_hints(snapshot, "other", Span(0, 0))
    assert not code_actions(snapshot, "other", Span(0, 0))
