"""`textDocument/inlayHint`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.inlay_hints import inlay_hints
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    found = inlay_hints(snapshot, document.key, from_lsp.span(document, params.range, ls.client.encoding))
    return [to_lsp.inlay_hint(hint, document, ls.client) for hint in found]
