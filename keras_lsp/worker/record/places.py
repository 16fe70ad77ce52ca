"""Where in the replayed text something happened: frames and tracebacks to spans of code points."""

from __future__ import annotations

import ast
import os
import re
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional, Tuple

if TYPE_CHECKING:
    from types import CodeType, FrameType, TracebackType

    from ..report import SpanPair


_CLASS = re.compile(r"^[ \t]*class[ \t]+(\w+)", re.MULTILINE)
OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def is_ours(frame: FrameType) -> bool:
    """Whether a frame is the worker's own, between the text and what it calls."""
    return frame.f_code.co_filename.startswith(OURS)


class SourceMap:
    """Turns Python's positions (1-based line, UTF-8 column) in one text into code-point offsets."""

    def __init__(
        self, text: str, path: str, cells: Tuple[int, ...] = (), cell_names: Tuple[int, ...] = ()
    ) -> None:
        """`cells`: where the cells of a notebook begin in its text, `cell_names`: what people call them."""
        self.path = path
        self._cells, self._cell_names = cells, cell_names
        self.text = text
        self._lines = _python_lines(text)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._spans: Dict[Tuple[CodeType, int], Optional[SpanPair]] = {}

    def offset(self, line: int, column: int) -> int:
        text = self._lines[line - 1]
        if not text.isascii():
            column = len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))
        return self._starts[line - 1] + column

    def node(self, node: ast.AST) -> SpanPair:
        """Span of a syntax node that has a position."""
        line, column = node.lineno, node.col_offset  # type: ignore[attr-defined]  # callers pass positioned nodes
        end_line, end_column = node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]  # same
        return self.offset(line, column), self.offset(end_line, end_column)

    def spot(self, span: Optional[SpanPair]) -> str:
        """How a sentence names where a span starts: "line 12", "line 2 of cell 3"; "" for no span."""
        if span is None:
            return ""
        cell = bisect_right(self._cells, span[0])
        if cell == 0:
            return f"line {self._line(span[0])}"
        first = self._line(self._cells[cell - 1])
        return f"line {self._line(span[0]) - first + 1} of cell {self._cell_names[cell - 1]}"

    def _line(self, offset: int) -> int:
        """1-based."""
        low, high = 0, len(self._lines)
        while low < high:
            middle = (low + high) // 2
            if self._starts[middle + 1] > offset:
                high = middle
            else:
                low = middle + 1
        return low + 1

    def instruction(self, code: CodeType, index: int, line: int) -> Optional[SpanPair]:
        """Span of the expression that the instruction at byte `index` belongs to.

        Before Python 3.11 code objects know only lines: then the whole line, without its indentation.
        """
        key = (code, index)
        if key not in self._spans:
            self._spans[key] = self._find(code, index, line)
        return self._spans[key]

    def _find(self, code: CodeType, index: int, line: int) -> Optional[SpanPair]:
        positions = getattr(code, "co_positions", None)
        if positions is not None and index >= 0:
            for number, (start, end, column, end_column) in enumerate(positions()):
                if number == index // 2:
                    if None in (start, end, column, end_column):
                        break
                    return self.offset(start, column), self.offset(end, end_column)
        if not 1 <= line <= len(self._lines):
            return None
        text = self._lines[line - 1]
        start_offset = self._starts[line - 1] + len(text) - len(text.lstrip())
        return start_offset, self._starts[line - 1] + len(text.rstrip())

    def frame(self, frame: FrameType) -> Optional[SpanPair]:
        return self.instruction(frame.f_code, frame.f_lasti, frame.f_lineno)

    def caller(self, frame: Optional[FrameType]) -> Optional[SpanPair]:
        """The expression of the replayed text that is being evaluated, from the innermost frame on."""
        while frame is not None:
            if frame.f_code.co_filename == self.path:
                return self.frame(frame)
            frame = frame.f_back
        return None

    def chain(self, traceback: Optional[TracebackType]) -> List[SpanPair]:
        """The text's own frames in a traceback, outermost first."""
        spans = []
        for entry in frames_of(traceback):
            code = entry.tb_frame.f_code
            if code.co_filename == self.path:
                span = self.instruction(code, entry.tb_lasti, entry.tb_lineno)
                if span is not None:
                    spans.append(span)
        return spans


def frames_of(traceback: Optional[TracebackType]) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _python_lines(text: str) -> List[str]:
    """Lines as Python's tokenizer counts them: they end at LF, CRLF and CR alone."""
    lines: List[str] = []
    start = position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "\r" and text[position : position + 1] == "\n":
            position += 1
        elif character not in "\r\n":
            continue
        lines.append(text[start:position])
        start = position
    lines.append(text[start:])
    return lines


class Classes:
    """Where the text defines a class, for the names that it gives to several."""

    def __init__(self, tree: ast.AST, source: SourceMap) -> None:
        self._path = source.path
        self._places: Dict[str, List[Tuple[int, int, SpanPair]]] = {}
        counted = Counter(_CLASS.findall(source.text))
        if any(count > 1 for count in counted.values()):
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and counted[node.name] > 1:
                    lines = node.lineno, node.end_lineno or node.lineno
                    self._places.setdefault(node.name, []).append((*lines, source.node(node)))

    def defined(self, cls: type) -> Optional[SpanPair]:
        places = self._places.get(cls.__name__, [])
        if not places:
            return None
        codes = (getattr(member, "__code__", None) for member in list(vars(cls).values()))
        lines = [code.co_firstlineno for code in codes if code is not None and code.co_filename == self._path]
        return next((span for first, last, span in places if lines and first <= lines[0] <= last), None)
