"""Output shapes as comments behind the lines of a function: what hints show, for whoever reads the text."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.inlay_hints import hints_of
from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.source.positions import Positions
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def rewrites(view: DocumentView, span: Span) -> Iterator[Fix]:
    """For the function around the cursor; for what is selected, where something is."""
    replay = view.current
    if replay is None:
        return
    positions = Positions(view.parsed.text)
    around = [
        node
        for node in ast.walk(view.parsed.tree)
        if isinstance(node, _FUNCTIONS) and positions.span(node).touches(span.start)
    ]
    if span.start < span.end:
        whole, where = span, "the selected lines"
    elif around:
        whole, where = positions.span(around[-1]), f"`{around[-1].name}`"
    else:
        return
    ends = _line_ends(view, positions, whole)
    shapes: dict[int, list[str]] = {}
    for hint in hints_of(view, replay, whole):
        end = ends.get(view.document.lines.line_of(hint.offset))
        shape = hint.label.lstrip(":→ ")
        if end is not None and not shape.startswith("~"):
            shapes.setdefault(end, []).append(shape)
    edits = tuple(
        TextEdit(Span(end, end), f"  # {', '.join(dict.fromkeys(said))}") for end, said in shapes.items()
    )
    if edits:
        yield Fix(f"Write the output shapes as comments in {where}", edits)


def _line_ends(view: DocumentView, positions: Positions, whole: Span) -> dict[int, int]:
    """Line of a statement -> where a comment fits behind it; not where there is one already."""
    text, lines = view.document.text, view.document.lines
    found: dict[int, int] = {}
    for node in ast.walk(view.parsed.tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)):
            span = positions.span(node)
            behind = Span(span.end, lines.line_span(lines.line_of(span.end)).end)
            if whole.overlaps(span) and not behind.of(text).strip():
                first, last = lines.line_of(span.start), lines.line_of(span.end)
                found.update(dict.fromkeys(range(first, last + 1), span.end))
    return found
