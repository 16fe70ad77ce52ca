"""The data of the model view, from what real Keras did, and from the text alone."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.layer_family import family
from keras_lsp.features.model_view import model_view
from tests.unit.features.views import KEY, at, current, static

if TYPE_CHECKING:
    from keras_lsp.features.view_data import ModelView, ViewLayer
    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import Replayed

NESTED = """\
from tensorflow import keras
from tensorflow.keras import layers


class Block(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense = layers.Dense(units, activation="relu")
        self.norm = layers.LayerNormalization()

    def call(self, inputs):
        return self.norm(inputs + self.dense(inputs))


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [Block(8), Block(8)]
        self.head = layers.Dense(2)

    def call(self, inputs):
        x = inputs
        for block in self.blocks:
            x = block(x)
        return self.head(x)


net = Net()
net(keras.Input((8,)))
other = keras.Sequential([layers.Dense(3, name="first"), layers.Dense(4)])
"""


def shown(snapshot: Snapshot, offset: int | None = None) -> ModelView:
    view = model_view(snapshot, KEY, offset)
    assert view is not None
    return view


def layer_of(view: ModelView, title: str) -> ViewLayer:
    (model,) = [model for model in view.models if model.title == title]
    return view.layers[model.id]


def lines(layer: ViewLayer) -> list[str]:
    """Edges as `source -> target shape`."""
    return [
        f"{layer.steps[e.source].label or layer.steps[e.source].kind} -> "
        f"{layer.steps[e.target].label or layer.steps[e.target].kind} {e.shape}"
        for e in layer.edges
    ]


def test_models_their_edges_and_places(replayed: Replayed) -> None:
    view = shown(current(NESTED, replayed(NESTED)))
    assert view.origin == "replay"
    assert [(m.title, m.inner) for m in view.models] == [("net", False), ("other", False), ("Block", True)]
    net = layer_of(view, "net")
    assert lines(net) == [
        "inputs -> blocks[0] (None, 8)",
        "blocks[0] -> blocks[1] (None, 8)",
        "blocks[1] -> head (None, 8)",
        "head -> result (None, 2)",
    ]
    block = layer_of(view, "Block")
    assert lines(block) == [
        "inputs -> dense (None, 8)",
        "inputs -> Add (None, 8)",
        "dense -> Add (None, 8)",
        "Add -> norm (None, 8)",
        "norm -> result (None, 8)",
    ]
    dense = view.layers[next(step.layer for step in block.steps if step.layer is not None)]
    assert dense.parameters == 8 * 8 + 8
    assert dense.bytes == 4 * dense.parameters
    assert dense.config == "units=8, activation='relu'"
    assert [(w.name, w.shape) for w in dense.weights] == [("kernel", "(8, 8)"), ("bias", "(8,)")]
    assert dense.made is not None
    assert dense.made.of(NESTED) == 'layers.Dense(units, activation="relu")'
    assert [span.of(NESTED) for span in dense.called] == ["self.dense(inputs)"]
    assert net.weights == ()  # a model's own, not those of its layers
    assert net.parameters == 2 * (72 + 16) + 18
    chain = layer_of(view, "other")
    assert [step.label for step in chain.steps[1:]] == ["first", "dense_3", ""]  # nothing calls it: a guess
    assert "guess" in " ".join(chain.notes)


def test_what_is_open_holds_when_a_layer_is_put_in_before(replayed: Replayed) -> None:
    """Keras numbers names and replays number layers; keys are neither."""
    before = shown(current(NESTED, replayed(NESTED)))
    edited = NESTED.replace("self.head =", "self.more = layers.Dense(5)\n        self.head =").replace(
        "net = Net()", "first = layers.Dense(7)\nnet = Net()"
    )
    after = shown(current(edited, replayed(edited)))
    assert [model.key for model in after.models] == [model.key for model in before.models]
    for title in ("net", "other", "Block"):
        old, new = layer_of(before, title), layer_of(after, title)
        assert [step.key for step in new.steps] == [step.key for step in old.steps]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("self.he|ad = ", ["Dense head"]),
        ("return self.head(|x)", ["Dense head"]),
        ("class Bl|ock", ["Block blocks[0]", "Block blocks[1]"]),
        ("        super().__i|nit__()\n        self.dense", ["Block blocks[0]", "Block blocks[1]"]),
        ("net| = Net()", ["Net net"]),
        ("|from tensorflow import", []),
    ],
)
def test_here(replayed: Replayed, marked: str, expected: list[str]) -> None:
    view = shown(current(NESTED, replayed(NESTED)), at(NESTED, marked))
    labels = {s.layer: s.label for layer in view.layers for s in layer.steps if layer.class_name == "Net"}
    labels |= {model.id: model.title for model in view.models if model.id not in labels}
    assert [f"{view.layers[i].class_name} {labels[i]}" for i in view.here] == expected


def test_what_the_program_raises_and_does_not_tell(replayed: Replayed) -> None:
    text = NESTED + "import nowhere\nlast = layers.Dense(nowhere.size)\nnet.layers[9]\n"
    view = shown(current(text, replayed(text)))
    (failure,) = view.failures
    assert failure.message.startswith("IndexError")
    assert failure.span is not None
    assert failure.span.of(text) == "net.layers[9]"
    assert any("nowhere" in hole.reason for hole in view.holes)


def test_a_half_typed_text_keeps_what_the_text_says() -> None:
    view = shown(static(NESTED.replace("self.head = layers.Dense(2)", "self.head = layers.Dense(")))
    assert view.origin == "text"
    net = layer_of(view, "Net")
    assert [step.label for step in net.steps][:2] == ["blocks[0]", "blocks[1]"]


def test_without_keras_the_text_gives_layers_without_shapes() -> None:
    view = shown(static(NESTED), at(NESTED, "self.he|ad = "))
    assert [(model.title, model.inner) for model in view.models] == [
        ("Net", False),
        ("other", False),
        ("Block", True),
    ]
    net = layer_of(view, "Net")
    assert net.origin == "held"
    assert not net.edges
    assert [(step.label, view.layers[step.layer or 0].class_name) for step in net.steps] == [
        ("blocks[0]", "Block"),
        ("blocks[1]", "Block"),
        ("head", "Dense"),
    ]
    (here,) = view.here
    assert view.layers[here].config == "units=2"
    assert all(layer.parameters is None and not layer.output for layer in view.layers)
    chain = layer_of(view, "other")
    assert chain.origin == "order"
    assert [(edge.source, edge.target, edge.shape) for edge in chain.edges] == [(0, 1, "")]


def test_a_text_without_models() -> None:
    assert shown(static("import os\n")).models == ()
    assert model_view(static(""), "file:///another.py") is None


def test_a_sequential_is_one_model(replayed: Replayed) -> None:
    """Keras 3 keeps its graph in another model, which the program does not have."""
    text = (
        "from tensorflow import keras\n"
        "net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\n"
        "ready = keras.applications.MobileNetV3Small(weights=None, input_shape=(64, 64, 3))\n"
    )
    view = shown(current(text, replayed(text)))
    assert [model.title for model in view.models if not model.inner] == ["net", "ready"]


def test_families_follow_keras_own_packages() -> None:
    """The package that the real class is in is what the class does."""
    packages = {
        "activations": "activation",
        "attention": "attention",
        "convolutional": "conv",
        "merging": "merge",
        "normalization": "norm",
        "pooling": "pooling",
        "preprocessing": "preprocessing",
        "regularization": "regularization",
        "reshaping": "shape",
        "rnn": "recurrent",
    }
    keras = importlib.util.find_spec("keras")
    assert keras is not None
    assert keras.origin is not None
    wrong = {}
    for package, expected in packages.items():
        for file in (Path(keras.origin).parent / "src" / "layers" / package).glob("*.py"):
            if not file.name.startswith("base_") and not file.name.endswith("_test.py"):
                for node in ast.parse(file.read_text(encoding="utf-8")).body:
                    if not isinstance(node, ast.ClassDef) or "keras_export" not in ast.dump(node):
                        continue
                    if family(node.name) not in (expected, "wrapper"):
                        wrong[node.name] = (package, family(node.name))
    assert wrong == {}
