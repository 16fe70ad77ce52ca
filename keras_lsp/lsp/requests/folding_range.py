"""`textDocument/foldingRange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.folding import folds
from keras_lsp.features.results import FoldKind
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer

_KINDS = {FoldKind.COMMENT: types.FoldingRangeKind.Comment, FoldKind.IMPORTS: types.FoldingRangeKind.Imports}


def answer(ls: KerasLanguageServer, params: types.FoldingRangeParams) -> list[types.FoldingRange] | None:
    """Whole lines: every client can fold these."""
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    found = [
        types.FoldingRange(where.start.line, where.end.line, kind=_KINDS.get(fold.kind))
        for fold in folds(snapshot, sheet.document.key)
        if (where := sheet.range(fold.span)) and where.start.line < where.end.line
    ]
    return found[: ls.client.most_folds]
