"""`textDocument/definition`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.definition import definition
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.DefinitionParams) -> list[types.Location] | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    offset = from_lsp.offset(document, params.position, ls.client.encoding)
    found = definition(snapshot, document.key, offset)
    return [
        location for place in found if (location := to_lsp.location(place, snapshot, ls.client)) is not None
    ]
