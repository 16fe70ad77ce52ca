"""A notebook's code cells as one text, and places of that text as places in cells.

A cell counts in its own lines; in the joined text it has the same length, so that a place is moved by where
its cell begins and by nothing else.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from keras_lsp.text.magics import python_of
from keras_lsp.text.shift import Edit, Shift
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.text.document import Document

_BETWEEN = "\n\n"  # two, so that a backslash at a cell's end takes nothing of the next


@dataclass(frozen=True)
class CellMap:
    """The Python cells in the order of the notebook, each a document of its own to the client.

    `names` are what people call them: their numbers among all cells, from 1.
    """

    cells: tuple[Document, ...]
    names: tuple[int, ...]

    @cached_property
    def python(self) -> tuple[str, ...]:
        """Cell by cell what Python reads of it."""
        return tuple(python_of(cell.text) for cell in self.cells)

    @cached_property
    def text(self) -> str:
        return "".join(text + _BETWEEN for text in self.python)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each cell begins."""
        return self._starts[:-1]

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        lengths = (len(cell.text) + len(_BETWEEN) for cell in self.cells)
        return (*accumulate(lengths, initial=0),)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {cell.key: number for number, cell in enumerate(self.cells)}

    def number(self, key: str) -> int | None:
        """Which cell it is, from 0; None when it is none of these."""
        return self._numbers.get(key)

    def span(self, number: int) -> Span:
        """Where a cell is, without what is between it and the next."""
        start = self._starts[number]
        return Span(start, start + len(self.cells[number].text))

    def joined(self, number: int, offset: int) -> int:
        """The offset of a place in a cell."""
        return self._starts[number] + min(max(0, offset), len(self.cells[number].text))

    def number_at(self, offset: int) -> int | None:
        """The cell that holds an offset; what follows a cell belongs to it. None without any cells."""
        if not self.cells:
            return None
        return min(bisect_right(self._starts, max(0, offset)), len(self.cells)) - 1

    def region(self, first: int, end: int) -> Span:
        """Where the cells from `first` to before `end` are, with what follows each."""
        return Span(self._starts[first], self._starts[end])

    def inside(self, number: int, span: Span) -> Span | None:
        """What of a span is in a cell, counted from its start; None for a span that does not touch it."""
        cell = self.span(number)
        start, end = max(span.start, cell.start), min(span.end, cell.end)
        return Span(start - cell.start, end - cell.start) if start <= end else None

    def parts(self, span: Span) -> Iterator[tuple[int, Span]]:
        """Cell by cell what a span covers, never nothing of a cell; a span without length is in one cell."""
        first, last = self.number_at(span.start), self.number_at(span.end)
        if first is None or last is None:
            return
        for number in range(first, last + 1):
            part = self.inside(number, span)
            if part is not None and (part.length or first == last):
                yield number, part

    def place(self, span: Span) -> tuple[int, Span] | None:
        """The cell in which a span begins, and what of it is there; None without any cells."""
        for part in self.parts(span):
            return part
        number = self.number_at(span.start)
        if number is None:
            return None
        end = len(self.cells[number].text)
        return number, Span(end, end)

    def edits(self, span: Span, text: str) -> list[tuple[int, Span, str]]:
        """`text` in place of a span, as edits of cells: in the first it begins in, the others lose theirs.

        A line behind the last one of a cell is written behind a line end, which the joined text has there
        and the cell has not.
        """
        place = self.place(span)
        if place is None:
            return []
        number, part = place
        cell = self.span(number)
        if span.end > cell.end and text.endswith("\n"):
            text = text[:-1]
        if span.start > cell.end and cell.length and text:
            text = "\n" + text
        rest = [(n, other, "") for n, other in self.parts(span) if n != number]
        return [(number, part, text), *rest]


def edits_between(old: CellMap, new: CellMap) -> Shift:
    """Cell by cell: what is between two cells that changed keeps its place, and so do the others where a
    cell moved up or down.
    """
    before, after = ([cell.key for cell in cells.cells] for cells in (old, new))
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    edits: list[Edit] = []
    for kind, old_start, old_end, new_start, new_end in reversed(codes):  # an edit moves what is behind it
        if kind == "equal":
            for number in reversed(range(old_end - old_start)):
                one, other = old_start + number, new_start + number
                start = old.span(one).start
                within = Shift.between(old.python[one], new.python[other])
                edits += (Edit(edit.replaced.shifted(start), edit.length) for edit in within.edits)
        else:
            edits.append(Edit(old.region(old_start, old_end), new.region(new_start, new_end).length))
    return Shift(tuple(edits))
