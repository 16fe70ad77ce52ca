"""Statements that are selected to be written elsewhere, and where that is."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features.results import TextEdit
from keras_lsp.features.rules.tree import Function, tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.text.document import Document

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_AROUND = (ast.If, ast.For, ast.While, ast.With)  # what may stand between a function and what is selected
_PARAGRAPH = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)
_STRINGS = (ast.Constant, ast.JoinedStr)
_CELL_MARK = ("# %%", "#%%")


@dataclass(frozen=True)
class Selection:
    """Whole statements that follow each other in one block and assign names; the last may return."""

    statements: tuple[ast.stmt, ...]
    after: tuple[ast.stmt, ...]  # the rest of their block
    scope: Function | ast.Module  # whose names they use
    nested: bool  # in a block of the scope, not in its body
    top: ast.stmt  # the statement of the module that holds them
    lines: Span  # theirs, without the last line end
    indent: str

    @property
    def nodes(self) -> Iterator[ast.AST]:
        for statement in self.statements:
            yield from ast.walk(statement)

    @property
    def returns(self) -> bool:
        return isinstance(self.statements[-1], ast.Return)


def selection(view: DocumentView, span: Span) -> Selection | None:
    """What is selected; None where that is not whole lines of such statements of a function or module."""
    text, tree = view.document.text, tree_of(view)
    selected = _trimmed(text, span)
    path: list[ast.stmt | ast.Module] = [tree.module]
    block: Sequence[ast.stmt] = tree.module.body
    found = _inside(view, block, selected)
    while found is None:
        holder = next((s for s in block if tree.span(s).covers(selected)), None)
        if holder is None:
            return None
        blocks = [b for name in _BLOCKS if (b := getattr(holder, name, None)) and isinstance(b[0], ast.stmt)]
        inner = [b for b in blocks if tree.span(b[0]).start <= selected.end <= tree.span(b[-1]).end]
        if len(inner) != 1:
            return None
        path.append(holder)
        (block,) = inner
        found = _inside(view, block, selected)
    if not all(map(_assigns, found[:-1])) or not (_assigns(found[-1]) or _returns(found[-1])):
        return None
    scope_at = max(n for n, node in enumerate(path) if isinstance(node, (Function, ast.Module)))
    scope, around = path[scope_at], path[scope_at + 1 :]
    lines = _lines(view.document, tree.span(found[0]), tree.span(found[-1]), selected)
    if lines is None or not isinstance(scope, (Function, ast.Module)):
        return None
    if not all(isinstance(node, _AROUND) for node in around) or _has_long_string(view, found):
        return None
    top = next((node for node in path if isinstance(node, ast.stmt)), found[0])
    after = tuple(block[block.index(found[-1]) + 1 :])
    indent = view.document.lines.before(tree.span(found[0]).start)
    return Selection(tuple(found), after, scope, bool(around), top, lines, indent)


def _assigns(statement: ast.stmt) -> bool:
    """Whether a statement does no more than to give names a value."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        return all(isinstance(part, ast.Name) for part in parts)
    return isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name)


def _returns(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Return) and statement.value is not None


def _trimmed(text: str, span: Span) -> Span:
    inside = span.of(text)
    start = span.start + len(inside) - len(inside.lstrip())
    return Span(start, max(start, span.start + len(inside.rstrip())))


def _inside(view: DocumentView, block: Sequence[ast.stmt], selected: Span) -> list[ast.stmt] | None:
    """The statements of a block that are selected, where everything that is selected is theirs."""
    tree, text = tree_of(view), view.document.text
    touched = [s for s in block if tree.span(s).overlaps(selected)]
    spans = [tree.span(s) for s in touched]
    if not touched or not all(selected.covers(span) for span in spans):
        return None
    edges = [selected.start, *(edge for span in spans for edge in (span.start, span.end)), selected.end]
    between = (text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
    plain = all(
        not row.strip() or row.lstrip().startswith("#") for gap in between for row in gap.splitlines()
    )
    return touched if plain else None


def _lines(document: Document, first: Span, last: Span, selected: Span) -> Span | None:
    """The lines of statements with their comments; None where something else stands there, too."""
    lines = document.lines
    if lines.before(first.start).strip() or lines.before(selected.start).strip():
        return None
    end = lines.line_span(lines.line_of(last.end)).end
    behind = document.text[last.end : end].strip()
    if behind and not behind.startswith("#"):
        return None
    start = lines.line_span(lines.line_of(min(first.start, selected.start))).start
    return None if crosses_cells(document, Span(start, end)) else Span(start, end)


def crosses_cells(document: Document, span: Span) -> bool:
    cells = document.cells
    return cells is not None and cells.number_at(span.start) != cells.number_at(span.end)


def _has_long_string(view: DocumentView, statements: Iterable[ast.stmt]) -> bool:
    """Whether a string goes over lines: other indentation may make it another."""
    text, tree = view.document.text, tree_of(view)
    nodes = (node for statement in statements for node in ast.walk(statement))
    return any(isinstance(n, _STRINGS) and not {"\n", "\r"}.isdisjoint(tree.span(n).of(text)) for n in nodes)


def rows(view: DocumentView, lines: Span, old: str, new: str) -> list[str]:
    """Whole lines with another indentation."""
    every = view.document.lines
    numbers = range(every.line_of(lines.start), every.line_of(lines.end) + 1)
    written = (every.line_span(number).of(view.document.text) for number in numbers)
    return [reindented(row, old, new) for row in written]


def reindented(row: str, old: str, new: str) -> str:
    """What is less indented stays so, as it may inside brackets."""
    if not row.strip():
        return ""
    return new + row.removeprefix(old) if row.startswith(old) else row


def step_of(view: DocumentView) -> str:
    """One step of indentation, as the first block of the text has it."""
    tree, lines = tree_of(view), view.document.lines
    for statement in tree.module.body:
        block = getattr(statement, "body", None)
        indent = lines.before(tree.span(block[0]).start) if block else ""
        if indent and not indent.strip():
            return indent
    return "    "


def above(view: DocumentView, top: ast.stmt, written: Sequence[str]) -> TextEdit | None:
    """A definition above a statement of the module and the comments that go with it.

    None where that does not begin its line.
    """
    document, lines = view.document, view.document.lines
    first = _paragraph(view, top)
    start = min(tree_of(view).span(node).start for node in (first, *getattr(first, "decorator_list", ())))
    if lines.before(start).strip(" \t@"):
        return None
    cells = document.cells
    number = cells.number_at(start) if cells is not None else None
    begin = cells.span(number).start if cells is not None and number is not None else 0
    highest = lines.line_of(begin)
    line = lines.line_of(start)
    while line > highest and _is_comment(lines.line_span(line - 1).of(document.text)):
        line -= 1
    blank = 0
    while line - blank > highest and not lines.line_span(line - blank - 1).of(document.text).strip():
        blank += 1
    missing = 0 if line - blank == highest else max(0, 2 - blank)
    place = lines.line_span(line).start
    text = lines.ending * missing + lines.ending.join(written) + lines.ending * 3
    return TextEdit(Span(place, place), text)


def _is_comment(row: str) -> bool:
    return row.startswith("#") and not row.startswith(_CELL_MARK)


def _paragraph(view: DocumentView, top: ast.stmt) -> ast.stmt:
    """The first of the plain statements that stand before one without an empty line between them."""
    tree, text, lines = tree_of(view), view.document.text, view.document.lines
    block = tree.module.body
    first = top
    for before in reversed(block[: block.index(top)]):
        docstring = isinstance(before, ast.Expr) and isinstance(before.value, ast.Constant)
        if docstring or not isinstance(before, _PARAGRAPH) or not isinstance(top, _PARAGRAPH):
            break
        gap = Span(tree.span(before).end, tree.span(first).start)
        between = range(lines.line_of(gap.start) + 1, lines.line_of(gap.end))
        if not all(_is_comment(lines.line_span(line).of(text)) for line in between):
            break
        if crosses_cells(view.document, gap):
            break
        first = before
    return first
