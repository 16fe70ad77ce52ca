"""`textDocument/signatureHelp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.signature_help import signature_help
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    offset = sheet.offset(params.position)
    found = signature_help(snapshot, sheet.document.key, offset)
    return to_lsp.signature_help(found, ls.client) if found else None
