"""What is offered to be filled in, where, and that it is Keras which works."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.completion import complete
from keras_lsp.features.results import Completion, CompletionKind, TextEdit
from keras_lsp.features.snippets import plain
from tests.unit.features.views import KEY, applied, cursor, static

if TYPE_CHECKING:
    from tests.conftest import RunProgram

KERAS = "import tensorflow as tf\nimport keras\nfrom keras import layers\n\n\n"
MODEL = f"{KERAS}class M(keras.Model):\n    def __init__(self, width, depth=2):\n        self.width = width\n"
LAYER = MODEL.replace("keras.Model", "layers.Layer")


def offered(marked: str) -> dict[str, Completion]:
    text, offset = cursor(marked)
    items = complete(static(text, 3), KEY, offset)
    return {item.label: item for item in items if item.kind is CompletionKind.SNIPPET}


def taken(marked: str, label: str, **filled: str) -> str:
    """The text with the snippet as it proposes itself; an editor indents it by its first line."""
    text, _ = cursor(marked)
    item = offered(marked)[label]
    line = text[: item.replace.start].rpartition("\n")[2]
    indent = line[: len(line) - len(line.lstrip())]
    insert = item.insert
    for proposed, said in filled.items():
        insert = re.sub(rf"\$\{{\d:{proposed}\}}", said, insert)
    inserted = plain(insert).replace("\n", f"\n{indent}")
    return applied(text, (TextEdit(item.replace, inserted), *item.also))


@pytest.mark.parametrize(
    ("marked", "labels"),
    [
        (f"{KERAS}mod‸", {"keras-model"}),
        (f"{KERAS}k‸", {"keras-model", "keras-layer", "keras-functional"}),
        ("k‸", {"keras-model", "keras-layer", "keras-functional"}),
        ("mod‸", set()),  # not in a file that has nothing to do with Keras
        (f"{KERAS}x = mod‸", set()),
        (f"{KERAS}def f():\n    mod‸", set()),
        (f"{KERAS}'mod‸", set()),
        (f"{MODEL}\n    ca‸", {"call"}),
        (f"{MODEL}\n    def ‸", {"call", "build", "get_config", "train_step"}),
        (f"{LAYER}\n    def bu‸", {"build"}),
        (f"{LAYER}\n    def ‸", {"call", "build", "get_config", "compute_output_shape"}),
        (
            f"{MODEL}\n    def call(self, x):\n        return x\n\n    def ‸",
            {"build", "get_config", "train_step"},
        ),
        (f"{MODEL}        ca‸", set()),
        (f"{MODEL}\n    x = ca‸", set()),
        (f"{MODEL}\nca‸", set()),
        (f"{KERAS}class Plain:\n    ca‸", set()),
        (
            "import keras\n\n\nclass M(keras.Model):\n    def ‸",
            {"call", "build", "get_config"},
        ),  # no TensorFlow
    ],
)
def test_where(marked: str, labels: set[str]) -> None:
    assert set(offered(marked)) == labels


def test_the_words_of_the_file_are_used() -> None:
    assert taken(f"{LAYER}\n    def get_c‸", "get_config") == (
        f"{LAYER}\n    def get_config(self):\n        return {{\n            **super().get_config(),\n"
        '            "width": self.width,\n        }'
    )
    text = taken("import tensorflow as t\n\nm = t.keras.Input((3,))\nmod‸", "keras-model")
    assert "class MyModel(t.keras.Model):\n" in text
    assert "t.keras.layers.Dense(64" in text
    assert taken("ker‸", "keras-model").startswith("import keras\n\n\nclass MyModel(keras.Model):\n")
    text = taken('"""Docs."""\nimport os\n\nker‸', "keras-layer")
    assert text.startswith('"""Docs."""\nimport os\nimport keras\n\nclass MyLayer(keras.layers.Layer):\n')


def test_what_an_editor_compares_begins_like_what_is_typed() -> None:
    item = offered(f"{MODEL}\n    def  bu‸")["build"]
    assert item.filter == "def  build"
    assert item.replace.of(f"{MODEL}\n    def  bu") == "def  bu"


@pytest.mark.parametrize("legacy", [False, True])
def test_they_run_in_keras(legacy: bool, run_program: RunProgram) -> None:
    """A model and a layer are made of them, trained, and made anew from their configuration."""
    text = "import tensorflow as tf\n\nkeras = tf.keras\nlayers = keras.layers\n\n\n"
    for label in ("keras-model", "keras-layer", "keras-functional"):
        text = f"{taken(f'{text}ker‸', label)}\n\n\n"
    text += f"class M(keras.Model):\n{INIT}"
    text = taken(f"{text}    c‸", "call", **{"return inputs": "return self.dense(inputs)"})
    for label in ("build", "get_config", "train_step"):
        text = taken(f"{text}\n\n    def ‸", label)
    text = f"{text}\n\n\nclass L(layers.Layer):\n{INIT.replace('self.dense', '_')}"
    text = taken(f"{text}    c‸", "call", **{"return inputs": "return inputs @ self.kernel"})
    for label in ("build", "get_config", "compute_output_shape"):
        text = taken(f"{text}\n\n    def ‸", label, units="self.units")
    ran = run_program(f"{text}\n\n\n{USE}", legacy)
    assert ran.returncode == 0, f"{text}\n{ran.stderr}"
    assert ran.stdout.splitlines() == ["64 64 10", "64", "5 5", "['loss']"]


INIT = """\
    def __init__(self, units=64, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)

"""
USE = """\
x, y = tf.ones((4, 3)), tf.ones((4, 64))
print(MyModel()(x).shape[-1], MyLayer(64)(x).shape[-1], model(tf.ones((4, 32))).shape[-1])
m = M.from_config(M(64).get_config())
m.build((None, 3))
assert [tuple(w.shape) for w in m.weights] == [(3, 64), (64,)]
print(m(x).shape[-1])
layer = L.from_config(L(5).get_config())
print(layer(x).shape[-1], layer.compute_output_shape((None, 3))[-1])
m.compile(loss="mse", optimizer="adam")
print(list(m.fit(x, y, verbose=0).history))
"""
