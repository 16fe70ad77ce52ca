"""`textDocument/completion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.completion import complete
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.CompletionParams) -> list[types.CompletionItem] | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    offset = from_lsp.offset(document, params.position, ls.client.encoding)
    found = complete(snapshot, document.key, offset)
    return [to_lsp.completion(item, document, ls.client) for item in found]
