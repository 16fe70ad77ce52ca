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
# A functional model has its input in `layers`, a Sequential has not.
COUNTED = (
    "model.layers[0]",
    "model.layers[i]",
    "model.layers[1:]",
    "len(model.layers)",
    "model.get_layer(index=1)",
)
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
        *((' name="small")\n', f' name="small")\n{counted}\n') for counted in COUNTED),
    ],
)
def test_what_cannot_be_taken_apart_is_left(old: str, new: str) -> None:
    assert old in SEQUENTIAL
    assert rewritten(static(SEQUENTIAL.replace(old, new)), "mod|el = ", "Write") is None


def test_a_chain_becomes_a_sequential(run_program: RunProgram) -> None:
    new = rewritten(static(FUNCTIONAL), "mod|el = ", "Write `model` as a Seq") or ""
    assert new == SEQUENTIAL
    assert said(run_program, FUNCTIONAL) == said(run_program, new)
    assert rewritten(static(FUNCTIONAL.replace("\n", "\r\n")), "mod|el = ", "Write") == new.replace(
        "\n", "\r\n"
    )


def test_other_variables_of_the_same_names_do_not_keep_a_chain_from_that(run_program: RunProgram) -> None:
    before = "import keras\nfrom keras import layers\n\ndef f(x):\n    outputs = x\n    return outputs\n\n"
    after = "model.layers[-1]\nmodel.get_layer('head')\nfor layer in model.layers: layer.trainable = True\n"
    again = "inputs = keras.Input((3,))\nx = inputs\noutputs = x\n"
    text = before + FUNCTIONAL + after + again
    new = rewritten(static(text), "mod|el = ", "Write `model` as a Seq")
    assert new == before + SEQUENTIAL + after + again
    assert said(run_program, text) == said(run_program, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("layers.Dropout(0.5)(x)", "x + layers.Dropout(0.5)(x)"),
        ("layers.Dropout(0.5)(x)", "layers.Dropout(0.5)(x, training=True)"),
        ("layers.Dropout(0.5)(x)", "layers.Add()([x, x])"),
        ("layers.Dropout(0.5)(x)", "dropout(x)"),
        ("layers.Dropout(0.5)(x)", "layers.Dropout(0.5)(x)  # half"),
        ("layers.Dropout(0.5)(x)", "layers.Dropout(\n    0.5)(x)"),
        ("layers.Dropout(0.5)(x)\n", "layers.Dropout(0.5)(x)\nprint(3)\n"),
        ("keras.Model(inputs, outputs", "keras.Model(inputs, [outputs]"),
        ("keras.Model(inputs, outputs", "keras.Model([inputs], outputs"),
        ("keras.Model(inputs, outputs", "Mine(inputs, outputs"),
        ('name="small")\n', 'name="small")\nmiddle = keras.Model(inputs, x)\n'),
        ("inputs = keras.Input((8,))", "inputs = make()"),
        ('name="small")\n', 'name="small"\n'),
        ('name="small")\n', 'name="small")\nx = layers.ReLU()(x)\n'),
        ('name="small")\n', 'name="small")\ndef f():\n    return x\n'),
        ('name="small")\n', 'name="small")\nif a:\n    x = 3\nprint(x)\n'),
        *((' name="small")\n', f' name="small")\n{counted}\n') for counted in COUNTED),
    ],
)
def test_what_is_no_plain_chain_is_left(old: str, new: str) -> None:
    assert old in FUNCTIONAL
    assert rewritten(static(FUNCTIONAL.replace(old, new)), "mod|el = ", "Write") is None


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


BLOCKS = """\
import keras
from keras import layers


class Block(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.up = layers.Dense(units)
        self.norms = [layers.LayerNormalization(), layers.BatchNormalization()]
        self.drop = layers.Dropout(0.1)

    def call(self, x):
        x = self.up(x)
        for norm in self.norms:
            x = norm(x)
        return self.drop(x)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.block = Block(16)
        self.lstm = layers.LSTM(8)

    def call(self, x):
        return self.lstm(self.block(x))


net = Net()
net(keras.Input((5, 4)))
"""
BLOCK_METHOD = """
    def build(self, input_shape):
        self.up.build(input_shape)
        self.norms[0].build((None, 5, 16))
        self.norms[1].build((None, 5, 16))
        self.built = True
"""
NET_METHOD = """
    def build(self, input_shape):
        self.block.build(input_shape)
        self.lstm.build((None, 5, 16))
        self.built = True
"""
SHAPES = "\nprint(net.built, [tuple(w.shape) for w in net.weights])\n"


@pytest.mark.parametrize("legacy", [False, True])
def test_build_makes_the_weights_that_a_call_makes(
    replayed: Replayed, run_program: RunProgram, legacy: bool
) -> None:
    text = BLOCKS.replace("keras", "tf_keras") if legacy else BLOCKS
    text = text.replace("import tf_keras\n", "import tf_keras\nimport tf_keras as keras\n")
    line = 2 if legacy else 3
    one = rewritten(current(text, replayed(text, line)), "class Bl|ock", "Add `build") or ""
    assert BLOCK_METHOD in one
    both = rewritten(current(one, replayed(one, line)), "class N|et", "Add `build") or ""
    assert NET_METHOD in both
    called = run_program(text + SHAPES, legacy)
    built = run_program(both.replace("net(", "net.build((None, 5, 4))\n#") + SHAPES, legacy)
    assert called.stdout.startswith("True [(4, 16)")
    assert built.stdout == called.stdout


def test_layers_of_several_inputs_are_built_on_several_shapes(
    replayed: Replayed, run_program: RunProgram
) -> None:
    text = BLOCKS.replace("layers.LSTM(8)", "layers.MultiHeadAttention(2, 4)").replace(
        "self.lstm(self.block(x))", "self.lstm(self.block(x), x)"
    )
    assert rewritten(current(text, replayed(text)), "class N|et", "Add `build") is None  # Block has none yet
    text = text.replace(
        "\n    def call(self, x):\n        x =", f"{BLOCK_METHOD}\n    def call(self, x):\n        x ="
    )
    new = rewritten(current(text, replayed(text)), "class N|et", "Add `build") or ""
    assert "self.lstm.build((None, 5, 16), input_shape)" in new
    called = run_program(text + SHAPES, legacy=False)
    built = run_program(new.replace("net(", "net.build((None, 5, 4))\n#") + SHAPES, legacy=False)
    assert built.stdout == called.stdout != ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("net(keras.Input((5, 4)))", "net"),  # nobody says what goes in
        ("net = Net()", "net = Net()\nBlock(3)(keras.Input((5, 7)))"),  # each has its own shapes
        (
            "    def call(self, x):\n        x",
            "    def build(self, s):\n        pass\n\n    def call(self, x):\n        x",
        ),
        ("self.up = ", "self.more = self.add_weight(shape=(3,))\n        self.up = "),
    ],
)
def test_a_build_that_may_be_another_is_not_offered(replayed: Replayed, old: str, new: str) -> None:
    assert old in BLOCKS
    text = BLOCKS.replace(old, new)
    assert rewritten(current(text, replayed(text)), "class Bl|ock", "Add `build") is None


def test_no_build_without_a_replay_or_in_broken_text(replayed: Replayed) -> None:
    broken = BLOCKS.replace("return self.drop(x)", "return self.drop(x")
    assert rewritten(static(BLOCKS), "class Bl|ock", "Add `build") is None
    assert rewritten(current(broken, replayed(BLOCKS)), "class Bl|ock", "Add `build") is None


COMMENTED = """\
    def call(self, x):
        x = self.up(x)  # (None, 5, 16)
        for norm in self.norms:
            x = norm(x)  # (None, 5, 16)
        return self.drop(x)  # (None, 5, 16)
"""


def test_shapes_become_comments(replayed: Replayed) -> None:
    new = rewritten(current(BLOCKS, replayed(BLOCKS)), "x = self.u|p(x)", "Write the output shapes") or ""
    assert COMMENTED in new
    assert new.count("#") == 3
    again = rewritten(current(new, replayed(new)), "x = self.u|p(x)", "Write the output shapes")
    assert again is None


def test_selected_lines_get_theirs(replayed: Replayed) -> None:
    text = FUNCTIONAL.replace("layers.Dropout(0.5)(x)", "layers.Dropout(\n    0.5\n)(x)")
    snapshot = current(text, replayed(text))
    start, end = text.index("x = layers.Dense"), text.index("model =")
    (fix,) = [f for f in rewrites(snapshot, KEY, Span(start, end)) if f.title.startswith("Write the output")]
    new = applied(text, fix.edits)
    assert 'activation="relu")(inputs)  # (None, 4)\n' in new
    assert "    0.5\n)(x)  # (None, 4)\n" in new
    assert 'name="head")(x)  # (None, 2)\nmodel = keras.Model(inputs, outputs, name="small")\n' in new


def test_guesses_are_not_written_down(replayed: Replayed) -> None:
    text = BLOCKS.replace("net(keras.Input((5, 4)))\n", "")
    assert rewritten(current(text, replayed(text)), "x = self.u|p(x)", "Write the output shapes") is None
    assert rewritten(static(text), "x = self.u|p(x)", "Write the output shapes") is None
