"""A model as text to be pasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.summary import summary
from tests.unit.features.views import KEY, at, current, static

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.features.conftest import Replayed

TWO = """import keras

small = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="only")])
large = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1000), small.layers[0].__class__(4)])
"""


def test_its_layers_line_up(replayed: Replayed) -> None:
    text = summary(current(TWO, replayed(TWO)), KEY, at(TWO, "kera|s.layers.Dense(2"))
    assert text is not None
    lines = text.splitlines()
    assert lines[:6] == [
        "small (Sequential) · (None, 3) → (None, 2) · 32 B",
        "",
        "layer           class                   output     parameters",
        "small           Sequential              (None, 2)           8",
        "├─ input_layer  InputLayer(shape=(3,))  (None, 3)           0",
        "└─ only         Dense(units=2)          (None, 2)           8",
    ]
    assert lines[-1].startswith("Keras 3.")


def test_of_the_model_that_is_meant(replayed: Replayed) -> None:
    snapshot = current(TWO, replayed(TWO))
    for marked, title in (("lar|ge = ", "large"), ("smal|l = ", "small"), ("impor|t keras", "small")):
        assert (summary(snapshot, KEY, at(TWO, marked)) or "").startswith(title)


def test_from_the_text_alone(seed: Callable[[str], str]) -> None:
    text = summary(static(seed("subclassed")), KEY, 0) or ""
    assert "dense1" in text
    assert "From the text alone: TensorFlow is not installed" in text
    assert summary(static("x = 1\n"), KEY, 0) is None
    assert summary(static(""), "file:///other.py", 0) is None
