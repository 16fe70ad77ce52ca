"""What the text says about built models and the order of layers is what Keras does, under both lines."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from keras_lsp.source.extract import extract
from keras_lsp.source.facts import Built

if TYPE_CHECKING:
    from tests.conftest import RunProgram

PROGRAM = """
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

def show(weights):
    print("weights", len(weights))

class Plain(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.b = layers.Dense(3, name="first")
        self.a = [layers.Dense(2, name="second"), layers.ReLU(name="third")]
        self.norm = layers.LayerNormalization(name="fourth")
        self.body = tf.keras.Sequential([layers.Dense(2)], name="fifth")

    def call(self, x):
        return self.body(self.norm(self.a[0](self.b(x))))

class Deep(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(3)
        self.blocks = [layers.Dense(8 * n) for n in range(1, 4)]
        self.wide = list(layers.ReLU() for _ in (1, 2))
        self.norms = [layers.LayerNormalization() for _ in range(2)]
        self.head = layers.Dense(1)

class Chain(tf.keras.Sequential):
    def __init__(self):
        super().__init__([layers.Dense(3)])

class Inner(layers.Layer):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(3)

    def call(self, x):
        return self.d(x)

class Graph(tf.keras.Model):
    def __init__(self):
        i = tf.keras.Input((3,))
        super().__init__(inputs=i, outputs=layers.Dense(1)(i))

marked = Plain()
marked.build((None, 4))
show(marked.layers[0].weights)
marked(tf.keras.Input((4,)))
show(marked.layers[0].weights)

called = Plain()
called(np.zeros((2, 4), "float32"))
show(called.b.weights)

fitted = Plain()
fitted.compile("sgd", "mse")
show(fitted.layers[1].weights)
fitted.fit(np.zeros((2, 4), "float32"), np.zeros((2, 2), "float32"), verbose=0)
show(fitted.weights)
predicted = Plain()
predicted.predict(np.zeros((2, 4), "float32"), verbose=0)
show(predicted.weights)

given = tf.keras.Sequential([tf.keras.Input((3,)), layers.Dense(1)])
show(given.weights)
shaped = tf.keras.Sequential([layers.Dense(1, input_shape=(3,)), layers.Dense(1)])
show(shaped.layers[1].weights)
dim = tf.keras.Sequential([layers.Dense(1, input_dim=3)])
show(dim.weights)
grown = tf.keras.Sequential()
grown.add(layers.Dense(1))
show(grown.layers[0].weights)
grown.build((None, 3))
show(grown.weights)
grown.add(layers.Dense(2))
show(grown.layers[1].weights)
begun = tf.keras.Sequential()
begun.add(layers.InputLayer((3,)))
begun.add(layers.Dense(1))
show(begun.weights)

chain = Chain()
chain.build((None, 3))
show(chain.weights)
inner = Inner()
inner(np.zeros((2, 4), "float32"))
show(inner.weights)
dense = layers.Dense(3)
show(dense.weights)
dense.build((None, 4))
show(dense.weights)
graph = Graph()
show(graph.weights)
for layer in marked.layers:
    print("layer", layer.name)
for layer in Deep().layers:
    print("deep", type(layer).__name__, getattr(layer, "units", None))
"""
KERAS = [pytest.param(False, id="keras3"), pytest.param(True, id="tf-keras2")]


@pytest.mark.parametrize("legacy", KERAS)
def test_states_of_uses(run_program: RunProgram, legacy: bool) -> None:
    run = run_program(PROGRAM, legacy)
    assert run.returncode == 0, run.stderr[-2000:]
    seen = [int(line.split()[1]) for line in run.stdout.splitlines() if line.startswith("weights ")]
    uses = extract(PROGRAM).weight_uses
    assert len(uses) == len(seen)
    for use, count in zip(uses, seen, strict=True):
        assert use.state is not Built.UNKNOWN, use.statement.of(PROGRAM)
        has_weights = use.state is Built.YES or (use.state is Built.MARKED and legacy)
        assert (count > 0) == has_weights, (use.statement.of(PROGRAM), use.state, count)


@pytest.mark.parametrize("legacy", KERAS)
def test_order_of_layers(run_program: RunProgram, legacy: bool) -> None:
    seen = [
        line.split()[1] for line in run_program(PROGRAM, legacy).stdout.splitlines() if line[:5] == "layer"
    ]
    model = extract(PROGRAM).model_class("Plain")
    assert model is not None
    assert model.layers is not None
    assert [slot.call.given_name for slot in model.layers if slot.call] == seen


@pytest.mark.parametrize("legacy", KERAS)
def test_order_of_layers_of_comprehensions(run_program: RunProgram, legacy: bool) -> None:
    seen = [x.split()[1:] for x in run_program(PROGRAM, legacy).stdout.splitlines() if x[:4] == "deep"]
    model = extract(PROGRAM).model_class("Deep")
    assert model is not None
    assert model.layers is not None
    assert [slot.path for slot in model.layers] == [
        "first", "blocks[0]", "blocks[1]", "blocks[2]", "wide[0]", "wide[1]", "norms[0]", "norms[1]", "head"
    ]  # fmt: skip
    assert [slot.call.class_name for slot in model.layers if slot.call] == [name for name, _ in seen]


@pytest.mark.parametrize(
    "given",
    [
        "self.a = [layers.Dense(n) for n in sizes]",  # nobody knows how many
        "self.a = [layers.Dense(n) for n in range(3) if n]",
        "d = layers.Dense(1)\n        self.a = [d for _ in range(3)]",  # one layer
        "self.a = [layers.Dense(1) for _ in range(2)] + [layers.Dense(1)]",
        "self.a = [(layers.Dense(1), layers.ReLU()) for _ in range(2)]",
        "self.a = {layers.Dense(1) for _ in range(2)}",
        "for _ in range(2):\n            self.a = [layers.Dense(1) for _ in range(2)]",
        "self.a = []\n        for _ in range(2):\n            self.a.append(layers.Dense(1))",
        "self.a = [layers.Dense(1) for _ in range(2)]\n        self.a.pop()",
        "self.a = [layers.Dense(1) for _ in range(10**6)]",
    ],
)
def test_order_is_left_open(given: str) -> None:
    text = "from tensorflow import keras\nfrom keras import layers\nclass M(keras.Model):\n"
    text += f"    def __init__(self, sizes):\n        super().__init__()\n        {given}\n"
    model = extract(text).model_class("M")
    assert model is not None
    assert model.slots
    assert model.layers is None


def test_the_program_is_python() -> None:
    assert ast.parse(PROGRAM)
