"""`workspace/symbol`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.workspace_symbols import workspace_symbols
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheets_of

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    snapshot = ls.session.snapshot()
    return [
        told
        for key, symbol, holder in workspace_symbols(snapshot, params.query)
        for sheet in sheets_of(snapshot.views[key].document, ls.client.encoding)
        if sheet.starts(symbol.span)
        and (told := to_lsp.symbol_information(symbol, sheet, holder or None)) is not None
    ]
