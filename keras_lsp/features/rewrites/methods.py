"""New methods among those of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import TextEdit
from keras_lsp.features.rules.tree import model_classes, tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import ModelClass


def class_node(view: DocumentView, model_class: ModelClass) -> ast.ClassDef | None:
    return next((node for found, node in model_classes(view) if found is model_class), None)


def behind(view: DocumentView, statement: ast.stmt, method: Iterable[str]) -> TextEdit | None:
    """A method behind a statement of a class body; None where that does not begin its line.

    The lines of `method` begin with a tab for each step of indentation; the text's own step is taken.
    """
    lines, span = view.document.lines, tree_of(view).span(statement)
    indent, around = lines.before(span.start), view.facts.class_at(span.start)
    if indent.strip() or around is None:
        return None
    step = indent[len(lines.before(around.span.start)) :]
    rows = (indent + step * (len(line) - len(line.lstrip("\t"))) + line.lstrip("\t") for line in method)
    end = lines.line_span(lines.line_of(max(span.start, span.end - 1))).end
    return TextEdit(Span(end, end), lines.ending * 2 + lines.ending.join(rows))
