"""What can be folded: lists of layers and other brackets over lines, bodies, imports, comments.

All of Python's and not the model's alone, since an editor that is given folds makes none by itself.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fold, FoldKind
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.features.typed import code_mask
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keras_lsp.features.rules.tree import Tree
    from keras_lsp.session.snapshot import DocumentView, Snapshot

_BRACKETED = (
    ast.Call,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Subscript,
)
_BLOCKS = ("body", "orelse", "finalbody")
_KEYWORD = re.compile(r"(?:else|finally)[ \t]*:")
_COMMENT = re.compile(r"[ \t]*#")
_CLOSING = re.compile(r"[ \t]*[)\]}]")


def folds(snapshot: Snapshot, key: str) -> tuple[Fold, ...]:
    """By where they start; of several that start on a line the one that reaches furthest."""
    view = snapshot.view(key)
    if view is None:
        return ()
    lines = view.document.lines
    widest: dict[int, Fold] = {}
    for fold in (*_of_tree(view), *_comments(view)):
        first, last = lines.line_of(fold.span.start), lines.line_of(fold.span.end)
        known = widest.get(first)
        if last > first and (known is None or known.span.end < fold.span.end):
            widest[first] = fold
    return tuple(widest[line] for line in sorted(widest))


def _of_tree(view: DocumentView) -> Iterator[Fold]:
    tree = tree_of(view)
    for node in tree.nodes:
        if isinstance(node, _BRACKETED):
            yield Fold(_inner(view, tree.span(node)))
        elif isinstance(node, ast.Constant | ast.JoinedStr) and isinstance(tree.parents.get(node), ast.Expr):
            yield Fold(tree.span(node), FoldKind.COMMENT)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield Fold(_inner(view, tree.span(node)), FoldKind.IMPORTS)
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                yield from _block(view, tree, node, name, block)
        if isinstance(node, ast.Match):
            yield Fold(tree.span(node))
        for case in node.cases if isinstance(node, ast.Match) else ():
            yield Fold(Span(tree.positions.offset(case.pattern.lineno, 0), tree.span(case.body[-1]).end))


def _block(
    view: DocumentView, tree: Tree, node: ast.AST, name: str, block: Sequence[ast.stmt]
) -> Iterator[Fold]:
    yield from _imports(tree, block)
    end = tree.span(block[-1]).end
    if name == "body" and isinstance(node, ast.stmt | ast.excepthandler):
        yield Fold(Span(tree.span(node).start, end))
    elif name != "body":
        before = tree.span(block[0]).start
        found = list(_KEYWORD.finditer(code_mask(view.document.text), max(0, before - 200), before))
        if found:  # an `elif` is a statement of its own
            yield Fold(Span(found[-1].start(), end))


def _imports(tree: Tree, block: Sequence[ast.stmt]) -> Iterator[Fold]:
    """Each run of import statements."""
    run: list[ast.stmt] = []
    for statement in (*block, None):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            run.append(statement)
            continue
        if len(run) > 1:
            yield Fold(Span(tree.span(run[0]).start, tree.span(run[-1]).end), FoldKind.IMPORTS)
        run = []


def _inner(view: DocumentView, span: Span) -> Span:
    """Up to the line before the one that only closes it, which stays in sight."""
    lines = view.document.lines
    last = lines.line_of(span.end)
    line = lines.line_span(last)
    if _CLOSING.match(line.of(view.document.text)) and last > lines.line_of(span.start):
        return Span(span.start, max(span.start, lines.line_span(last - 1).end))
    return span


def _comments(view: DocumentView) -> Iterator[Fold]:
    """Each run of lines that are comments."""
    text, lines = view.document.text, view.document.lines
    mask = code_mask(text)
    first: Span | None = None
    last = Span(0, 0)
    for number in range(lines.line_count + 1):
        here = lines.line_span(number) if number < lines.line_count else None
        if here is not None and _COMMENT.match(here.of(text)) and not here.of(mask).strip():
            first, last = first or here, here
        elif first is not None:
            yield Fold(Span(first.start, last.end), FoldKind.COMMENT)
            first = None
