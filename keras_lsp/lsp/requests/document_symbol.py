"""`textDocument/documentSymbol`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.symbols import document_symbols
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(
    ls: KerasLanguageServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation] | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    found = document_symbols(snapshot, document.key)
    if ls.client.nested_symbols:
        return [to_lsp.document_symbol(symbol, document, ls.client) for symbol in found]
    return to_lsp.flat_symbols(found, document, ls.client)
