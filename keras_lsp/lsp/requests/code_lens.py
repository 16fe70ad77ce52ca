"""`textDocument/codeLens`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.code_lens import code_lenses
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """A click shows the model: `kerasLsp.showModel` with what the command takes."""
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    found = []
    for lens in code_lenses(snapshot, document.key):
        where = to_lsp.range_of(document, lens.span, ls.client.encoding)
        position = {"line": where.start.line, "character": where.start.character}
        asked = {"uri": document.key, "position": position}
        found.append(
            types.CodeLens(where, types.Command(lens.title, "kerasLsp.showModel", arguments=[asked]))
        )
    return found
