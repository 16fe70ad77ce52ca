"""Extraction is total: what is nested too deeply loses its own facts only."""

from __future__ import annotations

import pytest

from keras_lsp.source.extract import extract

CLASS = """import keras

class Net(keras.Model):
    def __init__(self, x):
        super().__init__()
        self.first = keras.layers.Dense(1)
        DEEP
        self.last = keras.layers.Dense(2)

model = Net()
DEEP
model.layers[0].weights[0]
"""
DEEP = {
    "attributes": "self.deep = x" + ".a" * 2_000,
    "calls": "self.deep = x" + "()" * 1_500,
    "sum": "self.deep = " + "1 + " * 2_000 + "x",
    "signs": "self.deep = " + "-" * 900 + "x",
    "choices": "self.deep = " + "a if b else " * 400 + "c",
    "lambdas": "self.deep = " + "lambda: " * 400 + "x",
    "brackets": "self.deep = " + "[" * 90 + "x" + "]" * 90,
    "subscripts": "self.deep = x" + "[0]" * 1_500,
}


@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
def test_deep_nesting(deep: str) -> None:
    facts = extract(CLASS.replace("DEEP", deep))
    model = facts.model_class("Net")
    assert model is not None
    assert [slot.path for slot in model.slots] == ["first", "last"]
    assert len(facts.weight_uses) == 1


@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    def __init__(self, x", "    deep = {}\n    def __init__(self, x"),
        ("    def __init__(self, x", "    def __init__(self, x={}"),
        ("    def __init__(self, x", "    def __init__(self, x: {}"),
        ("class Net", "@f({})\nclass Net"),
        ("class Net", "class Other({}):\n    pass\n\nclass Net"),
        ("model = Net()", "model = Net()\ndef f(x={}):\n    return x\n"),
    ],
    ids=("body", "default", "annotation", "decorator", "base", "function"),
)
def test_deep_nesting_around_methods(deep: str, old: str, new: str) -> None:
    text = CLASS.replace("        DEEP\n", "").replace("DEEP\n", "")
    facts = extract(text.replace(old, new.format(deep.removeprefix("self.deep = "))))
    model = facts.model_class("Net")
    assert model is not None
    assert [slot.path for slot in model.slots] == ["first", "last"]
    assert len(facts.weight_uses) == 1


def test_a_long_chain_of_elif() -> None:
    chain = "if x:\n    pass\n" + "".join(f"elif x == {i}:\n    pass\n" for i in range(400))
    facts = extract(CLASS.replace("        DEEP\n", "").replace("DEEP\n", chain))
    assert len(facts.weight_uses) == 1


@pytest.mark.parametrize(
    "text", ["", "x = 1\n", "import numpy as np\nnp.layers[0].weights[0]\n", "(((", "\ud800"]
)
def test_without_keras_there_is_nothing(text: str) -> None:
    facts = extract(text)
    assert not facts.keras.used
    assert (facts.classes, facts.bindings, facts.references, facts.weight_uses) == ((), (), (), ())


@pytest.mark.parametrize(
    ("imports", "use", "prefix"),
    [
        ("import keras", "", "keras"),
        ("import tensorflow as tf", "", "tf.keras"),
        (
            "import keras\nimport tensorflow as tf",
            "tf.keras.Input\nx = tf.keras.Input\nkeras.Input",
            "tf.keras",
        ),
        ("import tensorflow as tf\nimport keras", "tf.keras.Input\nkeras.Input\nkeras.Input", "keras"),
        ("import keras as k\nimport keras", "k.Input\nmask.k.x\nk.k.x\nkeras.x\nkeras.y\nkeras.z", "keras"),
        ("import keras\nimport keras\nimport keras as K", "K.Input", "K"),
    ],
)
def test_the_spelling_of_keras_that_is_used_most(imports: str, use: str, prefix: str) -> None:
    assert extract(f"{imports}\n{use}\n").keras.prefix == prefix


@pytest.mark.parametrize(
    ("line", "backend"),
    [
        ('os.environ["KERAS_BACKEND"] = "jax"', "jax"),
        ("os.environ['KERAS_BACKEND']='torch'", "torch"),
        ('os.environ.setdefault("KERAS_BACKEND", "torch")', "torch"),
        ('os.environ["KERAS_BACKEND"] = "ja', ""),
        ('print(os.environ["KERAS_BACKEND"])', ""),
        ("", ""),
    ],
)
def test_the_backend_that_a_text_chooses(line: str, backend: str) -> None:
    assert extract(f"import os\n{line}\nimport keras\n").keras.backend == backend
