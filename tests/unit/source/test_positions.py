"""Places of nodes are code-point offsets, whatever is on the line."""

from __future__ import annotations

import ast

import pytest

from keras_lsp.source.positions import Positions


@pytest.mark.parametrize(
    "text",
    [
        "name = other",
        "'é' + name + '😀'; name",
        "x = 1\r\n'ü'; name\rname = 2\n",
        "x\f = 1\n\f'\u2028' + name",
        "# comment é\nname.name.name",
    ],
)
def test_spans_of_names(text: str) -> None:
    positions = Positions(text)
    names = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    assert names
    assert {positions.span(node).of(text) for node in names} <= {"name", "x", "other"}


def test_name_and_header_of_definitions() -> None:
    text = "@dec\nasync  def  f(a,\n  b):\n    pass\nclass  C : x = 1\n"
    text += "for i in y:\n    @dec\n    def g(): pass\n"
    positions = Positions(text)
    f, c, loop = ast.parse(text).body
    assert isinstance(f, ast.AsyncFunctionDef)
    assert isinstance(c, ast.ClassDef)
    assert positions.name_span(f).of(text) == "f"
    assert positions.name_span(c).of(text) == "C"
    assert positions.header_span(loop).of(text) == "for i in y:"
    assert positions.header_span(f).of(text) == "async  def  f(a,\n  b):"
