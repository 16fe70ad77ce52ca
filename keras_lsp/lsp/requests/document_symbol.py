"""`textDocument/documentSymbol`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.symbols import document_symbols
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(
    ls: KerasLanguageServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    found = document_symbols(snapshot, sheet.document.key)
    if ls.client.nested_symbols:
        return to_lsp.document_symbols(found, sheet)
    return to_lsp.flat_symbols(found, sheet)
