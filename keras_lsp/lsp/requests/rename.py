"""`textDocument/prepareRename` and `textDocument/rename`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from keras_lsp.features.rename import RefusalError, prepare, rename
from keras_lsp.features.results import Fix
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.lsp.connection import KerasLanguageServer


class RequestFailedError(JsonRpcException):
    """`RequestFailed` of the protocol: it was understood and cannot be done; clients show why."""

    CODE = -32803
    MESSAGE = "Request Failed"


@contextmanager
def _telling_why() -> Iterator[None]:
    try:
        yield
    except RefusalError as refusal:
        raise RequestFailedError(f"Keras: {refusal}") from None


def answer_prepare(
    ls: KerasLanguageServer, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    offset = sheet.offset(params.position)
    with _telling_why():
        found = prepare(snapshot, sheet.document.key, offset)
    where = sheet.range(found.span) if found is not None else None
    return (
        types.PrepareRenamePlaceholder(where, found.name) if found is not None and where is not None else None
    )


def answer(ls: KerasLanguageServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    offset = sheet.offset(params.position)
    with _telling_why():
        edits = rename(snapshot, sheet.document.key, offset, params.new_name)
    if edits is None:
        return None
    return to_lsp.workspace_edit(Fix("Rename", edits), sheet.document, ls.client)
