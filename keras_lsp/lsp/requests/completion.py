"""`textDocument/completion`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features.completion import complete
from keras_lsp.features.keras_docs import documentation
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.features.results import Completion
    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.session.snapshot import Snapshot


def answer(
    ls: KerasLanguageServer, params: types.CompletionParams
) -> list[types.CompletionItem] | types.CompletionList | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    offset = sheet.offset(params.position)
    found = complete(snapshot, sheet.document.key, offset)
    if not ls.client.resolves_documentation:
        found = tuple(_documented(snapshot, sheet.document.key, item) for item in found)
    return to_lsp.completions(found, sheet, ls.client)


def _documented(snapshot: Snapshot, key: str, item: Completion) -> Completion:
    return replace(item, documentation=documentation(snapshot, key, item.topic)) if item.topic else item
