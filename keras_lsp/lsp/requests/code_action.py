"""`textDocument/codeAction`: fixes for findings, comments that silence them, pinning of guessed inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.actions import code_actions, pins, silencers
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None or not ls.client.code_action_literals or not _wants_fixes(params.context.only):
        return None
    span = sheet.span(params.range)
    found = code_actions(snapshot, sheet.document.key, span)
    shown = [to_lsp.code_action(fix, sheet, ls.client, finding) for finding, fix in found]
    return [
        *shown,
        *(to_lsp.code_action(pin, sheet, ls.client) for pin in pins(snapshot, sheet.document.key, span)),
        *(
            to_lsp.code_action(fix, sheet, ls.client, finding)
            for finding, fix in silencers(snapshot, sheet.document.key, span)
        ),
    ]


def _wants_fixes(only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """A kind asks for all kinds below it; the empty one for all there are."""
    return only is None or any(kind in ("", types.CodeActionKind.QuickFix) for kind in only)
