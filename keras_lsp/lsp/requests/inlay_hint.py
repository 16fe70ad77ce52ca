"""`textDocument/inlayHint`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.inlay_hints import inlay_hints
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    found = inlay_hints(snapshot, sheet.document.key, sheet.span(params.range))
    hints = (to_lsp.inlay_hint(hint, sheet) for hint in found)
    return [hint for hint in hints if hint is not None]
