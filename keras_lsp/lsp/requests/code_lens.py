"""`textDocument/codeLens`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.code_lens import code_lenses
from keras_lsp.features.results import LensKind
from keras_lsp.lsp.sheet import sheet_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.features.results import CodeLens
    from keras_lsp.lsp.client import Client
    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.lsp.sheet import Sheet


def answer(ls: KerasLanguageServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    return [
        types.CodeLens(where, command)
        for lens in code_lenses(snapshot, sheet.document.key)
        if (where := sheet.range(lens.span)) and (command := _command(lens, where, sheet, ls.client))
    ]


def _command(lens: CodeLens, where: types.Range, sheet: Sheet, client: Client) -> types.Command | None:
    """What a click does; None for what this client cannot do."""
    if lens.kind is LensKind.INPUT:
        # The server only takes the answer: somebody has to ask.
        name = "kerasLsp.setInputShape"
        return types.Command(lens.title, name, arguments=[lens.about]) if name in client.commands else None
    if lens.kind is LensKind.FINDINGS:
        there = sheet.range(lens.about) if isinstance(lens.about, Span) else None
        if there is None or not client.shows_documents:
            return None
        return types.Command(
            lens.title, "kerasLsp.showFinding", arguments=[{"uri": sheet.uri, "range": _plain(there)}]
        )
    asked = {"uri": sheet.uri, "position": _plain(where)["start"]}
    return types.Command(lens.title, "kerasLsp.showModel", arguments=[asked])


def _plain(where: types.Range) -> dict[str, dict[str, int]]:
    return {
        name: {"line": place.line, "character": place.character}
        for name, place in (("start", where.start), ("end", where.end))
    }
