"""All places that mean a layer, and giving it another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.rename import RefusalError, prepare, rename
from keras_lsp.features.uses import uses
from tests.unit.features.views import KEY, applied, at, current, static

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import Replayed

NET = """\
import keras
from keras import layers


class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.conv = layers.Dense(4)

    def call(self, x):
        return self.conv(x)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(3, name="entry")
        self.blocks = [Block(), Block()]

    def call(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.blocks[1](x)


model = Net()
model(keras.ops.zeros((1, 5)))
model.first.kernel
model.layers[0].weights[0]
model.get_layer("entry").bias
model.blocks[1].conv
"""


def found(snapshot: Snapshot, marked: str) -> list[str]:
    text = snapshot.views[KEY].document.text
    shown = []
    for use in uses(snapshot, KEY, at(text, marked)):
        line = text[: use.span.start].rpartition("\n")[2] + text[use.span.start :].partition("\n")[0]
        shown.append(f"{'=' * use.is_store}{use.span.of(text)} in {line.strip()}")
    return shown


OF_FIRST = [
    '=first in self.first = layers.Dense(3, name="entry")',
    "first in x = self.first(x)",
    "first in model.first.kernel",
]
OF_MODEL = [
    "model.layers[0] in model.layers[0].weights[0]",
    'model.get_layer("entry") in model.get_layer("entry").bias',
]


@pytest.mark.parametrize(
    "marked",
    ["self.fir|st = ", "= self.fir|st(x)", "model.fi|rst.", 'get_layer("en|try")', "model.layers[|0]"],
)
def test_uses_of_a_slot(marked: str, replayed: Replayed) -> None:
    for snapshot in (static(NET), current(NET, replayed(NET))):
        assert found(snapshot, marked) == [*OF_FIRST, *OF_MODEL]


def test_uses_of_what_only_a_replay_knows(replayed: Replayed) -> None:
    straight = "self):\n        super().__init__()\n        self.first"
    text = NET.replace(
        straight, "self, wide=True):\n        super().__init__()\n        if wide:\n            self.first"
    )
    assert found(static(text), "model.layers[|0]") == []
    assert found(current(text, replayed(text)), "model.layers[|0]") == [*OF_FIRST, *OF_MODEL]


def test_a_list_takes_in_its_elements_and_not_the_other_way_round(replayed: Replayed) -> None:
    for snapshot in (static(NET), current(NET, replayed(NET))):
        assert found(snapshot, "self.blo|cks = ") == [
            "=blocks in self.blocks = [Block(), Block()]",
            "blocks in for block in self.blocks:",
            "blocks in return self.blocks[1](x)",
            "self.blocks[1] in return self.blocks[1](x)",
            "blocks in model.blocks[1].conv",
            "model.blocks[1] in model.blocks[1].conv",
        ]
        assert found(snapshot, "self.blocks[|1]") == [
            "self.blocks[1] in return self.blocks[1](x)",
            "model.blocks[1] in model.blocks[1].conv",
        ]


@pytest.mark.parametrize("marked", ["mod|el = ", "x = blo|ck(x)", "def call(self, |x)", "import ker|as\n"])
def test_plain_variables_are_left_to_other_servers(marked: str, replayed: Replayed) -> None:
    assert found(current(NET, replayed(NET)), marked) == []


def test_uses_in_text_that_does_not_parse() -> None:
    assert found(static(NET + "model.first.\nmodel.(\n"), "self.fir|st = ")[:3] == OF_FIRST


def renamed(snapshot: Snapshot, marked: str, new: str) -> str:
    text = snapshot.views[KEY].document.text
    place = at(text, marked)
    asked = prepare(snapshot, KEY, place)
    edits = rename(snapshot, KEY, place, new)
    assert asked is not None
    assert edits is not None
    assert asked.span.of(text) == asked.name
    return applied(text, edits)


@pytest.mark.parametrize("marked", ["self.fir|st = ", "= self.fir|st(x)", "model.fi|rst."])
def test_an_attribute_gets_another_name(marked: str) -> None:
    assert renamed(static(NET), marked, "stem") == NET.replace(".first", ".stem")


def test_the_name_of_a_layer_is_not_the_attribute_that_holds_it() -> None:
    text = NET.replace('"entry"', '"first"')
    assert renamed(static(text), "self.fir|st = ", "stem") == text.replace(".first", ".stem")
    with pytest.raises(RefusalError, match='"first" on line'):
        renamed(static(text + 'setattr(model, "first", None)\n'), "self.fir|st = ", "stem")


def test_an_attribute_of_a_layer_inside() -> None:
    assert renamed(static(NET), "self.co|nv = ", "inner") == NET.replace(".conv", ".inner")


@pytest.mark.parametrize("marked", ['name="en|try"', 'get_layer("ent|ry")'])
def test_a_layer_gets_another_name(marked: str, replayed: Replayed) -> None:
    for snapshot in (static(NET), current(NET, replayed(NET))):
        assert renamed(snapshot, marked, "stem") == NET.replace('"entry"', '"stem"')


def test_what_is_renamed_is_the_same_model(replayed: Replayed) -> None:
    text = renamed(static(NET), "self.fir|st = ", "stem")
    before, after = replayed(NET), replayed(text)
    assert [w.shape for layer in before.layers for w in layer.weights] == [
        w.shape for layer in after.layers for w in layer.weights
    ]
    assert not after.failures


@pytest.mark.parametrize(
    ("more", "marked", "new", "why"),
    [
        ("def f(other):\n    return other.first\n", "self.fir|st = ", "stem", "may be another's"),
        ('getattr(model, "first")\n', "self.fir|st = ", "stem", '"first" on line'),
        ("", "self.fir|st = ", "blocks", "is there already"),
        ("", "self.fir|st = ", "call", "is a method"),
        ("", "self.fir|st = ", "2nd", "no name"),
        ("", "self.fir|st = ", "class", "no name"),
        (
            "class Sub(Net):\n    def f(self):\n        self.first = layers.ReLU()\n",
            "self.fir|st = ",
            "stem",
            "has its own",
        ),
        ("model.first.(\n", "self.fir|st = ", "stem", "cannot be read"),
        ('losses = {"entry": "mse"}\n', 'name="en|try"', "stem", "may mean this layer"),
        ('other.get_layer("entry")\n', 'name="en|try"', "stem", "of which model"),
        ("", 'name="en|try"', "a/b", "takes no `/`"),
        ("", 'name="en|try"', 'a"b', "quotes"),
    ],
)
def test_it_is_refused_where_it_cannot_be_sure(more: str, marked: str, new: str, why: str) -> None:
    text = NET + more
    with pytest.raises(RefusalError, match=why):
        rename(static(text), KEY, at(text, marked), new)


def test_a_base_in_another_file_may_use_the_name() -> None:
    text = NET.replace("class Net(keras.Model)", "class Net(Base)").replace(
        "from keras import layers\n", "from keras import layers\nfrom bases import Base\n"
    )
    text = text.replace("class Net(Base)", "class Net(Base, keras.Model)")
    with pytest.raises(RefusalError, match="another file"):
        prepare(static(text), KEY, at(text, "self.fir|st = "))


def test_a_place_is_not_refused_for_a_name_that_nobody_gave() -> None:
    text = NET + "model.new_name\n"
    assert prepare(static(text), KEY, at(text, "self.fir|st = ")) is not None


@pytest.mark.parametrize("marked", ["mod|el = ", "def ca|ll(self, x):\n        x = ", "ker|as.ops"])
def test_nothing_of_ours_is_nothing(marked: str) -> None:
    assert prepare(static(NET), KEY, at(NET, marked)) is None
    assert rename(static(NET), KEY, at(NET, marked), "other") is None


@pytest.mark.parametrize("offset", range(0, len(NET), 7))
def test_at_every_place_it_works_or_says_why(offset: int) -> None:
    uses(static(NET), KEY, offset)
    try:
        edits = rename(static(NET), KEY, offset, "other")
    except RefusalError as refusal:
        assert str(refusal)
    else:
        assert edits is None or edits
