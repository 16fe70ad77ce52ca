"""Weights that a class makes for itself: from the text, and as Keras really made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.completion import complete
from keras_lsp.features.definition import definition
from keras_lsp.features.hover import hover
from tests.unit.features.views import KEY, at, current, cursor, static

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import Replayed

TEXT = """import keras

class Scale(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units
        self.offset = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            (input_shape[-1], self.units), "ones", name="factor"
        )

    def call(self, x):
        return x @ self.kernel + self.offset

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.scale = Scale(4)

    def call(self, x):
        return self.scale(x)

net = Net()
net(keras.Input((5,)))
net.scale.kernel
net.scale.offset
"""


def card(snapshot: Snapshot, marked: str) -> list[str]:
    shown = hover(snapshot, KEY, at(TEXT, marked))
    assert shown is not None
    return shown.text.splitlines()


@pytest.mark.parametrize("marked", ["self.ker|nel =", "self.ker|nel +", "net.scale.ker|nel"])
def test_as_the_text_says_it(marked: str) -> None:
    assert card(static(TEXT, 3), marked) == [
        "kernel · weight of Scale",
        'shape=(input_shape[-1], self.units), initializer="ones", name="factor"',
        "line 10: self.kernel = self.add_weight(",
        '             (input_shape[-1], self.units), "ones", name="factor"',
        "         )",
        "Shapes and weights are not known: TensorFlow is not installed",
    ]


def test_arguments_by_position_mean_other_things_under_tf_keras_2() -> None:
    text = TEXT.replace('(input_shape[-1], self.units), "ones", name="factor"', '"factor", (3, self.units)')
    shown = hover(static(text, 2), KEY, at(text, "net.scale.ker|nel"))
    assert shown is not None
    assert shown.text.splitlines()[1] == 'name="factor", shape=(3, self.units)'
    refused = hover(static(text, 3), KEY, at(text, "net.scale.ker|nel"))
    assert refused is not None
    assert refused.text.splitlines()[1] == '"factor", (3, self.units)'


@pytest.mark.parametrize(
    ("marked", "title", "facts"),
    [
        (
            "net.scale.ker|nel",
            "kernel · of Scale `scale`",
            "(5, 4) float32 · trainable · 20 parameters · 80 B",
        ),
        ("self.ker|nel +", "kernel · of Scale `scale`", "(5, 4) float32 · trainable · 20 parameters · 80 B"),
        ("net.scale.off|set", "offset · of Scale `scale`", "() float32 · not trainable · 1 parameter · 4 B"),
    ],
)
def test_as_keras_made_it(replayed: Replayed, marked: str, title: str, facts: str) -> None:
    shown = card(current(TEXT, replayed(TEXT)), marked)
    assert shown[:2] == [title, facts]
    assert any(line.startswith("line ") and "add_weight" in line for line in shown)


@pytest.mark.parametrize("marked", ["self.ker|nel +", "net.scale.ker|nel"])
def test_goes_to_where_it_is_made(replayed: Replayed, marked: str) -> None:
    for snapshot in (static(TEXT), current(TEXT, replayed(TEXT))):
        (place,) = definition(snapshot, KEY, at(TEXT, marked))
        assert place.span.start == TEXT.index("self.kernel = ")


def test_offered_below_self_and_below_a_layer(replayed: Replayed) -> None:
    text, offset = cursor(TEXT + "net.scale.‸")
    offered = {item.label: item.detail for item in complete(static(text, 3), KEY, offset)}
    assert offered["kernel"] == "shape=(input_shape[-1], self.units)"
    assert offered["offset"] == "shape=()"
    seen = {item.label: item.detail for item in complete(current(text, replayed(TEXT)), KEY, offset)}
    assert seen["kernel"] == "(5, 4)  float32"
    assert "factor" not in seen
    text, offset = cursor(TEXT.replace("return x @ self.kernel", "return x @ self.‸"))
    assert [item.label for item in complete(static(text), KEY, offset)] == ["offset", "kernel"]
