"""A rule that a comment names explains itself on hover."""

from __future__ import annotations

import pytest

from keras_lsp.features.hover import hover
from tests.unit.features.views import KEY, at, static

TEXT = "import keras\n\nprint(1)  # keras-lsp: ignore[{}]\nprint('# keras-lsp: ignore[KL101]')\n"


@pytest.mark.parametrize("name", ["KL101", "weights-before-build"])
def test_its_name_tells_what_it_is_about(name: str) -> None:
    text = TEXT.format(f"KL102, {name}")
    shown = hover(static(text), KEY, at(text, f", {name[:3]}|{name[3:]}]"))
    assert shown is not None
    assert shown.markdown.startswith("# KL101 weights-before-build")
    assert "Works:" in shown.text
    assert shown.span.of(text) == name


@pytest.mark.parametrize("place", ["ig|nore[KL9", "KL9|99", "('# keras-lsp: ignore[KL1|01"])
def test_elsewhere_nothing_is_said(place: str) -> None:
    text = TEXT.format("KL999")
    assert hover(static(text), KEY, at(text, place)) is None
