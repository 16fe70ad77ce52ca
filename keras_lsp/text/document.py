"""One text as the user sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from keras_lsp.text.line_index import LineIndex
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.text.notebook import CellMap


@dataclass(frozen=True)
class Document:
    """`key` is the client's uri; `version` is the client's, None when the text is from disk."""

    key: str
    version: int | None
    text: str
    path: str | None = None  # file path, None for untitled documents
    cells: CellMap | None = None  # of a notebook; `text` is then theirs, joined

    @cached_property
    def lines(self) -> LineIndex:
        return LineIndex(self.text)

    def spot(self, offset: int) -> str:
        """How a sentence names a place: "line 12"; "line 2 of cell 3" where cells count their own lines."""
        place = self.cells.place(Span(offset, offset)) if self.cells else None
        if self.cells is None or place is None:
            return f"line {self.lines.line_of(offset) + 1}"
        number, inside = place
        line = self.cells.cells[number].lines.line_of(inside.start) + 1
        return f"line {line} of cell {self.cells.names[number]}"
