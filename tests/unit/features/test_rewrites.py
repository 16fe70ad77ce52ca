"""Other ways to write the same model; what they write runs and gives the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.rewrites import rewrites
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, applied, at, current, static

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import Snapshot
    from tests.conftest import RunProgram
    from tests.unit.features.conftest import Replayed


def rewritten(snapshot: Snapshot, marked: str, title: str) -> str | None:
    text = snapshot.views[KEY].document.text
    offset = at(text, marked)
    found = [fix for fix in rewrites(snapshot, KEY, Span(offset, offset)) if fix.title.startswith(title)]
    return applied(text, found[0].edits) if found else None


SEQUENTIAL = """\
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((8,)),
    layers.Dense(4, activation="relu"),
    layers.Dropout(0.5),
    layers.Dense(2, name="head"),
], name="small")
"""
FUNCTIONAL = """\
import keras
from keras import layers

inputs = keras.Input((8,))
x = layers.Dense(4, activation="relu")(inputs)
x = layers.Dropout(0.5)(x)
outputs = layers.Dense(2, name="head")(x)
model = keras.Model(inputs, outputs, name="small")
"""
SAID = """
print(model.name, model.input_shape, model.output_shape, [(w.name, tuple(w.shape)) for w in model.weights])
"""


def said(run_program: RunProgram, text: str) -> str:
    done = run_program(text + SAID, legacy=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_sequential_becomes_functional(run_program: RunProgram) -> None:
    assert rewritten(static(SEQUENTIAL), "mod|el = ", "Write") == FUNCTIONAL
    assert said(run_program, SEQUENTIAL) == said(run_program, FUNCTIONAL)


def test_its_input_may_be_what_the_program_calls_it_on(replayed: Replayed, run_program: RunProgram) -> None:
    text = SEQUENTIAL.replace("    keras.Input((8,)),\n", "") + "model.build((None, 8))\n"
    assert rewritten(static(text), "mod|el = ", "Write") is None
    new = rewritten(current(text, replayed(text)), "mod|el = ", "Write")
    assert new == FUNCTIONAL + "model.build((None, 8))\n"
    assert said(run_program, text) == said(run_program, new)


def test_names_that_are_taken_are_left_alone() -> None:
    text = "x = 3\noutputs = 4\n" + SEQUENTIAL + "\n\ndef f(inputs):\n    return inputs\n"
    new = rewritten(static(text), "mod|el = ", "Write") or ""
    assert "inputs = keras.Input" in new
    assert "x2 = layers.Dropout(0.5)(x2)" in new
    assert "keras.Model(inputs, outputs2" in new


def test_inside_a_function_it_keeps_its_place(run_program: RunProgram) -> None:
    inner = SEQUENTIAL.partition("\n\n")[2]
    body = "".join(f"    {line}" for line in inner.splitlines(keepends=True))
    text = f"import keras\nfrom keras import layers\n\ndef f():\n{body}    return model\n\nmodel = f()\n"
    new = rewritten(static(text), "mod|el = keras", "Write") or ""
    assert "    outputs = layers.Dense(2" in new
    assert said(run_program, text) == said(run_program, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    layers.Dropout(0.5),\n", "    layers.Dropout(0.5),  # half of them\n"),
        ("    layers.Dropout(0.5),\n", "    *more,\n"),
        ("    layers.Dropout(0.5),\n", "    layer,\n"),
        ("    layers.Dropout(0.5),\n", "    layers.Dropout(\n        0.5\n    ),\n"),
        ('name="small")', 'name="small", trainable=False)'),
        ('name="small")\n', 'name="small")\nmodel.add(layers.Dense(1))\n'),
        ("model = keras", "if True: model = keras"),
        ('name="small")\n', 'name="small")\nprint(\n'),
    ],
)
def test_what_cannot_be_taken_apart_is_left(old: str, new: str) -> None:
    assert old in SEQUENTIAL
    assert rewritten(static(SEQUENTIAL.replace(old, new)), "mod|el = ", "Write") is None


LAYER = """\
from tensorflow import keras


class Scale(keras.layers.Layer):
    def __init__(self, units, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self._rate = rate

    def call(self, x):
        return x * self._rate
"""
METHOD = """
    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "rate": self._rate,
        }
"""
REMADE = """
first = Scale(3, rate=0.25, name="mine")
again = Scale.from_config(first.get_config())
print(again.units, again._rate, again.name)
"""


def test_a_layer_says_what_it_is_made_of(run_program: RunProgram) -> None:
    new = rewritten(static(LAYER), "class Sc|ale", "Add")
    assert new == LAYER + METHOD
    assert [run_program(new + REMADE, legacy).stdout for legacy in (False, True)] == ["3 0.25 mine\n"] * 2


def test_behind_it_the_text_goes_on() -> None:
    text = LAYER + "\n\nlayer = Scale(2)\n"
    assert rewritten(static(text), "def ca|ll", "Add") == LAYER + METHOD + "\n\nlayer = Scale(2)\n"
    crlf = text.replace("\n", "\r\n")
    assert rewritten(static(crlf), "def ca|ll", "Add") == (LAYER + METHOD).replace("\n", "\r\n") + (
        "\r\n\r\nlayer = Scale(2)\r\n"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        self.units = units\n", ""),
        ("        self.units = units\n", "        self.units = units + 1\n"),
        (", **kwargs):", "):"),
        ("__init__(**kwargs)", "__init__()"),
        ("keras.layers.Layer", "keras.layers.Dense"),
        ("keras.layers.Layer", "keras.Model"),
        ("    def call", "    def get_config(self):\n        return {}\n\n    def call"),
        ("        return x", "        return (x"),
    ],
)
def test_what_would_not_give_the_same_layer_is_not_offered(old: str, new: str) -> None:
    assert old in LAYER
    assert rewritten(static(LAYER.replace(old, new)), "class Sc|ale", "Add") is None
