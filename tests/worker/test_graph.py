"""What feeds what inside models: replays compared with real Keras, and what a replay did not see."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from keras_lsp.worker.report import GraphReport, LayerReport, ReplayReport
    from tests.worker.driver import Worker

IMPORTS = "import numpy as np\nfrom tensorflow import keras\nlayers = keras.layers\n"

PROGRAMS = {
    "functional with operators, branches and two outputs": """
a = keras.Input((8,), name="left")
b = keras.Input((8,), name="right")
hidden = layers.Dense(8)(a)
model = keras.Model([a, b], [hidden + b, layers.Concatenate()([a, hidden, b])])
""",
    "a shared layer and a nested model": """
side = keras.Sequential([keras.Input((6,)), layers.Dense(4), layers.Dense(2)])
a = keras.Input((6,))
b = keras.Input((6,))
model = keras.Model([a, b], layers.Subtract()([side(a), side(b)]))
""",
    "a dict of inputs": """
given = {"ids": keras.Input((5,), dtype="int32"), "size": keras.Input((1,))}
words = layers.GlobalAveragePooling1D()(layers.Embedding(10, 3)(given["ids"]))
model = keras.Model(given, layers.Dense(1)(layers.Concatenate()([words, given["size"]])))
""",
    "a Sequential": """
model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])
""",
    "a residual network as a subclass": """
class Block(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.one, self.two, self.add = layers.Dense(units), layers.Dense(units), layers.Add()

    def call(self, inputs):
        return self.add([inputs, self.two(self.one(inputs))])


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(16)
        self.blocks = [Block(16) for _ in range(3)]
        self.norm = layers.LayerNormalization()
        self.heads = {"a": layers.Dense(2), "b": layers.Dense(3)}

    def call(self, inputs, training=False):
        x = self.first(inputs)
        for block in self.blocks:
            x = block(x, training=training) if False else block(x)
        x = self.norm(x)
        return {name: head(x) for name, head in self.heads.items()}


model = Net()
data = np.zeros((2, 16), "float32")
model(data)
""",
    "one layer called twice, on two inputs": """
class Siamese(keras.Model):
    def __init__(self):
        super().__init__()
        self.encode, self.join = layers.Dense(4), layers.Concatenate()

    def call(self, inputs):
        return self.join([self.encode(inputs["a"]), self.encode(inputs["b"])])


model = Siamese()
data = {"a": np.zeros((2, 3), "float32"), "b": np.zeros((2, 3), "float32")}
model(data)
""",
}


def real_edges(python: list[str], legacy: bool) -> dict[str, Any]:
    environment = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_USE_LEGACY_KERAS": "1" if legacy else "0",
    }
    done = subprocess.run(
        [*python, str(Path(__file__).with_name("edges_truth.py"))],
        input=json.dumps({title: IMPORTS + text for title, text in PROGRAMS.items()}),
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert not done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("legacy", [False, True], ids=["keras 3", "tf-keras 2"])
def test_edges_are_those_of_real_keras(
    keras_python: list[str], keras3_worker: Worker, tf_keras_worker: Worker, legacy: bool
) -> None:
    worker = tf_keras_worker if legacy else keras3_worker
    real = real_edges(keras_python, legacy)
    for title, text in PROGRAMS.items():
        report = worker.replay(IMPORTS + text)
        assert real[title], title
        assert edges(report, model_of(report)) == real[title], title


def model_of(report: ReplayReport) -> LayerReport:
    """What the program's variable `model` is: the last model made that is in no other."""
    within = {step.layer for layer in report.layers if layer.graph for step in layer.graph.steps}
    (found,) = [
        layer
        for layer in report.layers
        if layer.kind != "layer" and layer.id not in within and layer.created is not None
    ]
    return found


def edges(report: ReplayReport, model: LayerReport) -> list[list[Any]]:
    assert model.graph is not None
    names = step_names(report, model.graph)
    return sorted(
        [names[edge.source], names[edge.target], list(edge.tensor.shape[1:]) if edge.tensor else None]
        for edge in model.graph.edges
        if names[edge.source] and names[edge.target]
    )


def step_names(report: ReplayReport, graph: GraphReport) -> list[str]:
    """Of layers and operations Keras's names, of arguments and results none."""
    by_id = {layer.id: layer.name for layer in report.layers}
    return [
        by_id[step.layer] if step.layer is not None else step.name if step.kind == "operation" else ""
        for step in graph.steps
    ]


THROUGH_TENSORFLOW = """
import tensorflow as tf

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.a = layers.Dense(8)
        self.b = layers.Dense(4)

    def call(self, x):
        h = tf.nn.relu(self.a(x))
        return self.b(tf.concat([h, x], -1)) + tf.ones((4,))

model = Net()
model(keras.Input((16,)))
"""


@pytest.mark.parametrize("legacy", [False, True], ids=["keras 3", "tf-keras 2"])
def test_tensors_are_followed_through_tensorflow(
    keras3_worker: Worker, tf_keras_worker: Worker, legacy: bool
) -> None:
    text = IMPORTS + THROUGH_TENSORFLOW
    report = (tf_keras_worker if legacy else keras3_worker).replay(text)
    graph = model_of(report).graph
    assert graph is not None
    assert not graph.unknown
    assert not graph.incomplete
    told = [(graph.steps[e.source].kind, graph.steps[e.target].kind, e.through) for e in graph.edges]
    assert ("argument", "layer", ()) in told
    assert ("argument", "layer", ("ConcatV2",)) in told
    assert ("layer", "layer", ("Relu", "ConcatV2")) in told
    assert [through for _, kind, through in told if kind == "result"] == [("AddV2",)]
    called = [text[step.span[0] : step.span[1]] for step in graph.steps if step.span]
    assert called == ["self.a(x)", "self.b(tf.concat([h, x], -1))"]


def test_what_comes_from_elsewhere_is_said(keras3_worker: Worker) -> None:
    report = keras3_worker.replay(
        IMPORTS
        + """
outside = keras.Input((3,))

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.join = layers.Add()

    def call(self, x):
        return self.join([x, outside])

Net()(keras.Input((3,)))
"""
    )
    graph = model_of(report).graph
    assert graph is not None
    (joined,) = graph.unknown
    assert graph.steps[joined].kind == "layer"
    assert [edge.target for edge in graph.edges].count(joined) == 1


def test_a_chain_without_shapes(keras3_worker: Worker) -> None:
    """The second one takes nothing that the first one gives, so that no input can be guessed either."""
    report = keras3_worker.replay(IMPORTS + "model = keras.Sequential([layers.Flatten(), layers.LSTM(3)])\n")
    graph = model_of(report).graph
    assert graph is not None
    assert graph.origin == "order"
    assert [(edge.source, edge.target, edge.tensor) for edge in graph.edges] == [(0, 1, None)]


def test_places_of_functional_code(keras3_worker: Worker) -> None:
    text = (
        IMPORTS
        + """
a = keras.Input((3,))
model = keras.Model(a, layers.Dense(4)(a) * 2)
"""
    )
    graph = model_of(keras3_worker.replay(text)).graph
    assert graph is not None
    called = [text[step.span[0] : step.span[1]] for step in graph.steps if step.span]
    assert called == ["keras.Input((3,))", "layers.Dense(4)(a)", "layers.Dense(4)(a) * 2"]
