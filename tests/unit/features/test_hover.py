"""Cards at places of the founding examples, against what Keras itself says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.hover import hover
from tests.unit.features.views import KEY, at, current, stale, static

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import Replayed

NO_KERAS = "def f(model):\n    self = model.layers[0]\n    return self.weights[0]\n"


def card(snapshot: Snapshot, marked: str) -> str:
    text = snapshot.views[KEY].document.text
    shown = hover(snapshot, KEY, at(text, marked))
    assert shown is not None
    assert shown.span.touches(at(text, marked))
    return shown.text


@pytest.mark.parametrize(
    "marked", ["self.den|se1 = tf", "self.den|se1(inputs)", "model.layers[|0].weights", "model.layers[0|]"]
)
def test_layer_that_the_program_leaves_unbuilt(
    seed: Callable[[str], str], replayed: Replayed, marked: str
) -> None:
    text = seed("subclassed")
    shown = card(current(text, replayed(text)), marked)
    heading, note, *rest = shown.splitlines()
    assert heading == "Dense dense1 · named `dense`"
    assert note.startswith(
        "! No weights here yet: `model.build(...)` on line 22 only marks the model as built under Keras 3."
    )
    assert "(None, 32) → (None, 64) · would be 2,112 parameters · 8.25 KiB" in rest
    assert "  kernel  (32, 64)  float32" in rest
    assert "  bias    (64,)     float32" in rest
    assert 'line 13: self.dense1 = tf.keras.layers.Dense(64, activation="relu")' in rest
    assert rest[-1].startswith("Keras 3.")


def test_the_same_layer_under_tf_keras_2(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("subclassed")
    shown = card(current(text, replayed(text, 2)), "model.layers[|0].weights")
    assert "!" not in shown
    assert "(None, 32) → (None, 64) · 2,112 parameters · 8.25 KiB" in shown
    assert "tf-keras 2." in shown


def test_weights_of_a_functional_model(seed: Callable[[str], str], replayed: Replayed) -> None:
    snapshot = current(text := seed("functional"), replayed(seed("functional")))
    assert card(snapshot, "head.ker|nel").startswith("kernel · of Dense `head`\n(16, 10) float32 · trainable")
    assert card(snapshot, "weights[|1].shape").startswith("bias · of Dense `head`\n(10,) float32")
    shown = card(snapshot, 'get_layer("enc|oder")')
    assert shown.startswith("Functional encoder")
    assert "2  narrow    Dense       (None, 16)       1,040" in shown
    assert "(None, 32) → (None, 16) · 3,152 parameters" in shown
    assert text.count("encoder") > 1


def test_list_of_layers(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("nested")
    shown = card(current(text, replayed(text)), "print(model.lay|ers[0]")
    assert "0  block    Block  (None, 64)       1,216" in shown
    assert "2  head     Dense  (None, 10)         330" in shown


def test_one_slot_of_several_instances(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("nested")
    shown = card(current(text, replayed(text)), "self.den|se(inputs)")
    assert shown.startswith("Dense dense · 2 here")
    assert "(None, 16) → (None, 64)" in shown
    assert "(None, 64) → (None, 32)" in shown


def test_tensor_and_model(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("subclassed")
    snapshot = current(text, replayed(text))
    assert "(None, 64) float32" in card(snapshot, "|x = self.dense1")
    assert "(None, 32) float32" in card(snapshot, "call(self, inp|uts)")
    for marked in ("class MyM|odel", "mod|el = MyModel()"):
        shown = card(snapshot, marked)
        assert "MyModel" in shown
        assert "(None, 32) → (None, 10) · would be 2,762 parameters" in shown
        assert "1  dense_1  Dense  (None, 10)         650" in shown


def test_without_a_replay_the_card_says_why(seed: Callable[[str], str]) -> None:
    shown = card(static(seed("subclassed")), "self.den|se1(inputs)")
    assert shown.startswith("Dense dense1")
    assert 'activation="relu"' in shown
    assert "line 13: self.dense1 =" in shown
    assert shown.endswith("Shapes and weights are not known: TensorFlow is not installed")


def test_stale_report_says_so(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("subclassed")
    text = "import os\n" + old
    shown = card(stale(text, replayed(old), old), "self.den|se1(inputs)")
    assert "! Of the text before your last edit; it is being worked out again." in shown
    assert "line 14: self.dense1" in shown


def test_half_typed(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("subclassed")
    text = old.replace("return self.dense2(x)", "return self.dense2(x")
    assert "(None, 64)" in card(stale(text, replayed(old), old), "self.den|se1 = tf")
    assert card(static(text), "self.den|se1 = tf").startswith("Dense dense1")


def test_weights_come_later(replayed: Replayed) -> None:
    text = (
        "import tensorflow as tf\n"
        "dense = tf.keras.layers.Dense(4)\n"
        "print(dense.name)\n"
        "y = dense(tf.keras.Input((3,)))\n"
        "print(dense.units)\n"
    )
    snapshot = current(text, replayed(text))
    assert "! No weights here yet: they are made further down" in card(snapshot, "print(den|se.name)")
    assert "!" not in card(snapshot, "print(den|se.units)")


def test_nothing_where_there_is_no_keras() -> None:
    snapshot = static(NO_KERAS)
    assert all(hover(snapshot, KEY, offset) is None for offset in range(len(NO_KERAS) + 1))


STEP = """import keras
import numpy as np


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def train_step(self, data):
        x, y = data
        return {"loss": keras.ops.mean(self.dense(x))}


net = Net()
net.compile("sgd")
net.fit(np.zeros((8, 4)), np.zeros((8, 3)))
"""
STOPPED = """import keras

sizes = {"first": 4}


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(sizes["second"])
        self.later = keras.layers.Dense(2)

    def call(self, x):
        return self.dense(x)


net = Net()
"""


def test_weights_that_only_a_training_step_makes(replayed: Replayed) -> None:
    shown = card(current(STEP, replayed(STEP)), "self.den|se = ")
    assert (
        "! No weights here yet: `fit` on line 17 makes them in the model's own `train_step`, "
        "from data of ((None, 4), (None, 3)):"
    ) in shown
    assert "(None, 4) → (None, 3) · would be 15 parameters" in shown


def test_a_place_that_a_replay_did_not_reach_says_what_stopped_it(replayed: Replayed) -> None:
    snapshot = current(STOPPED, replayed(STOPPED))
    assert "this raised KeyError: 'second'" in card(snapshot, "self.den|se = ")
    assert "a replay did not come here; it met KeyError: 'second'" in card(snapshot, "self.lat|er = ")
