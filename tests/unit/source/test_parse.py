"""Any text parses to a tree; what is broken is blanked and nothing else moves."""

from __future__ import annotations

import ast
import re
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keras_lsp.source.parse import parse

MODULE = """import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, x):
        HERE
        return self.dense(x)


model = Net()
HERE
print(model)
"""
HALF_TYPED = [
    "model.layers[",
    "self.",
    'model.get_layer("',
    "x = foo(1,",
    "x = [1,\n            2,",
    "if x:",
    "for layer in",
    "try:",
    "@tf.function",
    "def f(self, x",
    "class A(",
    "x = '",
    "return)",
    "a b",
    "else:",
    "import",
    "lambda",
    'print(f"{x!")',
    "x = 1 if",
    "with open(x) as",
    "x ==== 2",
    "\tx = 1",
]


def line_ends(text: str) -> list[tuple[int, str]]:
    return [(found.start(), found.group()) for found in re.finditer(r"\r\n|\r|\n", text)]


def assert_total(text: str) -> None:
    parsed = parse(text)
    assert len(parsed.text) == len(text)
    assert line_ends(parsed.text) == line_ends(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(parsed.text, "parsed", "exec", ast.PyCF_ONLY_AST)


@pytest.mark.parametrize("typed", HALF_TYPED)
def test_half_typed_statement_leaves_the_others(typed: str) -> None:
    text = MODULE.replace("HERE", typed)
    parsed = parse(text)
    assert_total(text)
    assert parsed.problems or parsed.text != text
    names = {node.name for node in ast.walk(parsed.tree) if isinstance(node, ast.FunctionDef)}
    assert {"__init__", "call"} <= names
    statements = [ast.unparse(node) for node in ast.walk(parsed.tree) if isinstance(node, ast.stmt)]
    for kept in (
        "self.dense = keras.layers.Dense(3)",
        "return self.dense(x)",
        "model = Net()",
        "print(model)",
    ):
        assert kept in statements


def test_text_without_mistakes_is_kept() -> None:
    text = MODULE.replace("HERE", "pass")
    assert parse(text).text == text
    assert parse(text).problems == ()


def test_problem_says_where() -> None:
    parsed = parse("a = 1\nmodel.layers[\nb = 2\n")
    assert [problem.span.of("a = 1\nmodel.layers[\nb = 2\n") for problem in parsed.problems] == [
        "model.layers["
    ]
    assert parsed.text == "a = 1\npass         \nb = 2\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "\ud800 = 1",
        "\ufeffx = 1\n",
        "x = 1\r\ry = (\r\nz = 3",
        "(" * 50_000,
        "[" * 150 + "]" * 150,
        "-" * 50_000 + "1",
        "a" + ".a" * 20_000,
        "if x:\n" * 300,
        "x" * 100_000,
        "é(\nü = 2",
        "\f\f  x = 1",
        "1if x else 2",
        "case _:\n  x = 1",
        "except x y:\n    x = 1",
    ],
)
def test_odd_texts(text: str) -> None:
    assert_total(text)


def test_a_byte_order_mark_hides_nothing() -> None:
    assert isinstance(parse("\ufeffx = 1\n").tree.body[0], ast.Assign)


PIECES = [
    "def ",
    "class ",
    "if ",
    "else",
    "try",
    "a",
    "b",
    "=",
    ":",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    ",",
    "@",
]
PIECES += ["'", '"', '"""', "#", "\\", "\n", "\r", "\r\n", "    ", "\t", "\f", "é", "\x00", "\ud800"]


@example(["a", "[", "\r\n", ")"])
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_any_pieces_of_code(pieces: list[str]) -> None:
    assert_total("".join(pieces))


@given(st.text())
def test_any_unicode(text: str) -> None:
    assert_total(text)
