"""`textDocument/completion`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features.completion import complete
from keras_lsp.features.keras_docs import documentation
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.features.results import Completion
    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.session.snapshot import Snapshot


def answer(ls: KerasLanguageServer, params: types.CompletionParams) -> list[types.CompletionItem] | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    offset = from_lsp.offset(document, params.position, ls.client.encoding)
    found = complete(snapshot, document.key, offset)
    if not ls.client.resolves_documentation:
        found = tuple(_documented(snapshot, document.key, item) for item in found)
    return [to_lsp.completion(item, document, ls.client) for item in found]


def _documented(snapshot: Snapshot, key: str, item: Completion) -> Completion:
    return replace(item, documentation=documentation(snapshot, key, item.topic)) if item.topic else item
