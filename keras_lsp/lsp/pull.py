"""`textDocument/diagnostic`: diagnostics for clients that ask for them instead of being told.

Only for those that can be told to ask again, since a replay comes long after the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.lsp.publish import diagnostics_in
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer

    Report = types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport


@dataclass(frozen=True)
class _Answer:
    id: str
    items: tuple[types.Diagnostic, ...]


class Pull:
    """Remembers the last answer about each document, so that what has not changed is not sent again."""

    def __init__(self) -> None:
        self._answers: dict[str, _Answer] = {}  # by uri
        self._count = 0

    async def answer(self, ls: KerasLanguageServer, params: types.DocumentDiagnosticParams) -> Report:
        """After the quiet time that half-typed text is given; a client that types on cancels the request."""
        uri = params.text_document.uri
        view = ls.session.snapshot().view_with(uri)
        if view is not None:
            await ls.publisher.quiet(view.document.key)
        snapshot = ls.session.snapshot()
        sheet = sheet_of(snapshot, uri, ls.client.encoding)
        if sheet is None:
            self._answers.pop(uri, None)
            return types.RelatedFullDocumentDiagnosticReport(items=())
        answer = self._answer(uri, diagnostics_in(snapshot, sheet, ls.client))
        if answer.id == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=answer.id)
        return types.RelatedFullDocumentDiagnosticReport(items=answer.items, result_id=answer.id)

    def _answer(self, uri: str, items: tuple[types.Diagnostic, ...]) -> _Answer:
        known = self._answers.get(uri)
        if known is None or known.items != items:
            self._count += 1
            known = self._answers[uri] = _Answer(str(self._count), items)
        return known


async def answer(ls: KerasLanguageServer, params: types.DocumentDiagnosticParams) -> Report:
    return await ls.pull.answer(ls, params)
