"""The outline, and going to where a layer was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.definition import definition, implementation, keras_source, type_definition
from keras_lsp.features.results import Symbol, SymbolKind
from keras_lsp.features.symbols import document_symbols
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, at, current, static

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import Replayed


def flat(symbols: tuple[Symbol, ...]) -> Iterator[Symbol]:
    for symbol in symbols:
        yield symbol
        yield from flat(symbol.children)


def goes_to(snapshot: Snapshot, marked: str) -> list[str]:
    text = snapshot.views[KEY].document.text
    return [x.span.of(text) for x in definition(snapshot, KEY, at(text, marked))]


def test_outline_of_a_subclassed_model(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("subclassed")
    for snapshot, dense1 in (
        (static(text), 'Dense(units=64, activation="relu")'),
        (current(text, replayed(text)), "Dense (None, 32) → (None, 64)"),
    ):
        symbols = {s.name: s for s in flat(document_symbols(snapshot, KEY))}
        assert list(symbols) == ["MyModel", "__init__", "dense1", "dense2", "call", "model"]
        assert symbols["dense1"].kind is SymbolKind.LAYER
        assert symbols["dense1"].detail == dense1
        assert symbols["model"].kind is SymbolKind.MODEL
        assert all(s.span.covers(s.name_span) for s in symbols.values())


def test_outline_of_a_functional_model(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("functional")
    names = [s.name for s in document_symbols(current(text, replayed(text)), KEY)]
    assert names == ["encoder", "model"]


@pytest.mark.parametrize(
    ("marked", "target"),
    [
        ("x = self.den|se1(", "self.dense1"),
        ("print(model.layers[|0]", "self.dense1"),
        ("print(model.layers[1].wei|ghts", "self.dense2"),
        ("mo|del.build((None", "model"),
        ("model = MyMo|del()", "MyModel"),
    ],
)
def test_definitions_of_a_subclassed_model(
    seed: Callable[[str], str], replayed: Replayed, marked: str, target: str
) -> None:
    text = seed("subclassed")
    assert goes_to(current(text, replayed(text)), marked) == [target]


def test_definitions_from_the_text_alone(seed: Callable[[str], str]) -> None:
    snapshot = static(seed("subclassed") + "\nself = (")
    assert goes_to(snapshot, "x = self.den|se1(") == ["self.dense1"]
    assert goes_to(snapshot, "model = MyMo|del()") == ["MyModel"]


def test_layer_by_name_goes_to_its_constructor(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("functional")
    snapshot = current(text, replayed(text))
    assert goes_to(snapshot, 'model.get_layer("he|ad")') == ['tf.keras.layers.Dense(10, name="head")']
    assert goes_to(snapshot, 'get_layer("encoder").layers[|1]')[0].startswith("tf.keras.layers.Dense(64")


def test_quiet_without_keras() -> None:
    text = "class A:\n    def f(self):\n        self.x = 1\n        return self.x\n"
    assert document_symbols(static(text), KEY) == ()
    assert all(definition(static(text), KEY, offset) == () for offset in range(len(text)))


def test_definition_of_what_an_agent_keeps() -> None:
    first, second = "self.model = keras.Sequential([keras.layers.Dense(1)])", "self.model.layers[0].kernel"
    methods = f"    def __init__(self):\n        {first}\n\n    def f(self):\n        {second}\n"
    text = f"import keras\n\nclass A:\n{methods}"
    (model,) = definition(static(text), KEY, text.index(second) + 6)
    assert model.span == Span(text.index(first), text.index(first) + len("self.model"))
    (layer,) = definition(static(text), KEY, text.index(second) + len(second) - 2)
    assert layer.span.of(text) == "keras.layers.Dense(1)"


OF_TYPES = """\
import tensorflow as tf


class Block(tf.keras.layers.Layer):
    def call(self, x):
        return x


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.first = tf.keras.layers.Dense(3)
        self.block = Block()

    def call(self, x):
        return self.block(self.first(x))


net = Net()
small = tf.keras.Sequential([tf.keras.layers.LSTM(2)])
small.layers[0]
"""


@pytest.mark.parametrize(
    ("marked", "own", "of_keras"),
    [
        ("self.fir|st(x)", [], "keras.layers.Dense"),
        ("self.fir|st = ", [], "keras.layers.Dense"),
        ("self.blo|ck(self", ["Block"], None),
        ("n|et = ", ["Net"], None),
        ("smal|l = ", [], "keras.Sequential"),
        ("small.layers[|0]", [], "keras.layers.LSTM"),
        ("layers.Den|se(3)", [], "keras.layers.Dense"),
        ("def call(self, x):\n        return self.block(self.first(|x", [], None),
    ],
)
def test_the_class_of_a_layer(marked: str, own: list[str], of_keras: str | None) -> None:
    for line, prefix in ((3, ""), (2, "tf_")):
        snapshot, offset = static(OF_TYPES, line), at(OF_TYPES, marked)
        assert [x.span.of(OF_TYPES) for x in type_definition(snapshot, KEY, offset)] == own
        name = keras_source(snapshot, KEY, offset, of_type=True)
        assert name == (prefix + of_keras if of_keras else None)


@pytest.mark.parametrize(
    ("marked", "own"),
    [
        ("self.blo|ck(self", ["call"]),
        ("n|et = ", ["call"]),
        ("class N|et", ["call"]),
        ("= N|et()", ["call"]),
        ("self.fir|st(x)", []),  # of Keras: its source is looked for there
        ("def call(self, x):\n        return self.block(self.first(|x", []),
    ],
)
def test_what_runs_when_it_is_called(marked: str, own: list[str]) -> None:
    snapshot, offset = static(OF_TYPES), at(OF_TYPES, marked)
    assert [x.span.of(OF_TYPES) for x in implementation(snapshot, KEY, offset)] == own


def test_definition_leads_into_keras_only_from_a_name_of_keras() -> None:
    snapshot = static(OF_TYPES)
    name = keras_source(snapshot, KEY, at(OF_TYPES, "layers.Den|se(3)"), of_type=False)
    assert name == "keras.layers.Dense"
    assert keras_source(snapshot, KEY, at(OF_TYPES, "self.fir|st(x)"), of_type=False) is None
