"""What the client calls a text document: one of the session's, or one cell of a notebook.

Here alone places in the session's text become places as the client counts them, and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.results import TextEdit
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.document import Document
    from keras_lsp.text.line_index import Encoding


@dataclass(frozen=True)
class Sheet:
    """`cell` counts from 0; None for a document as a whole."""

    document: Document
    encoding: Encoding
    cell: int | None = None

    @property
    def own(self) -> Document:
        """As the client knows it: with its uri, its version, its lines."""
        cells = self.document.cells
        return self.document if cells is None or self.cell is None else cells.cells[self.cell]

    @property
    def uri(self) -> str:
        return self.own.key

    def offset(self, position: types.Position) -> int:
        """In the text of the document."""
        inside = self.own.lines.offset(position.line, position.character, self.encoding)
        cells = self.document.cells
        return inside if cells is None or self.cell is None else cells.joined(self.cell, inside)

    def span(self, where: types.Range) -> Span:
        """A range that ends before it starts is the empty one at its start."""
        start = self.offset(where.start)
        return Span(start, max(start, self.offset(where.end)))

    def position(self, offset: int) -> types.Position | None:
        """None for a place in another cell."""
        if self.document.cells is None:
            return types.Position(*self.document.lines.position(offset, self.encoding))
        if self.document.cells.number_at(offset) != self.cell:
            return None
        where = self.range(Span(offset, offset))
        return None if where is None else where.start

    def range(self, span: Span) -> types.Range | None:
        """What of a span is in here; None when nothing is."""
        cells = self.document.cells
        if cells is None:
            return _range(self.document, span, self.encoding)
        if self.cell is None:
            return None
        inside = next((part for number, part in cells.parts(span) if number == self.cell), None)
        if inside is None and (place := cells.place(span)) is not None and place[0] == self.cell:
            inside = place[1]
        return None if inside is None else _range(self.own, inside, self.encoding)

    def starts(self, span: Span) -> bool:
        """Whether a span has its start in here: each has it in one cell."""
        place = self.document.cells.place(span) if self.document.cells is not None else None
        return place is None or place[0] == self.cell


def sheet_of(snapshot: Snapshot, uri: str, encoding: Encoding) -> Sheet | None:
    """None when the client never opened it. A notebook's own uri is no sheet: positions are in cells."""
    view = snapshot.view_with(uri)
    if view is None:
        return None
    cells = view.document.cells
    return Sheet(view.document, encoding, cells.number(uri) if cells is not None else None)


def sheets_of(document: Document, encoding: Encoding) -> Iterator[Sheet]:
    """All that the client knows of a document."""
    if document.cells is None:
        yield Sheet(document, encoding)
    else:
        for number in range(len(document.cells.cells)):
            yield Sheet(document, encoding, number)


def location_of(document: Document, span: Span, encoding: Encoding) -> types.Location | None:
    """Where a span begins, with the uri that the client knows; None in a notebook without cells."""
    if document.cells is None:
        return types.Location(document.key, _range(document, span, encoding))
    place = document.cells.place(span)
    if place is None:
        return None
    cell = document.cells.cells[place[0]]
    return types.Location(cell.key, _range(cell, place[1], encoding))


def edits_of(
    document: Document, wanted: Iterable[TextEdit], encoding: Encoding
) -> Iterator[tuple[Document, list[types.TextEdit]]]:
    """Edits of a document by what the client knows of it."""
    if document.cells is None:
        yield (
            document,
            [types.TextEdit(_range(document, edit.span, encoding), edit.text) for edit in wanted],
        )
        return
    found: dict[int, list[types.TextEdit]] = {}
    for edit in wanted:
        for number, span, text in document.cells.edits(edit.span, edit.text):
            where = _range(document.cells.cells[number], span, encoding)
            found.setdefault(number, []).append(types.TextEdit(where, text))
    for number, made in found.items():
        yield document.cells.cells[number], made


def _range(document: Document, span: Span, encoding: Encoding) -> types.Range:
    (line, column), (end_line, end_column) = (
        document.lines.position(offset, encoding) for offset in (span.start, span.end)
    )
    return types.Range(types.Position(line, column), types.Position(end_line, end_column))
