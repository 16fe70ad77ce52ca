"""`textDocument/documentLink`: the rules that comments name, for clients that have a place to show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.rules.named_rule import rule_links
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, params: types.DocumentLinkParams) -> list[types.DocumentLink] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None or not ls.client.rule_uri:
        return None
    return [
        types.DocumentLink(where, target=to_lsp.rule_uri(link.code, ls.client))
        for link in rule_links(snapshot, sheet.document.key)
        if (where := sheet.range(link.span))
    ]
