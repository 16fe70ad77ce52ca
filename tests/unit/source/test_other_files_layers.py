"""Layers that come from other files: through base classes, functions, and modules that are handed on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.source.extract import facts_of
from keras_lsp.source.jedi_names import JediNames
from keras_lsp.source.jedi_resolver import JediResolver
from keras_lsp.source.parse import parse
from tests.test_cases import slot_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.source.facts import ModuleFacts

FILES = {
    "nets/__init__.py": "from . import bases\nBase = bases.Base\nNothing = bases.Plain\n",
    "nets/bases.py": """
import keras

class Block(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(3, 3)

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(3,))

class Base(keras.Model):
    def __init__(self):
        super().__init__()
        self.stem = keras.layers.Dense(1)
        self.blocks = [Block(), Block()]
        self.depth = 2

    @property
    def head(self):
        return self._head

    @head.setter
    def head(self, value):
        self._head = value

class Plain:
    def __init__(self):
        self.stem = keras.layers.Dense(1)
""",
    "nets/makers.py": """
import keras
from .bases import Block

def dense(units):
    return keras.layers.Dense(units)

def either(fast):
    if fast:
        return keras.layers.ReLU()
    return Block()

def double(n):
    return 2 * n

def loaded(model, path, retries=3):
    for _ in range(retries):
        model.load_weights(path)
    return model

def wrapped(model):
    model = keras.Sequential([model])
    return model

def output(x):
    return keras.layers.Dense(1)(x)
""",
    "nets/backend.py": """
try:
    from tensorflow.keras import layers
except ImportError:
    from keras import layers
from math import pi
import numpy as np
""",
    "nets/agents.py": """
import keras

class Agent:
    def __init__(self):
        self.model = self.build()
        self.size = self.count()

    def build(self):
        raise NotImplementedError

    def count(self):
        return 3

class Ready(Agent):
    def build(self):
        return keras.Sequential([keras.layers.Dense(1)])
""",
    "nets/wraps.py": """
import keras

class Around(keras.layers.Layer):
    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner
""",
    "nets/round.py": "from .square import Net\n\nclass Other(Net):\n    pass\n",
    "nets/square.py": "from .round import Other\n\nclass Net(Other):\n    pass\n",
}


@pytest.fixture
def facts(tmp_path: Path) -> Callable[[str], ModuleFacts]:
    """The facts of a text beside the package `nets`."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def read(path: str) -> str | None:
        file = Path(path)
        return file.read_text() if file.is_file() else None

    def extracted(text: str) -> ModuleFacts:
        names = JediNames(read)
        resolver = JediResolver(str(tmp_path / "main.py"), str(tmp_path))
        parsed = parse(text)
        names.look_up(resolver, parsed).result()
        names.close()
        return facts_of(parsed, resolver)

    return extracted


def slots(facts: ModuleFacts, name: str = "Mine") -> list[str]:
    model = facts.model_class(name)
    assert model is not None
    return [slot_line(slot) for slot in (*model.slots, *model.inherited)]


def mine(assigned: str, imports: str) -> str:
    return f"""
import keras
{imports}

class Mine(keras.Model):
    def __init__(self):
        super().__init__()
        self.a = {assigned}
"""


def test_layers_of_a_base(facts: Callable[[str], ModuleFacts]) -> None:
    text = "from nets.bases import Base\n\nclass Mine(Base):\n    pass\n"
    found = facts(text)
    assert slots(found) == [
        "Base.stem: keras.layers.Dense(units=1)",
        "Base.blocks[0]: nets.bases.Block()",
        "Base.blocks[1]: nets.bases.Block()",
    ]
    model = found.model_class("Mine")
    assert model is not None
    for slot in model.inherited:  # places in the other file would be wrong ones here
        assert slot.elsewhere is not None
        assert Path(slot.elsewhere.path).name == "bases.py"
        assert slot.definition.of(text) == "Base"
        assert slot.call is not None
        assert slot.call.span == slot.definition


def test_weights_of_a_class_of_another_file(facts: Callable[[str], ModuleFacts]) -> None:
    text = (
        "import keras\nfrom nets.bases import Base, Block\n\nclass Mine(Block):\n"
        "    def call(self, x):\n        return x * self.scale\n\nblock = Block()\nblock.scale\n"
        "base = Base()\nbase.blocks[0].scale\nbase.scale\n"
    )
    uses = facts(text).weight_uses
    assert [use.span.of(text) for use in uses] == ["self.scale", "block.scale", "base.blocks[0].scale"]
    for use in uses:
        assert use.made is not None
        assert use.made.elsewhere is not None
        assert use.made.elsewhere.text == "self.scale"
        assert [argument.text for argument in use.made.arguments] == ["(3,)"]


def test_a_base_handed_on_by_assignment(facts: Callable[[str], ModuleFacts]) -> None:
    assert "Base.stem: keras.layers.Dense(units=1)" in slots(
        facts("import nets\n\nclass Mine(nets.Base): pass\n")
    )


def test_a_base_that_is_no_model(facts: Callable[[str], ModuleFacts]) -> None:
    assert facts("from nets import Nothing\nimport keras\n\nclass Mine(Nothing): pass\n").classes == ()
    assert facts("from nets.bases import Plain\nimport keras\n\nclass Mine(Plain): pass\n").classes == ()


def test_a_class_of_the_same_name_here(facts: Callable[[str], ModuleFacts]) -> None:
    block = (
        "class Block(keras.layers.Layer):\n    def build(self, _):\n        self.other = keras.layers.ReLU()"
    )
    text = mine("self.blocks[0].conv", f"from nets.bases import Base\n\n{block}\n")
    text = text.replace("(keras.Model)", "(Base)")
    found = slots(facts(f"{text}        self.b = self.blocks[0].other\n        self.c = self.stem\n"))
    assert "Mine.a: keras.layers.Conv2D(filters=3, kernel_size=3)" in found
    assert "Mine.c: keras.layers.Dense(units=1)" in found
    assert not [line for line in found if line.startswith("Mine.b")]


def test_own_layers_in_a_base_setter(facts: Callable[[str], ModuleFacts]) -> None:
    text = mine("3", "from nets.bases import Base").replace("(keras.Model)", "(Base)")
    found = facts(text.replace("self.a = 3", "self.head = keras.layers.ReLU()"))
    assert "Mine._head: keras.layers.ReLU()" in slots(found)
    assert not [line for line in slots(facts(text)) if line.startswith(("Mine._head", "Mine.head", "Mine.a"))]


def test_a_store_of_what_only_the_base_holds(facts: Callable[[str], ModuleFacts]) -> None:
    text = (
        mine("3", "from nets.bases import Base")
        .replace("(keras.Model)", "(Base)")
        .replace("self.a", "self.stem")
    )
    assert "Base.stem: keras.layers.Dense(units=1)" in slots(facts(text))


def test_functions_that_return_layers(facts: Callable[[str], ModuleFacts]) -> None:
    assert slots(facts(mine("dense(4)", "from nets.makers import dense"))) == [
        "Mine.a: keras.layers.Dense(units=units (4))"
    ]
    assert slots(facts(mine("makers.either(True)", "from nets import makers"))) == [
        "Mine.a: keras.layers.ReLU() conditional",
        "Mine.a: nets.bases.Block() conditional",
    ]
    assert slots(facts(mine("[dense(i) for i in range(3)]", "from nets.makers import dense"))) == [
        "Mine.a[*]: keras.layers.Dense(units=units) repeated"
    ]


def test_a_function_that_returns_what_it_is_given(facts: Callable[[str], ModuleFacts]) -> None:
    imports = "from nets.makers import loaded, wrapped"
    assert slots(facts(mine("loaded(keras.layers.Dense(4), 'x')", imports))) == [
        "Mine.a: keras.layers.Dense(units=4)"
    ]
    assert slots(facts(mine("wrapped(keras.layers.Dense(4))", imports))) == [
        "Mine.a: keras.Sequential(layers=[model])"
    ]
    text = f"{mine('3', imports)}\nmine = loaded(path='x', model=Mine())\nother = loaded(*given)\n"
    assert [(b.name, b.class_name) for b in facts(text).bindings] == [("mine", "Mine")]


def test_what_a_variable_of_an_imported_class_holds(facts: Callable[[str], ModuleFacts]) -> None:
    text = """
import keras
from nets.bases import Base, Plain

base = Base()
base.stem.kernel
base.blocks[1].conv.kernel
base.blocks[2].conv
base.depth.kernel
base.nothing
plain = Plain()
plain.stem

def use():
    for block in base.blocks:
        block.conv
"""
    found = facts(text)
    said = {path.span.of(text): path.call.class_name for path in found.paths if path.call is not None}
    assert said == {
        "base.stem": "Dense",
        "base.blocks[1]": "Block",
        "base.blocks[1].conv": "Conv2D",
        "block.conv": "Conv2D",
        "plain.stem": "Dense",
    }
    stem = next(path.slot for path in found.paths if path.span.of(text) == "base.stem")
    assert stem is not None
    assert stem.elsewhere is not None
    assert stem.elsewhere.text == "self.stem"
    assert stem.elsewhere.path.endswith("bases.py")


@pytest.mark.parametrize("call", ["double(4)", "output(keras.Input((3,)))", "unheard_of(3)", "double"])
def test_functions_that_return_none(facts: Callable[[str], ModuleFacts], call: str) -> None:
    imports = "from nets.makers import double, output, unheard_of"
    assert slots(facts(mine(call, imports))) == []


def test_keras_handed_on_by_a_module(facts: Callable[[str], ModuleFacts]) -> None:
    found = facts(
        "from nets.backend import layers\nfrom nets import backend\n\n"
        "class Mine(layers.Layer):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = layers.Dense(3)\n        self.b = backend.layers.ReLU()\n"
        "        self.c = backend.pi\n        self.d = backend.np.zeros(3)\n"
    )
    assert slots(found) == ["Mine.a: keras.layers.Dense(units=3)", "Mine.b: keras.layers.ReLU()"]
    model = found.model_class("Mine")
    assert model is not None
    assert model.bases == ("keras.layers.Layer",)


def test_a_layer_below_a_layer_of_another_file(facts: Callable[[str], ModuleFacts]) -> None:
    assert "Mine.b: keras.layers.Dense(units=1)" in slots(
        facts(mine("Base()\n        self.b = self.a.stem", "from nets.bases import Base"))
    )
    assert (
        len(slots(facts(mine("Base()\n        self.b = self.a.depth", "from nets.bases import Base")))) == 1
    )


def test_files_that_import_each_other(facts: Callable[[str], ModuleFacts]) -> None:
    assert facts("import keras\nfrom nets.round import Other\n\nclass Mine(Other): pass\n").classes == ()


def test_objects_that_keep_models_and_are_none(facts: Callable[[str], ModuleFacts]) -> None:
    text = """
import keras
from nets import agents
from nets.agents import Agent, Ready

class Mine(Agent):
    def build(self):
        return keras.Sequential([keras.layers.ReLU()])

    def run(self):
        return self.model.layers[0]

class Silent(Agent):
    def count(self):
        return keras.layers.Dense(3)

ready = agents.Ready()
ready.model.layers[0]
mine = Mine()
mine.model.layers[0]
silent = Silent()
silent.model
silent.size
agent = Agent()
agent.model

def use(given: Ready, other):
    given.model
    other.model
"""
    found = facts(text)
    said = {path.span.of(text): path.call.class_name for path in found.paths if path.call is not None}
    assert said == {
        "ready.model": "Sequential",
        "ready.model.layers[0]": "Dense",
        "mine.model": "Sequential",
        "mine.model.layers[0]": "ReLU",
        "self.model.layers[0]": "ReLU",
        "silent.size": "Dense",
        "given.model": "Sequential",
    }
    assert [h.name for h in found.holders] == ["ready", "mine", "silent", "given"]


def test_what_a_base_of_another_file_is_given_and_keeps(facts: Callable[[str], ModuleFacts]) -> None:
    text = """
import keras
from nets.wraps import Around

class Mine(Around):
    def __init__(self):
        super().__init__(inner=keras.layers.Dense(3))

around = Around(keras.layers.ReLU())
around.inner
"""
    found = facts(text)
    assert slots(found) == ["Mine.inner: keras.layers.Dense(units=3)"]
    said = {path.span.of(text): path.call.class_name for path in found.paths if path.call is not None}
    assert said == {"around.inner": "ReLU"}
