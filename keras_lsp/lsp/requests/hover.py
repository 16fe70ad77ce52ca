"""`textDocument/hover`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.hover import hover
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.HoverParams) -> types.Hover | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    found = hover(snapshot, sheet.document.key, sheet.offset(params.position))
    return to_lsp.hover(found, sheet, ls.client) if found else None
