"""`textDocument/signatureHelp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.signature_help import signature_help
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    offset = from_lsp.offset(document, params.position, ls.client.encoding)
    found = signature_help(snapshot, document.key, offset)
    return to_lsp.signature_help(found, ls.client) if found else None
