"""`textDocument/prepareRename` and `textDocument/rename`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from keras_lsp.features.rename import RefusalError, prepare, rename
from keras_lsp.features.results import Fix
from keras_lsp.lsp import from_lsp, to_lsp

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer


class RequestFailedError(JsonRpcException):
    """`RequestFailed` of the protocol: it was understood and cannot be done; clients show why."""

    CODE = -32803
    MESSAGE = "Request Failed"


def answer_prepare(
    ls: KerasLanguageServer, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    offset = from_lsp.offset(document, params.position, ls.client.encoding)
    try:
        found = prepare(snapshot, document.key, offset)
    except RefusalError as refusal:
        raise RequestFailedError(f"Keras: {refusal}") from None
    if found is None:
        return None
    return types.PrepareRenamePlaceholder(
        to_lsp.range_of(document, found.span, ls.client.encoding), found.name
    )


def answer(ls: KerasLanguageServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    snapshot = ls.session.snapshot()
    document = from_lsp.document(snapshot, params.text_document)
    if document is None:
        return None
    offset = from_lsp.offset(document, params.position, ls.client.encoding)
    try:
        edits = rename(snapshot, document.key, offset, params.new_name)
    except RefusalError as refusal:
        raise RequestFailedError(f"Keras: {refusal}") from None
    if edits is None:
        return None
    return to_lsp.workspace_edit(Fix("Rename", edits), document, ls.client)
