"""Cards read the same in Markdown and in a terminal, and tables line up in both."""

from __future__ import annotations

import dataclasses

import pytest
from markdown_it import MarkdownIt  # the reader that rich uses

from keras_lsp.features import layer_card
from keras_lsp.features.card import FOLD, Card, Quote, escaped, folded, markdown, plain, without_links
from keras_lsp.features.wording import bytes_text, shape_text, value_text
from keras_lsp.lsp import status
from keras_lsp.session.snapshot import EnvironmentFacts
from keras_lsp.worker.report import ReplayReport, TensorSpec, Value, Versions
from tests.unit.features import views

CARD = Card(
    title="Dense",
    name="dense1",
    notes=("No weights here yet: `model.build(...)` only marks.",),
    summary="(None, 32) → (None, 64) · 2,112 parameters",
    cost="4,224 FLOPs",
    configuration="units=64",
    table=folded([("kernel", "(32, 64)", "float32"), ("bias", "(64,)", "float32")]),
    quote=Quote("line 15", "self.dense1 = Dense(64)"),
    origin=("Keras 3.15.1",),
)


def test_markdown() -> None:
    assert markdown(CARD) == (
        "**Dense** `dense1`\n\n"
        "> No weights here yet: `model.build(...)` only marks.\n\n"
        "(None, 32) → (None, 64) · 2,112 parameters  \n4,224 FLOPs  \n`units=64`\n\n"
        "```text\n"
        "kernel  (32, 64)  float32\n"
        "bias    (64,)     float32\n"
        "```\n\n"
        "Line 15\n"
        "```python\n"
        "self.dense1 = Dense(64)\n"
        "```\n\n"
        "Keras 3.15.1"
    )


def test_plain() -> None:
    assert plain(CARD) == (
        "Dense dense1\n"
        "! No weights here yet: `model.build(...)` only marks.\n"
        "(None, 32) → (None, 64) · 2,112 parameters\n"
        "4,224 FLOPs\n"
        "units=64\n"
        "  kernel  (32, 64)  float32\n"
        "  bias    (64,)     float32\n"
        "line 15: self.dense1 = Dense(64)\n"
        "Keras 3.15.1"
    )


def test_long_tables_are_folded() -> None:
    table = folded([(str(i),) for i in range(40)])
    assert table is not None
    lines = table.lines()
    assert len(lines) == FOLD
    assert lines[-1] == f"… and {40 - FOLD + 1} more"
    short = folded([(str(i),) for i in range(FOLD)])
    assert short is not None
    assert short.lines()[-1] == str(FOLD - 1)


def test_markup_in_names_stays_text() -> None:
    text = markdown(Card("A*b<c", "tick`s", notes=("2 * 3 < `x*y`",), quote=Quote("line 1", "a = '```'")))
    assert text.startswith("**A\\*b\\<c** ``tick`s``")
    assert "> 2 \\* 3 \\< `x*y`" in text
    assert "````python\na = '```'\n````" in text


def test_nothing_in_a_card_becomes_a_link() -> None:
    card = Card("Dense", about="named [here](command:evil) https://evil.example www.evil.example")
    assert markdown(card) == (
        "**Dense** · named \\[here](command:evil) https\\://evil.example www\\.evil.example"
    )


_LEADS_AWAY = {"link_open", "image", "html_inline", "html_block"}


@pytest.mark.parametrize(
    "text",
    [
        "``` [x](command:evil) `",  # three backticks that nothing closes, and one pair less
        "a ` b\nc ` [x](command:evil) ` d",  # code that began a line above
        "a | b\n- | -\n`c | [x](command:evil) | d`",  # the bars of a table part it
        "\\` [x](command:evil) `",
        "![x](https://evil.example/seen.png)",
        "<a href='command:evil'>x</a>",
        "[x]: command:evil",
    ],
)
def test_no_game_with_backticks_makes_a_link(text: str) -> None:
    reader = MarkdownIt("commonmark").enable("table")
    for shown in (escaped(text), without_links(text)):
        tokens = [token for block in reader.parse(shown) for token in (block, *(block.children or ()))]
        assert not {token.type for token in tokens} & _LEADS_AWAY, shown


def test_documentation_keeps_its_code_and_its_addresses_as_text() -> None:
    text = "See [the paper](https://arxiv.org/abs/1) on `x[0]` and *this*:\n- `a | b`\n* <b>"
    assert without_links(text) == (
        "See the paper (https\\://arxiv.org/abs/1) on `x[0]` and *this*:\n- `a | b`\n* \\<b>"
    )


def test_sizes_and_shapes() -> None:
    assert [bytes_text(n) for n in (0, 1023, 8448, 300 << 20)] == ["0 B", "1,023 B", "8.25 KiB", "300 MiB"]
    specs = [TensorSpec(shape, "float32") for shape in ((), (64,), (None, 3))]
    assert [shape_text(spec) for spec in specs] == ["()", "(64,)", "(None, 3)"]
    unknown = TensorSpec((None, None), "float32", named=((1, "len(vocab) + 2"),))
    assert shape_text(unknown) == "(None, len(vocab) + 2)"


def test_nested_values() -> None:
    a = Value("tensor", TensorSpec((None, 3), "float32"))
    b = Value("tensor", TensorSpec((None,), "int32"))
    assert value_text(Value("list", items=(a, b), length=2)) == "[(None, 3), (None,)]"
    assert value_text(Value("dict", items=(a, b), keys=("a", "b"), length=2), True) == (
        "{'a': (None, 3) float32, 'b': (None,) int32}"
    )
    assert value_text(Value("list", items=(a,), length=70)) == "[(None, 3), …]"
    assert value_text(Value("number", text="3")) == ""


@pytest.mark.parametrize(
    ("sandbox", "said"), [("", ()), ("reduced", ("sandbox: reduced",)), ("none", ("sandbox: none",))]
)
def test_a_sandbox_that_is_not_whole_is_said_below_cards_and_in_the_status_bar(
    sandbox: str, said: tuple[str, ...]
) -> None:
    view = views.current("import keras\n", ReplayReport(Versions("3.11.7", "3.15.1", 3))).view(views.KEY)
    assert view is not None
    view = dataclasses.replace(view, environment=EnvironmentFacts(("python",), "PATH", sandbox=sandbox))
    assert layer_card.origin(view) == ("Keras 3.15.1", *said)
    assert status.of(view, views.KEY).summary == " · ".join(("Keras 3.15.1", *said))
