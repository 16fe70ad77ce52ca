"""Methods of a class as they stand in its text, and new ones among them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import TextEdit
from keras_lsp.source.positions import Positions
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import ModelClass


def class_node(view: DocumentView, model_class: ModelClass) -> ast.ClassDef | None:
    positions = Positions(view.parsed.text)
    for node in ast.walk(view.parsed.tree):
        if isinstance(node, ast.ClassDef) and positions.name_span(node) == model_class.name_span:
            return node
    return None


def method_node(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == name), None)


def behind(view: DocumentView, statement: ast.stmt, method: Iterable[str]) -> TextEdit | None:
    """A method behind a statement of a class body; None where that does not begin its line.

    The lines of `method` begin with a tab for each step of indentation; the text's own step is taken.
    """
    text, lines = view.document.text, view.document.lines
    span = Positions(view.parsed.text).span(statement)
    indent = text[lines.line_span(lines.line_of(span.start)).start : span.start]
    around = view.facts.class_at(span.start)
    if indent.strip() or around is None:
        return None
    outer = len(text[lines.line_span(lines.line_of(around.span.start)).start : around.span.start])
    step = indent[outer:]
    rows = (indent + step * (len(line) - len(line.lstrip("\t"))) + line.lstrip("\t") for line in method)
    end = lines.line_span(lines.line_of(max(span.start, span.end - 1))).end
    return TextEdit(Span(end, end), lines.ending * 2 + lines.ending.join(rows))
