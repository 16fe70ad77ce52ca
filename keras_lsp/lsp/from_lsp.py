"""Protocol to our terms: uris to documents and paths, positions to offsets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pygls.uris import to_fs_path

from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.document import Document
    from keras_lsp.text.line_index import Encoding


def document(snapshot: Snapshot, identifier: types.TextDocumentIdentifier) -> Document | None:
    """None when the client never opened it."""
    view = snapshot.view(identifier.uri)
    return view.document if view else None


def offset(document: Document, position: types.Position, encoding: Encoding) -> int:
    return document.lines.offset(position.line, position.character, encoding)


def span(document: Document, where: types.Range, encoding: Encoding) -> Span:
    """A range that ends before it starts is the empty one at its start."""
    start = offset(document, where.start, encoding)
    return Span(start, max(start, offset(document, where.end, encoding)))


def path(uri: str) -> str | None:
    """The file a uri names; None for documents that are not files."""
    return to_fs_path(uri) if uri.lower().startswith("file:") else None
