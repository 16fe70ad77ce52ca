"""Documents as the client sees them: the unsaved text counts, held by us and split into lines by us."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.lsp import from_lsp
from keras_lsp.text.document import Document
from keras_lsp.text.line_index import Encoding, LineIndex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.lsp.connection import KerasLanguageServer

logger = logging.getLogger(__name__)


def did_open(ls: KerasLanguageServer, params: types.DidOpenTextDocumentParams) -> None:
    opened = params.text_document
    ls.workspace_check.opened(opened.uri)
    ls.session.open(Document(opened.uri, opened.version, opened.text, from_lsp.path(opened.uri)))


def did_change(ls: KerasLanguageServer, params: types.DidChangeTextDocumentParams) -> None:
    key = params.text_document.uri
    old = ls.edits.newest(key)
    if old is None:
        logger.warning("a change of a document that is not open: %s", key)
        return
    text = changed(old.text, params.content_changes, ls.client.encoding)
    ls.edits.add(Document(key, params.text_document.version, text, old.path))


def did_close(ls: KerasLanguageServer, params: types.DidCloseTextDocumentParams) -> None:
    key = params.text_document.uri
    ls.session.close(key)
    ls.publisher.closed(key)


def changed(text: str, changes: Iterable[types.TextDocumentContentChangeEvent], encoding: Encoding) -> str:
    """The text after the changes, each of which counts from the one before.

    We announce full sync, but a change of a range is just as well understood.
    """
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            lines = LineIndex(text)
            start = lines.offset(change.range.start.line, change.range.start.character, encoding)
            end = lines.offset(change.range.end.line, change.range.end.character, encoding)
            text = text[:start] + change.text + text[max(start, end) :]
        else:
            text = change.text
    return text
