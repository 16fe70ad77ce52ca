"""`textDocument/inlayHint` and `inlayHint/resolve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.inlay_hints import inlay_hints
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    later = ls.client.resolves_hints
    found = inlay_hints(snapshot, sheet.document.key, sheet.span(params.range), labels_only=later)
    hints = (to_lsp.inlay_hint(hint, sheet, later=later) for hint in found)
    return [hint for hint in hints if hint is not None]


def resolve(ls: KerasLanguageServer, hint: types.InlayHint) -> types.InlayHint:
    """The hint as it came where it is none of ours, or the text is another by now."""
    snapshot = ls.session.snapshot()
    uri = hint.data if isinstance(hint.data, str) else ""
    sheet = sheet_of(snapshot, uri, ls.client.encoding)
    if sheet is None:
        return hint
    offset = sheet.offset(hint.position)
    for found in inlay_hints(snapshot, sheet.document.key, Span(offset, offset)):
        whole = to_lsp.inlay_hint(found, sheet) if found.offset == offset else None
        if whole is not None and to_lsp.inlay_label(whole) == to_lsp.inlay_label(hint):
            return whole
    return hint
