"""From `ast` positions (line, utf-8 column) to code-point offsets."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from itertools import accumulate, count
from operator import add
from typing import TYPE_CHECKING

from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

# The tokenizer's own line model: nothing else ends a line, not even a form feed.
_LINE_END = re.compile(r"\r\n|\r|\n")
_DEFINITION = re.compile(r"(?:async[\s\\]+)?(?:def|class)[\s\\]+")

Located = ast.expr | ast.stmt | ast.excepthandler | ast.arg | ast.keyword | ast.alias
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _line_starts(text: str) -> list[int]:
    if "\r" in text:
        return [0, *(match.end() for match in _LINE_END.finditer(text))]
    lengths = map(len, text.split("\n")[:-1])
    return [0, *map(add, accumulate(lengths), count(1))]  # each line before ends with one character more


class Positions:
    """Offsets into one text. A line without characters beyond ASCII costs one addition.

    The tree may be of `pieces` of the text, whole lines put one behind the other: then its lines are counted
    in those alone, the first as `first_line`, and offsets are where they are in the text.
    """

    def __init__(self, text: str, pieces: Sequence[Span] = (), first_line: int = 1) -> None:
        self.text = text
        self._starts = [0] * first_line if pieces else _line_starts(text)
        for piece in pieces:
            self._starts.pop()  # the line behind a piece is the first of the next
            self._starts += [piece.start + start for start in _line_starts(piece.of(text))]
        self._wide = {} if text.isascii() else self._wide_lines()

    def _wide_lines(self) -> dict[int, bytes]:
        """Line number -> its utf-8 text, for the lines where columns are not code points."""
        ends = [*self._starts[1:], len(self.text)]
        lines = (self.text[start:end] for start, end in zip(self._starts, ends, strict=True))
        return {
            number: line.encode("utf-8", "surrogatepass")
            for number, line in enumerate(lines, start=1)
            if not line.isascii()
        }

    def offset(self, line: int, column: int) -> int:
        """`line` counts from 1 and `column` in utf-8 bytes, as in `ast`."""
        if self._wide and (wide := self._wide.get(line)) is not None:
            column = len(wide[:column].decode("utf-8", "replace"))
        return self._starts[line - 1] + column

    def span(self, node: Located) -> Span:
        """The text of a node of a parsed tree."""
        starts = self._starts
        if not self._wide and node.end_lineno is not None and node.end_col_offset is not None:
            return Span(
                starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
            )
        start = self.offset(node.lineno, node.col_offset)
        if node.end_lineno is None or node.end_col_offset is None:
            return Span(start, start)
        return Span(start, self.offset(node.end_lineno, node.end_col_offset))

    def spells(self, node: Located, text: str) -> bool:
        """Whether the place a node claims to be at holds `text`."""
        if node.lineno > len(self._starts):
            return False
        return self.text.startswith(text, self.start(node))

    def start(self, node: Located) -> int:
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: Located) -> int:
        return self.span(node).end

    def line_start(self, line: int) -> int:
        """Offset of the first character of `line`, counted from 1."""
        return self._starts[line - 1]

    def line_end(self, line: int) -> int:
        """Offset behind the last character of `line`, its ending included; clamps past the last line."""
        return self._starts[line] if line < len(self._starts) else len(self.text)

    def line_of(self, offset: int) -> int:
        """The line, counted from 1, that holds `offset`."""
        return bisect_right(self._starts, offset)

    def begins_line(self, offset: int) -> bool:
        """Whether only blanks are before `offset` on its line."""
        return not self.text[self.line_start(self.line_of(offset)) : offset].strip()

    def name_span(self, node: Definition) -> Span:
        """Where a definition spells its name; `ast` itself does not say."""
        start = self.start(node)
        found = _DEFINITION.match(self.text, start)
        begin = found.end() if found else start
        return Span(begin, begin + len(node.name))

    def header_span(self, node: ast.stmt) -> Span:
        """A statement without the block below it: all of a simple one, `for x in y:` of a loop."""
        whole = self.span(node)
        body: list[ast.stmt] = getattr(node, "body", [])
        if not body:
            return whole
        first = (getattr(body[0], "decorator_list", None) or body)[0]
        header = self.text[whole.start : self.start(first)]
        return Span(whole.start, whole.start + len(header.rstrip("@ \t\f\r\n")))
