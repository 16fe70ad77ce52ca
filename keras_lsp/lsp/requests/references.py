"""`textDocument/references` and `textDocument/documentHighlight`: the places that mean one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.uses import uses
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.ReferenceParams) -> list[types.Location] | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    offset = from_lsp.offset(document, params.position, ls.client.encoding)
    return [
        types.Location(document.key, to_lsp.range_of(document, use.span, ls.client.encoding))
        for use in uses(snapshot, document.key, offset)
        if params.context.include_declaration or not use.is_store
    ]


def highlight(
    ls: KerasLanguageServer, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight] | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    offset = from_lsp.offset(document, params.position, ls.client.encoding)
    kinds = types.DocumentHighlightKind
    return [
        types.DocumentHighlight(
            to_lsp.range_of(document, use.span, ls.client.encoding),
            kinds.Write if use.is_store else kinds.Read,
        )
        for use in uses(snapshot, document.key, offset)
    ]
