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

NO_TENSORFLOW = "TensorFlow is not installed"
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


SAYING = """import keras
import numpy as np
import tensorflow as tf


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [keras.layers.Dense(1) for _ in range(3)]
        self.a = keras.layers.Dense(1)


class Signed(keras.Model):
    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    def call(self, x):
        return x


class Annotated(keras.Model):
    def call(self, x: Float[Tensor, "batch 32"]):
        return x


# keras-lsp: input=(None, 7)
class Pinned(keras.Model):
    pass


class Silent(keras.Model):
    def call(self, x: tf.Tensor):
        return x


"""


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ("net.build((None, 32))", "input (None, 32), from `net.build((None, 32))` on line 35"),
        ("x = np.random.rand(8, 4).astype('float32')\nnet(x)", "input (8, 4), from `net(x)` on line 36"),
        ("net(tf.zeros([1, n]))", "input (1, n), from `net(tf.zeros([1, n]))` on line 35"),
        ("net(np.random.normal(size=(2, 3)))", "input (2, 3), from"),
        ("net(keras.Input((5,)))", "input (None, 5), from"),
        ("net(tf.random.uniform(shape=(2, 3)))", "input (2, 3), from"),
        ("x = np.arange(12).reshape(-1, 3)\nnet(x)", "input (None, 3), from"),
        ("x = np.ones((60, 28, 28))\nnet.fit(x, x)", "input (None, 28, 28), from `net.fit(x, x)` on line 36"),
        ("def f():\n    net.predict(np.ones((4, 3)))", "input (None, 3), from"),
        ("net(tf.constant(np.zeros((2, 2))))", "input (2, 2), from"),
    ],
)
def test_input_that_the_text_says(statements: str, told: str) -> None:
    text = f"{SAYING}net = Net()\n{statements}\n"
    shown = card(static(text), "ne|t = Net()")
    assert any(line.startswith(told) for line in shown.splitlines()), shown
    assert told in card(static(text), "class Ne|t(")


@pytest.mark.parametrize(
    "statements",
    [
        "",
        "net(data)",
        "net(tf.zeros(shape))",
        "x = np.ones((2, 3))\nif flag:\n    x = np.ones((2, 4))\nnet(x)",
        "x = np.ones((2, 3))\nx = load()\nnet(x)",
        "def f(x):\n    net(x)\nx = np.ones((2, 3))",
        "x = np.ones((2, 3))\nfor x in data:\n    net(x)",
        "net.fit(data)",
        "net(np.zeros((",
    ],
)
def test_input_that_the_text_does_not_say(statements: str) -> None:
    text = f"{SAYING}net = Net()\n{statements}\n"
    assert "input (" not in card(static(text), "ne|t = Net()")


@pytest.mark.parametrize(
    ("marked", "told"),
    [
        ("class Sig|ned", "input (None, 4), from its `call`"),
        ("class Anno|tated", "input (batch, 32), from its `call`"),
        ("class Pin|ned", "input (None, 7), pinned on line 24"),
    ],
)
def test_input_that_a_class_says(marked: str, told: str) -> None:
    assert told in card(static(SAYING), marked)


def test_a_class_that_says_no_input() -> None:
    assert "input" not in card(static(SAYING), "class Sil|ent")


def test_how_many_layers_a_loop_makes() -> None:
    assert "3 layers, made in a loop" in card(static(SAYING), "self.blo|cks")


KEEPING = """import keras
from keras.layers import Dense


class Agent:
    def __init__(self, states):
        self.model = self._build(states)
        self.target = self._build(states)

    def _build(self, states):
        model = keras.Sequential()
        model.add(Dense(24, input_dim=states))
        model.add(Dense(2, name="head"))
        return model

    def act(self, state):
        self.model.layers[0].kernel
        self.model.layers[1]
        self.states.layers[0]
        return self.target.predict(state)
"""


def test_a_model_that_an_agent_keeps(replayed: Replayed) -> None:
    for marked in ("self.mo|del.layers[0]", "self.mo|del = "):
        shown = card(static(KEEPING), marked).splitlines()
        assert shown[0] == "Sequential self.model"
        assert "  0        Dense  units=24, input_dim=states" in shown
        assert "  1  head  Dense  units=2" in shown
    assert card(static(KEEPING), "self.tar|get.predict").startswith("Sequential self.target")
    assert card(static(KEEPING), "self.model.layers[|1]").startswith("Dense head")
    assert hover(static(KEEPING), KEY, at(KEEPING, "self.sta|tes.layers")) is None
    text = KEEPING + "\nagent = Agent(4)\n"
    assert "746 parameters" not in card(static(text), "self.mo|del.layers")
    assert "parameters" in card(current(text, replayed(text)), "self.mo|del = ")


WHOSE = """\
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(3, activation="relu")
        self.heads = {"a": layers.Dense(1), "b": layers.Dense(2)}

    def call(self, inputs):
        x = self.first(inputs)
        return {name: run(head, x) for name, head in self.heads.items()}


def run(part, x):
    return part(x)


net = Net()
out = net(keras.Input((4,), name="given"))
net.get_weights()
net.first.weights
"""


def test_whose_weights_a_list_has(replayed: Replayed) -> None:
    snapshot = current(WHOSE, replayed(WHOSE))
    rows = [line.split() for line in card(snapshot, "net.get_wei|ghts()").splitlines()]
    table = [row for row in rows if row[:1] and row[0].isdigit()]
    assert [row[1:3] for row in table] == [
        ["first", "kernel"],
        ["first", "bias"],
        ["heads['a']", "kernel"],
        ["heads['a']", "bias"],
        ["heads['b']", "kernel"],
        ["heads['b']", "bias"],
    ]
    assert "first  kernel" not in card(snapshot, "net.first.wei|ghts")  # all are of that layer


def test_a_name_that_only_the_replay_knows(replayed: Replayed) -> None:
    shown = card(current(WHOSE, replayed(WHOSE)), "pa|rt(x)")
    assert shown.startswith("Dense part · 2 here")
    assert hover(static(WHOSE), KEY, at(WHOSE, "pa|rt(x)")) is None
    assert hover(current(WHOSE, replayed(WHOSE)), KEY, at(WHOSE, "for na|me, head")) is None


def test_what_an_input_is(replayed: Replayed) -> None:
    shown = card(current(WHOSE, replayed(WHOSE)), "keras.In|put(")
    assert shown.splitlines()[:2] == ["Input given", "(None, 4) float32"]
    assert "not known" not in shown
    assert "TensorFlow is not installed" in card(static(WHOSE), "keras.In|put(")


def test_what_an_argument_is_here(replayed: Replayed) -> None:
    snapshot = current(WHOSE, replayed(WHOSE))
    assert card(snapshot, "activa|tion=").endswith('Here activation="relu": (None, 4) → (None, 3)')
    assert card(static(WHOSE), "activa|tion=").endswith('Here activation="relu"')


PRETRAINED = """\
import keras

base = keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3), alpha=0.35)
x = base.output
middle = base.get_layer("block_6_expand_relu").output
features = keras.Model(base.input, [middle, x])
print(features.outputs, x.shape, 1 + len(base.output))
"""


def test_the_constructor_of_a_pretrained_model_has_its_card(replayed: Replayed) -> None:
    """Its layers are made by Keras's own code, not by the call in the text."""
    shown = card(current(PRETRAINED, replayed(PRETRAINED)), "MobileNet|V2(")
    assert shown.startswith(
        "Functional mobilenetv2_0.35_96 · 154 layers\n(None, 96, 96, 3) → (None, 3, 3, 1280)"
    )
    assert "not known" not in shown


@pytest.mark.parametrize(
    ("marked", "told"),
    [
        ("|x = ", "tensor x\n(None, 3, 3, 1280) float32"),
        ("mid|dle = ", "tensor middle\n(None, 12, 12, 96) float32"),
        ('relu").out|put', "tensor output\n(None, 12, 12, 96) float32"),
        ("base.in|put", "tensor input\n(None, 96, 96, 3) float32"),
        ("features.out|puts", "tensor outputs\n[(None, 12, 12, 96) float32, (None, 3, 3, 1280) float32]"),
    ],
)
def test_the_tensors_of_a_graph_that_a_model_has(replayed: Replayed, marked: str, told: str) -> None:
    assert card(current(PRETRAINED, replayed(PRETRAINED)), marked).startswith(told)


@pytest.mark.parametrize("marked", ["x.sha|pe", "le|n(base"])
def test_what_is_no_tensor_has_no_card_of_one(replayed: Replayed, marked: str) -> None:
    assert hover(current(PRETRAINED, replayed(PRETRAINED)), KEY, at(PRETRAINED, marked)) is None


NESTED = """\
import keras
from keras import layers


class Block(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense = layers.Dense(units)

    def call(self, x):
        return self.dense(x)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [Block(3) for _ in range(2)]
        self.encoder = keras.Sequential([layers.Dense(2, name="inner")])
        self.heads = {"a": layers.Dense(1), "b": layers.Dense(1)}

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.heads["a"](self.encoder(x))


net = Net()
net(keras.Input((4,)))
net.get_weights()
net.blocks[0].weights
"""


def test_weights_of_layers_in_layers_say_by_which_way_they_are_reached(replayed: Replayed) -> None:
    snapshot = current(NESTED, replayed(NESTED))
    rows = [line.split()[1:3] for line in card(snapshot, "net.get_wei|ghts()").splitlines() if "(" in line]
    assert [row for row in rows if row[-1] == "kernel"] == [
        ["blocks[0].dense", "kernel"],
        ["blocks[1].dense", "kernel"],
        ["encoder/inner", "kernel"],
        ["heads['a']", "kernel"],
    ]


def test_a_dict_of_layers_is_named_as_a_whole(replayed: Replayed) -> None:
    shown = card(current(NESTED, replayed(NESTED)), "self.hea|ds = ").splitlines()
    assert shown[0] == "Dense heads · 2 here"
    assert shown[1] == "! 1 of 2: No weights yet: nothing calls it on an input."
    assert [line.split()[0] for line in shown if line.startswith("  heads")] == ["heads['a']", "heads['b']"]
    assert card(current(NESTED, replayed(NESTED)), 'self.heads["|a"]').startswith("Dense heads['a'] · named")
    text = NESTED.replace('self.heads["a"](', "(")
    of_none = card(current(text, replayed(text)), "self.hea|ds = ")
    assert "! No weights yet: nothing calls it on an input." in of_none


BEYOND = """\
import keras
from somewhere import head

net = keras.Sequential([keras.Input((4,))])
net.add(head())
print(net.layers[3], net.layers[1])
config = head.read()
print(config.layers[0])
"""


@pytest.mark.parametrize(("marked", "title"), [("net.layers[|1]", "Layer"), (", net.lay|ers", "layers")])
def test_what_a_replay_did_not_come_to_says_why(replayed: Replayed, marked: str, title: str) -> None:
    shown = card(current(BEYOND, replayed(BEYOND)), marked)
    assert shown.startswith(f"{title}\nShapes and weights are not known: line 6 raised IndexError")
    assert card(static(BEYOND), marked) == f"{title}\nShapes and weights are not known: {NO_TENSORFLOW}"


@pytest.mark.parametrize("marked", ["config.layers[|0]", "config.lay|ers"])
def test_of_what_may_be_no_model_nothing_is_said(replayed: Replayed, marked: str) -> None:
    assert hover(static(BEYOND), KEY, at(BEYOND, marked)) is None
    assert hover(current(BEYOND, replayed(BEYOND)), KEY, at(BEYOND, marked)) is None


@pytest.mark.parametrize(
    ("marked", "title"),
    [("aga|in = ", "Model again"), ("again.lay|ers", "layers"), ("again.layers[|0]", "Layer")],
)
def test_what_comes_from_a_file_says_so(replayed: Replayed, marked: str, title: str) -> None:
    text = 'import keras\n\nagain = keras.models.load_model("net.keras")\nagain.layers[0]\n'
    title_line, why = card(current(text, replayed(text)), marked).splitlines()
    assert title_line == title
    assert why.endswith(
        "not known: `load_model` gives what is in `net.keras`, which is not there, or cannot be read"
    )


@pytest.mark.parametrize(
    ("marked", "title", "rows"),
    [
        ("chain.lay|ers", "layers · of Sequential, 2", ["0  a  Dense  units=3", "1     ReLU"]),
        ("grown.lay|ers", "layers", []),  # how many there are, is not known
        ("graph.lay|ers", "layers", []),  # it has its inputs in it, and Keras orders it
    ],
)
def test_the_layers_of_a_sequential_from_the_text_alone(marked: str, title: str, rows: list[str]) -> None:
    shown = card(static(LISTED), marked).splitlines()
    assert shown[0] == title
    assert [line.strip() for line in shown[1:-1] if line.strip()] == rows
    assert shown[-1] == f"Shapes and weights are not known: {NO_TENSORFLOW}"


LISTED = """\
import keras
from keras import layers

chain = keras.Sequential([keras.Input((3,)), layers.Dense(3, name="a"), layers.ReLU()])
chain.layers
grown = keras.Sequential([layers.Dense(3)])
for _ in range(depth):
    grown.add(layers.Dense(3))
grown.add(layers.ReLU())
grown.layers
inputs = keras.Input((3,))
graph = keras.Model(inputs, layers.Dense(2)(inputs))
graph.layers
"""
