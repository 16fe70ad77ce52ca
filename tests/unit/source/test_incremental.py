"""Whatever is edited, and wherever: what is known afterwards is what reading the whole text anew says."""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_lsp.source.evaluation import Known
from keras_lsp.source.extract import extract, read
from keras_lsp.source.facts import LayerCall, ModelKind, ModuleFacts
from keras_lsp.source.foreign_objects import ForeignObject
from keras_lsp.source.held import Entry, Held
from keras_lsp.source.incremental import LiveModule
from keras_lsp.source.parse import parse
from keras_lsp.source.resolve import ClassOrigin, FunctionOrigin
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from keras_lsp.source.found import Found
    from keras_lsp.source.module_index import ModuleIndex
    from keras_lsp.source.positions import Positions
    from keras_lsp.source.resolve import NameResolver

FIXTURES = Path(__file__).parent.parent.parent.parent / "fixtures"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*/*.py"))}
PARTS = ["keras", "classes", "bindings", "events", "paths", "weight_uses", "references", "holders"]
PARTS += ["problems", "pragmas", "fingerprint", "input_shapes"]

# Everything that one statement can say about another.
LINKED = '''"""Statements that depend on each other."""
import keras
from keras import layers

WIDTH = 32


class Base(keras.Model):
    """A base, for example:

    def example(self):
        return Base()
    """

    def __init__(self, units=WIDTH):
        super().__init__()
        self.dense = layers.Dense(units)

    def call(self, x):
        return self.dense(x)


class Net(Base):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(i) for i in range(3)]
        self.inner = make(4)

    # keras-lsp: input=(None, 3)
    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return super().call(x)


def make(units):
    return layers.Dense(units, name="made")


def use():
    model.build((None, 3))


def change(x):
    net = Net()
    net.extra = layers.Dense(x)
    return net


# keras-lsp: input=(None, 32)
model = Net()
model.weights
use()
model.weights[0]
model.layers[0].kernel
stack = keras.Sequential([layers.Dense(3)])
stack.add(layers.Dense(4))
stack.layers[1].weights
if WIDTH:
    other = keras.Sequential([keras.Input((3,)), layers.Dense(3)])
else:
    other = model
other.layers[0].weights
inputs = keras.Input((3,))
x = layers.Dense(4)(inputs)
x = layers.Dense(5)(x)
functional = keras.Model(inputs, x)
functional.layers[1].weights[0].shape


class Keeper:
    def __init__(self, kept):
        self.kept = kept
        self.own = [layers.Dense(1)]


keeper = Keeper(model)
keeper.kept.dense
keeper.own[0].kernel
try:
    wé = Net()  # ü
except ValueError as error:
    raise
del stack
'''
TYPED = ["(", ")", "[", "]", '"', "'", '"""', "'''", "#", ":", "\n", "\n    ", "    ", "\\\n", "@", "=", "."]
TYPED += [
    "x",
    "model",
    "self.",
    "model.layers[",
    "def f(x):\n",
    "class Net(",
    "import ",
    "del model\n",
    "é",
    ",",
]
TYPED += ["raise x\n", "else:\n", "from keras.layers import *\n", "\r\n", "\r", "\f", "\x00", "<<<<<<< a\n"]
TYPED += [
    "model.x = 1\n",
    "layers = keras.layers\n",
    "f'{",
    "# keras-lsp: input=(None, 7)\n",
    "try:\n",
    ";",
    "",
]
FOREIGN = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[3::40]


def assert_as_if_read_anew(module: LiveModule, text: str, names: Names | None = None) -> None:
    whole = extract(text, names)
    for part in PARTS:
        assert getattr(module.facts, part) == getattr(whole, part), part
    parsed = parse(text)
    assert (module.parsed.text, module.parsed.problems) == (parsed.text, parsed.problems)
    assert sorted(module.class_names) == sorted(model.name for model in whole.classes)
    assert module.has_model_code == bool(whole.classes or whole.bindings or whole.references)


def assert_edit_as_if_read_anew(module: LiveModule, text: str, names: Names | None = None) -> None:
    module.edit(text)
    assert_as_if_read_anew(module, text, names)


class Names:
    """What is known of another file."""

    def class_origin(self, module: str, name: str) -> ClassOrigin | None:
        if name != "Far":
            return None
        return ClassOrigin(ModelKind.LAYER, name, f"/{module}.py", Span(0, 3), ("units",))

    def function_origin(self, module: str, name: str) -> FunctionOrigin | None:  # noqa: ARG002
        return None

    def constant(self, module: str, name: str) -> Known | None:
        known = {
            "UNITS": Known(64),
            "SIZES": Known([1, 2], True),
            "CFG": Known(ForeignObject((("units", Known(3)),))),
        }
        return known.get(name) if module == "config" else None

    def fixture(self, name: str) -> tuple[str, FunctionOrigin] | None:
        if name != "given":
            return None
        call = LayerCall("Far", "Far", Span(0, 3), Span(0, 3), is_builtin=False)
        return ".conftest", FunctionOrigin(Held((Entry("", call, Span(0, 3)),)), "/conftest.py")


edits = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 40) | st.just(0), st.sampled_from(TYPED)), max_size=6
)


def edited(module: LiveModule, text: str, changes: list[tuple[int, int, str]]) -> Iterator[str]:
    """The text after each of the changes, which the module was told."""
    for place, removed, typed in changes:
        at = place % (len(text) + 1)
        text = text[:at] + typed + text[at + removed :]
        module.edit(text)
        yield text


@settings(max_examples=80, deadline=None)
@given(edits)
@example([(120, 8, "del model\n"), (452, 40, "("), (4018, 0, "(")])
@example([(342, 0, "\r"), (342, 0, "\r"), (344, 22, "(")])
@example([(324, 0, "else:\n"), (387, 0, "(")])
@example([(43, 0, "\\\n"), (59, 1, "(")])
@example([(5335, 0, "\n    "), (686, 0, "("), (5337, 0, "\n    ")])
def test_any_edits(changes: list[tuple[int, int, str]]) -> None:
    module = LiveModule(LINKED)
    for text in edited(module, LINKED, changes):
        assert_as_if_read_anew(module, text)


@settings(max_examples=30, deadline=None)
@given(edits)
def test_facts_that_nobody_asked_for_in_between(changes: list[tuple[int, int, str]]) -> None:
    module = LiveModule(LINKED)
    text = [LINKED, *edited(module, LINKED, changes)][-1]
    assert_as_if_read_anew(module, text)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("dsm"), st.integers(0, 60)), max_size=5))
def test_whole_lines_deleted_doubled_and_moved(changes: list[tuple[int, str, int]]) -> None:
    module, lines = LiveModule(LINKED), LINKED.splitlines(keepends=True)
    for place, how, other in changes:
        line = lines.pop(place % len(lines))
        if how != "d":
            lines.insert(other % len(lines), line)
        if how == "s":
            lines.insert(place % len(lines), line)
        assert_edit_as_if_read_anew(module, "".join(lines))


@pytest.mark.parametrize("name", ["subclassed", "functional", "reading_weights"])
def test_typed_in_character_by_character(name: str) -> None:
    text = TEXTS[name]
    module = LiveModule("")
    for end in range(1, len(text) + 1):
        module.edit(text[:end])
        if end % 7 == 0 or end == len(text):
            assert_as_if_read_anew(module, text[:end])


@pytest.mark.parametrize("name", TEXTS)
def test_real_texts(name: str) -> None:
    """Something is typed or deleted somewhere, and taken back."""
    text, choose = TEXTS[name], random.Random(name)  # noqa: S311  # not for secrets
    module = LiveModule(text)
    for _ in range(12):
        at = choose.randrange(len(text))
        changed = text[:at] + choose.choice(TYPED) + text[at + choose.choice((0, 0, 1, 30)) :]
        for now in (changed, text):
            assert_edit_as_if_read_anew(module, now)


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.stem)
def test_texts_that_nobody_here_wrote(path: Path) -> None:
    text = "import keras\n" + path.read_bytes().decode("utf-8", "replace")[:40_000]
    choose = random.Random(path.stem)  # noqa: S311  # not for secrets
    module = LiveModule(text)
    for _ in range(6):
        at = choose.randrange(len(text))
        changed = text[:at] + choose.choice(TYPED) + text[at + choose.choice((0, 1)) :]
        for now in (changed, text):
            assert_edit_as_if_read_anew(module, now)


def test_classes_of_other_files_become_known_later() -> None:
    text = "from far import Far\n\nlayer = Far(3)\nlayer.weights\n"
    module = LiveModule(text)
    assert not module.has_model_code
    module.learn(Names())
    assert_as_if_read_anew(module, text, Names())
    assert module.has_model_code
    for edited in (text + "x = 1\n", text.replace("(3)", "(4)"), text.replace("import Far", "import Fa")):
        assert_edit_as_if_read_anew(module, edited, Names())
    module.learn(None)
    assert not module.has_model_code


IMPORTING = """import keras
from config import UNITS, SIZES
import config


class Net(keras.Model):
    def __init__(self, units=UNITS):
        super().__init__()
        self.a = keras.layers.Dense(units)
        self.b = keras.layers.Dense(config.CFG.units)
        self.c = keras.layers.Dense(SIZES[0])


class More(Net):
    def __init__(self):
        super().__init__(5)
        self.d = keras.layers.Dense(UNITS)
"""


@pytest.mark.parametrize(
    "added",
    [
        "UNITS = 3\n",
        "from other import UNITS\n",
        "from config import CFG as UNITS\n",
        "def f():\n    from config import UNITS\n",
        "def f():\n    SIZES.append(3)\n",
        "config.CFG.units = 4\n",
        "config = 3\n",
        "from config import *\n",
        "class UNITS: pass\n",
    ],
)
def test_constants_of_other_files(added: str) -> None:
    module = LiveModule(IMPORTING)
    module.learn(Names())
    lines = IMPORTING.splitlines(keepends=True)
    for place in (0, 3, 5, len(lines)):
        text = "".join([*lines[:place], added, *lines[place:]])
        for edited in (text, IMPORTING, text.replace("UNITS, SIZES", "SIZES")):
            assert_edit_as_if_read_anew(module, edited, Names())


@pytest.mark.parametrize(
    "added",
    [
        "f = lambda width: width\n",
        "try: pass\nexcept OSError as width: pass\n",
        "match x:\n    case width: pass\n",
    ],
)
def test_names_that_are_given_without_a_node_of_their_own(added: str) -> None:
    text = "import keras\n\nwidth = 3\n\ndense = keras.layers.Dense(width)\n"
    module = LiveModule(text)
    for edited in (text + added, text, added + text):
        assert_edit_as_if_read_anew(module, edited)


@pytest.mark.parametrize("use", ["model: Net = f()\n", "def g(model: Net = None):\n    model.a\n"])
def test_annotations_before_an_equals_sign(use: str) -> None:
    text = "import keras\n\nclass Net(keras.Model):\n    pass\n\n" + use
    module = LiveModule(text)
    for edited in (text.replace("keras.Model", "object"), text, text.replace("Model", "layers.Layer"), text):
        assert_edit_as_if_read_anew(module, edited)


def test_fixtures_of_other_files() -> None:
    text = "def test_it(given):\n    given.weights\n"
    module = LiveModule(text)
    assert not module.has_model_code
    module.learn(Names())
    assert module.has_model_code
    own = "import pytest\n\n@pytest.fixture\ndef given():\n    return 3\n\n"
    for edited in (own + text, text, text.replace("given", "give"), text, text + own, text):
        assert_edit_as_if_read_anew(module, edited, Names())


def test_a_view_of_an_older_text_stays() -> None:
    module = LiveModule(LINKED)
    before = module.facts
    module.edit("# one line more\n" + LINKED)
    module.edit("# one line more\n# and another\n" + LINKED)
    whole = extract(LINKED)
    assert (before.references, before.classes) == (whole.references, whole.classes)


ONE = """class Net{n}(keras.Model):
    def call(self, x):
        return x


net{n} = Net{n}()
net{n}.weights
"""


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements each reading walked."""
    numbers: list[int] = []

    def counted(
        tree: ast.Module, positions: Positions, index: ModuleIndex, resolver: NameResolver | None
    ) -> tuple[Found, bool]:
        numbers.append(len(tree.body))
        return read(tree, positions, index, resolver)

    monkeypatch.setattr("keras_lsp.source.incremental.read", counted)
    return numbers


def test_an_edit_reads_what_it_touches_and_what_depends_on_it(walked: list[int]) -> None:
    text = "import keras\n" + "".join(ONE.format(n=n) for n in range(20))
    module = LiveModule(text)
    walked.clear()
    header = "class Net7(keras.Model):\n"
    module.edit(text.replace(header, f"{header}    x = 3\n"))
    module.edit(text)
    assert walked == [3, 3]


@pytest.mark.parametrize("typed", ["    x = [3,\n", "    def build(self\n", "    self.\n", "    'a\n"])
def test_a_half_typed_statement_costs_no_more_than_a_whole_one(walked: list[int], typed: str) -> None:
    text = "import keras\n" + "".join(ONE.format(n=n) for n in range(20))
    module = LiveModule(text)
    walked.clear()
    header = "class Net7(keras.Model):\n"
    broken = text.replace(header, header + typed)
    assert_edit_as_if_read_anew(module, broken)
    assert_edit_as_if_read_anew(module, text)
    assert [number for number in walked if number < 20] == [3, 3]


def test_a_text_that_was_never_whole(walked: list[int]) -> None:
    text = "import keras\n" + "".join(ONE.format(n=n) for n in range(20))
    broken = text.replace("class Net3", "x = [\nclass Net3")
    module = LiveModule(broken)
    walked.clear()
    further = broken.replace("class Net9(keras.Model):\n", "class Net9(keras.Model):\n    y = 3\n")
    module.edit(further)
    assert walked == [3]
    assert_as_if_read_anew(module, further)
    assert_edit_as_if_read_anew(module, text)


def test_brackets_that_hold_lines_at_the_margin_stay_whole_beside_a_mistake() -> None:
    text = "import keras\n\nstack = keras.Sequential([\nkeras.layers.Dense(3),\n])\n\ndel ("
    facts = extract(text)
    assert [len(binding.layers) for binding in facts.bindings] == [1]
    assert [problem.span.start for problem in facts.problems] == [text.index("del")]


def test_a_docstring_that_is_being_opened_takes_no_facts_from_what_is_before_it() -> None:
    at = LINKED.index("    def __init__(self):\n        super().__init__()\n        self.blocks")
    facts: ModuleFacts = extract(f'{LINKED[:at]}    """\n{LINKED[at:]}')
    base = facts.model_class("Base")
    assert base == extract(LINKED).model_class("Base")
    assert facts.model_class("Net") is not None
