"""`textDocument/codeAction`: quick fixes for findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.actions import code_actions
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None or not ls.client.code_action_literals or not _wants_fixes(params.context.only):
        return None
    found = code_actions(snapshot, document.key, from_lsp.span(document, params.range, ls.client.encoding))
    return [to_lsp.code_action(finding, fix, document, ls.client) for finding, fix in found]


def _wants_fixes(only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """A kind asks for all kinds below it; the empty one for all there are."""
    return only is None or any(kind in ("", types.CodeActionKind.QuickFix) for kind in only)
