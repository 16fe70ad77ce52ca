"""`textDocument/codeLens`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.code_lens import code_lenses
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """A click shows the model: `kerasLsp.showModel` with what the command takes."""
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    found = []
    for lens in code_lenses(snapshot, sheet.document.key):
        where = sheet.range(lens.span)
        if where is None:
            continue
        position = {"line": where.start.line, "character": where.start.character}
        asked = {"uri": sheet.uri, "position": position}
        found.append(
            types.CodeLens(where, types.Command(lens.title, "kerasLsp.showModel", arguments=[asked]))
        )
    return found
