"""`textDocument/hover`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.hover import hover
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.HoverParams) -> types.Hover | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    found = hover(snapshot, document.key, from_lsp.offset(document, params.position, ls.client.encoding))
    return to_lsp.hover(found, document, ls.client) if found else None
