"""`workspace/symbol`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.workspace_symbols import workspace_symbols
from keras_lsp.lsp import to_lsp

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    snapshot = ls.session.snapshot()
    return [
        to_lsp.symbol_information(symbol, snapshot.views[key].document, ls.client, holder or None)
        for key, symbol, holder in workspace_symbols(snapshot, params.query)
    ]
