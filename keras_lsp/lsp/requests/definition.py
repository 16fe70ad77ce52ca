"""`textDocument/definition`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.definition import definition
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.DefinitionParams) -> list[types.Location] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    offset = sheet.offset(params.position)
    found = definition(snapshot, sheet.document.key, offset)
    return [
        location for place in found if (location := to_lsp.location(place, snapshot, ls.client)) is not None
    ]
