"""`workspace/symbol`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.workspace_symbols import workspace_symbols
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.session.snapshot import Snapshot

_MOST = 1_000  # nobody reads further; whoever does not find it types on


async def answer(
    ls: KerasLanguageServer, params: types.WorkspaceSymbolParams
) -> list[types.SymbolInformation]:
    closed = await ls.session.closed_files()
    found = [*_found(ls, ls.session.snapshot(), params.query), *_found(ls, closed, params.query)]
    return found[:_MOST]


def _found(ls: KerasLanguageServer, snapshot: Snapshot, query: str) -> Iterator[types.SymbolInformation]:
    for key, symbol, holder in workspace_symbols(snapshot, query):
        for sheet in sheets_of(snapshot.views[key].document, ls.client.encoding):
            told = to_lsp.symbol_information(symbol, sheet, holder or None)
            if told is not None and sheet.starts(symbol.span):
                yield told
