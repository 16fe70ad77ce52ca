"""Model classes, their layers and models by name, over all documents of a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.matching import matches
from keras_lsp.features.symbols import document_symbols

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.results import Symbol
    from keras_lsp.session.snapshot import Snapshot


def workspace_symbols(snapshot: Snapshot, query: str) -> Iterator[tuple[str, Symbol, str]]:
    """Document key, symbol, and the name of what holds it, where a query's characters come in order."""
    for key in snapshot.views:
        for symbol, holder in _flat(document_symbols(snapshot, key), ""):
            if matches(query, symbol.name):
                yield key, symbol, holder


def _flat(symbols: tuple[Symbol, ...], holder: str) -> Iterator[tuple[Symbol, str]]:
    for symbol in symbols:
        yield symbol, holder
        yield from _flat(symbol.children, symbol.name)
