"""Output shapes as comments behind the lines of a function: what hints show, for whoever reads the text."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.inlay_hints import hints_of
from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView

_STATEMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)


def rewrites(view: DocumentView, span: Span) -> Iterator[Fix]:
    """For the function around the cursor; for what is selected, where something is."""
    replay = view.current
    if replay is None:
        return
    tree = tree_of(view)
    if span.start < span.end:
        nodes, whole, where = tree.nodes, span, "the selected lines"
    else:
        around = [function for function in tree.functions if tree.span(function).touches(span.start)]
        if not around:
            return
        innermost = around[-1]
        nodes, whole, where = tuple(ast.walk(innermost)), tree.span(innermost), f"`{innermost.name}`"
    ends = _line_ends(view, nodes, whole)
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


def _line_ends(view: DocumentView, nodes: Iterable[ast.AST], whole: Span) -> dict[int, int]:
    """Line of a statement -> where a comment fits behind it; not where there is one already."""
    text, lines, tree = view.document.text, view.document.lines, tree_of(view)
    found: dict[int, int] = {}
    for node in nodes:
        if isinstance(node, _STATEMENTS):
            span = tree.span(node)
            behind = Span(span.end, lines.line_span(lines.line_of(span.end)).end)
            if whole.overlaps(span) and not behind.of(text).strip():
                first, last = lines.line_of(span.start), lines.line_of(span.end)
                found.update(dict.fromkeys(range(first, last + 1), span.end))
    return found
