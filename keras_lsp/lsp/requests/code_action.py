"""`textDocument/codeAction`: fixes for findings, comments that silence them, pinning of guessed inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.actions import code_actions, pins, silencers
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None or not ls.client.code_action_literals or not _wants_fixes(params.context.only):
        return None
    span = from_lsp.span(document, params.range, ls.client.encoding)
    found = code_actions(snapshot, document.key, span)
    shown = [to_lsp.code_action(fix, document, ls.client, finding) for finding, fix in found]
    return [
        *shown,
        *(to_lsp.code_action(pin, document, ls.client) for pin in pins(snapshot, document.key, span)),
        *(
            to_lsp.code_action(fix, document, ls.client, finding)
            for finding, fix in silencers(snapshot, document.key, span)
        ),
    ]


def _wants_fixes(only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """A kind asks for all kinds below it; the empty one for all there are."""
    return only is None or any(kind in ("", types.CodeActionKind.QuickFix) for kind in only)
