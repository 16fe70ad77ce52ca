"""`textDocument/references` and `textDocument/documentHighlight`: the places that mean one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.uses import uses
from keras_lsp.lsp.sheet import location_of, sheet_of

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.ReferenceParams) -> list[types.Location] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    offset = sheet.offset(params.position)
    found = [
        use
        for use in uses(snapshot, sheet.document.key, offset)
        if params.context.include_declaration or not use.is_store
    ]
    places = (location_of(sheet.document, use.span, ls.client.encoding) for use in found)
    return [place for place in places if place is not None]


def highlight(
    ls: KerasLanguageServer, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    offset = sheet.offset(params.position)
    kinds = types.DocumentHighlightKind
    found = uses(snapshot, sheet.document.key, offset)
    return [
        types.DocumentHighlight(where, kinds.Write if use.is_store else kinds.Read)
        for use in found
        if (where := sheet.range(use.span)) is not None
    ]
