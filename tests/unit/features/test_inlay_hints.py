"""Shapes beside the code that makes them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from keras_lsp.features.inlay_hints import inlay_hints
from keras_lsp.session.settings import Settings
from keras_lsp.session.snapshot import Snapshot
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, current, stale, static, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.features.conftest import Replayed


def shown(snapshot: Snapshot, span: Span | None = None) -> list[str]:
    """The lines of the text that have hints, as an editor shows them."""
    text = snapshot.views[KEY].document.text
    lines = set()
    for hint in reversed(inlay_hints(snapshot, KEY, span or whole(text))):
        text = text[: hint.offset] + f"⟨{hint.label}⟩" + text[hint.offset :]
    lines = {line.strip() for line in text.splitlines() if "⟨" in line}
    return sorted(lines)


def test_lines_of_call(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("subclassed")
    for line in (3, 2):
        assert shown(current(text, replayed(text, line))) == [
            "def call(self, inputs⟨: (None, 32)⟩):",
            "return self.dense2(x)⟨ → (None, 10)⟩",
            "x⟨: (None, 64)⟩ = self.dense1(inputs)",
        ]


def jumps(snapshot: Snapshot) -> dict[str, str]:
    """The line of each hint, and the line it jumps to."""
    view = snapshot.views[KEY]
    lines, text = view.document.lines, view.document.text
    found = {}
    for hint in inlay_hints(snapshot, KEY, whole(text)):
        here, there = (
            lines.line_span(lines.line_of(offset)).of(text).strip() if offset is not None else ""
            for offset in (hint.offset, hint.target.start if hint.target else None)
        )
        found[here] = there
    return found


def test_a_hint_leads_to_the_layer_that_was_called(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("subclassed")
    found = jumps(current(text, replayed(text)))
    assert found["x = self.dense1(inputs)"].startswith("self.dense1 = ")
    assert found["return self.dense2(x)"].startswith("self.dense2 = ")
    assert found["def call(self, inputs):"] == ""
    text = (
        "import keras\n\nx = keras.Input((8,))\nshared = keras.layers.Dense(4)\n"
        "y = keras.layers.Dense(2)(shared(x))\nz = shared(x) + 1\n"
        "for width in (3, 5):\n    x = keras.layers.Dense(width)(x)\n"
        "model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(7)])\n"
    )
    found = jumps(current(text, replayed(text)))
    assert found["y = keras.layers.Dense(2)(shared(x))"] == "y = keras.layers.Dense(2)(shared(x))"
    assert found["z = shared(x) + 1"] == ""  # what it adds to is not what it is
    assert found["x = keras.layers.Dense(width)(x)"] == "x = keras.layers.Dense(width)(x)"


def test_a_hint_of_layers_made_in_several_places_leads_nowhere(replayed: Replayed) -> None:
    text = (
        "import keras\n\n\nclass Net(keras.Model):\n    def __init__(self, wide):\n"
        "        super().__init__()\n        if wide:\n            self.d = keras.layers.Dense(9)\n"
        "        else:\n            self.d = keras.layers.Dense(3)\n\n    def call(self, x):\n"
        "        y = self.d(x)\n        return y\n\n\n"
        "a = Net(True)(keras.Input((4,)))\nb = Net(False)(keras.Input((4,)))\n"
    )
    assert jumps(current(text, replayed(text)))["y = self.d(x)"] == ""


def test_beside_an_annotation(replayed: Replayed) -> None:
    text = (
        "import keras\n\n\nclass Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.out = keras.layers.Dense(2)\n\n    def call(self, x: object) -> object:\n"
        "        return (self.out(x))\n\n\nnet = Net()\ny: object = net(keras.Input((3,)))\n"
    )
    assert shown(current(text, replayed(text))) == [
        "def call(self, x⟨ (None, 3)⟩: object) -> object:",
        "return (self.out(x)⟨ → (None, 2)⟩)",
        "y⟨ (None, 2)⟩: object = net(keras.Input((3,)))",
    ]


def test_functional_chain(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("functional")
    lines = shown(current(text, replayed(text)))
    assert any(line.startswith("hidden⟨: (None, 64)⟩ = tf.keras.layers.Dense(64") for line in lines)
    assert "x⟨: (None, 16)⟩ = encoder(inputs)" in lines
    assert not any(line.startswith(("head", "model", "encoder⟨")) for line in lines)


def test_several_shapes_at_one_place(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("nested")
    lines = shown(current(text, replayed(text)))
    assert "return self.norm(x)⟨ → (None, 64), …⟩" in lines
    assert "return self.head(x)⟨ → (None, 10)⟩" in lines


def test_entries_of_a_sequential(replayed: Replayed) -> None:
    text = (
        "from tensorflow import keras\n"
        "model = keras.Sequential([\n"
        "    keras.Input((8, 8, 3)),\n"
        "    keras.layers.Conv2D(4, 3),\n"
        "    keras.layers.Flatten(),\n"
        "])\n"
        "model.add(keras.layers.Dense(2))\n"
    )
    lines = shown(current(text, replayed(text)))
    assert "keras.layers.Conv2D(4, 3)⟨ → (None, 6, 6, 4)⟩," in lines
    assert "keras.layers.Flatten()⟨ → (None, 144)⟩," in lines
    assert "model.add(keras.layers.Dense(2)⟨ → (None, 2)⟩)" in lines


def test_only_in_the_span_and_only_when_wanted(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("subclassed")
    snapshot = current(text, replayed(text))
    start = text.index("return self.dense2")
    assert shown(snapshot, Span(start, start + 25)) == ["return self.dense2(x)⟨ → (None, 10)⟩"]
    assert inlay_hints(snapshot, KEY, Span(0, 10)) == ()
    assert inlay_hints(Snapshot(snapshot.views, Settings(hints=False)), KEY, whole(text)) == ()


def test_unknown_is_not_shown(seed: Callable[[str], str], replayed: Replayed) -> None:
    assert shown(static(seed("subclassed"))) == []
    text = "import numpy as np\nx = np.zeros((3, 4))\n\n\ndef f(x):\n    return x\n"
    assert shown(current(text, replayed(text))) == []


def test_half_typed(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("subclassed")
    text = old.replace("return self.dense2(x)", "y = self.dense2(\n        return self.dense2(x)")
    snapshot = stale(text, replayed(old), old)
    assert "x⟨: (None, 64)⟩ = self.dense1(inputs)" in shown(snapshot)
    assert all("before your last edit" in hint.tooltip for hint in inlay_hints(snapshot, KEY, whole(text)))


COUNTED = """\
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((8,)),
    layers.Dense(4),
    layers.ReLU(),
])
norm = layers.BatchNormalization()
norm(keras.Input((3,)))
idle = layers.Dense(2)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = [layers.Dense(size) for size in (2, 3)]

    def call(self, x):
        return self.parts[1](self.parts[0](x))


net = Net()
net(keras.Input((5,)))
"""


def counted(text: str, replayed: Replayed) -> list[str]:
    snapshot = dataclasses.replace(current(text, replayed(text)), settings=Settings(parameter_hints=True))
    return [line for line in shown(snapshot) if "param" in line]


def test_parameter_counts_where_one_asks_for_them(replayed: Replayed) -> None:
    assert counted(COUNTED, replayed) == [
        "])⟨ 36 parameters⟩",
        "layers.Dense(4)⟨ → (None, 4) · 36 parameters⟩,",
        "net = Net()⟨ 21 parameters⟩",
        "norm = layers.BatchNormalization()⟨ 12 parameters (6 not trainable)⟩",
        "self.parts = [layers.Dense(size)⟨ 12 parameters, …⟩ for size in (2, 3)]",
    ]
    assert not any("param" in line for line in shown(current(COUNTED, replayed(COUNTED))))


def test_a_count_that_hangs_on_a_guess_says_so(replayed: Replayed) -> None:
    text = (
        COUNTED.replace("net(keras.Input((5,)))\n", "")
        .replace("(2, 3)", "(2,)")
        .replace("[1](self.parts[0](x))", "[0](x)")
    )
    (line,) = [line for line in counted(text, replayed) if line.startswith("self.parts")]
    assert "⟨ ~" in line


def test_without_a_replay_nothing_is_counted() -> None:
    snapshot = dataclasses.replace(static(COUNTED), settings=Settings(parameter_hints=True))
    assert shown(snapshot) == []


def test_the_output_of_a_model_or_layer_is_a_tensor(replayed: Replayed) -> None:
    text = (
        "import keras\n\n"
        "given = keras.Input((4,))\n"
        "base = keras.Model(given, keras.layers.Dense(3, name='d')(given))\n"
        "x = base.output\n"
        "y = base.get_layer('d').input\n"
        "z = base.name\n"
    )
    told = shown(current(text, replayed(text)))
    assert "x⟨: (None, 3)⟩ = base.output" in told
    assert "y⟨: (None, 4)⟩ = base.get_layer('d').input" in told
    assert not any(line.startswith("z") for line in told)
