"""Cards of what a layer costs, where it is held, and of layers that Keras does not see in their model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.card import Card, markdown, plain
from keras_lsp.features.hover import hover
from keras_lsp.features.wording import cost_text, flops_text
from keras_lsp.worker.report import CostReport
from tests.unit.features.views import KEY, at, current, static

if TYPE_CHECKING:
    from keras_lsp.worker.report import ReplayReport
    from tests.unit.features.conftest import Replayed

TEXT = """\
import keras


class Block(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4)

    def call(self, x):
        return self.dense(x)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.embed = keras.layers.Embedding(9, 4)
        self.first = Block()
        self.stages = []
        self.stages.append([])
        self.stages[0].append(keras.layers.Dense(3))
        self.head = keras.layers.Dense(3)
        self.head = keras.layers.Dense(2)

    def call(self, ids):
        x = self.first(self.embed(ids))
        return self.head(self.stages[0][0](x))


net = Net()
y = net(keras.Input((5,), dtype="int32"))
"""


def card(text: str, report: ReplayReport | None, marked: str) -> str:
    shown = hover(static(text) if report is None else current(text, report), KEY, at(text, marked))
    assert shown is not None
    return shown.text


def test_a_layers_cost(replayed: Replayed) -> None:
    shown = card(TEXT, replayed(TEXT), "self.de|nse(x)").splitlines()
    assert shown[1].startswith("(None, 5, 4) → (None, 5, 4) · 20 parameters")
    assert shown[2] == "180 FLOPs · activations 80 B per sample"


def test_without_arithmetic_there_are_only_activations(replayed: Replayed) -> None:
    shown = card(TEXT, replayed(TEXT), "self.em|bed(ids)").splitlines()
    assert shown[1].startswith("(None, 5) int32 → (None, 5, 4)")
    assert shown[2] == "activations 80 B per sample"


def test_a_model_with_parts_that_cannot_be_counted(replayed: Replayed) -> None:
    text = TEXT.replace("import keras\n", "import keras\nimport tensorflow as tf\n").replace(
        "return self.dense(x)", "return tf.nn.relu(self.dense(x))"
    )
    assert "\nat least 385 FLOPs · activations " in card(text, replayed(text), "class N|et")


def test_without_a_replay_nothing_is_said(replayed: Replayed) -> None:
    assert "FLOPs" not in card(TEXT, None, "self.de|nse(x)")
    assert "FLOPs" in card(TEXT, replayed(TEXT), "class N|et")


def test_a_layer_that_keras_does_not_see(replayed: Replayed) -> None:
    note = (
        "! Its weights are missing in `weights` of `Net`: it was put into `stages[0]` after `stages` was "
        "assigned, which Keras does not notice."
    )
    made = "self.stages[0].append(keras.layers.De|nse(3)"
    assert note in card(TEXT, replayed(TEXT), made).splitlines()
    assert "missing" not in card(TEXT, replayed(TEXT), "self.de|nse(x)")
    seen_by_keras_2 = TEXT.replace("import keras\n", "import tf_keras as keras\n")
    assert "missing" not in card(seen_by_keras_2, replayed(seen_by_keras_2, 2), made)


def test_a_replaced_layer_that_keras_still_lists(replayed: Replayed) -> None:
    note = "! `Net` still lists it in `.layers`, but no attribute holds it any more."
    assert note in card(TEXT, replayed(TEXT), "self.head = keras.layers.De|nse(3)")
    assert note not in card(TEXT, replayed(TEXT), "self.head = keras.layers.De|nse(2)")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 FLOPs"),
        (9_999, "9,999 FLOPs"),
        (12_345, "12.3 kFLOPs"),
        (204_800, "205 kFLOPs"),
        (7_764_221_808, "7,764 MFLOPs"),
        (28_296_026_112, "28.3 GFLOPs"),
        (3 * 10**17, "300,000 TFLOPs"),
    ],
)
def test_spelling_of_flops(count: int, text: str) -> None:
    assert flops_text(count) == text


def test_spelling_of_costs() -> None:
    assert cost_text(CostReport(4_160, 256)) == "4,160 FLOPs · activations 256 B per sample"
    assert cost_text(CostReport(4_160, None, complete=False)) == "at least 4,160 FLOPs per sample"
    assert cost_text(CostReport(None, None, complete=False)) == ""
    assert cost_text(None) == ""


def test_the_cost_stands_below_the_summary() -> None:
    shown = Card(
        "Dense", summary="(None, 3) → (None, 4)", cost="35 FLOPs per sample", configuration="units=4"
    )
    assert plain(shown).splitlines()[1:] == ["(None, 3) → (None, 4)", "35 FLOPs per sample", "units=4"]
    assert "\n\n(None, 3) → (None, 4)  \n35 FLOPs per sample  \n`units=4`" in markdown(shown)
