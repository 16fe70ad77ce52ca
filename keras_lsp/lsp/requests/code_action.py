"""`textDocument/codeAction`: fixes, one by one and together, comments that silence, pins, rewrites,
extractions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.actions import all_fixes, code_actions, fixes_of_a_kind, pins, silencers
from keras_lsp.features.rewrites import extractions, rewrites
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.handshake import FIX_ALL
from keras_lsp.lsp.sheet import sheet_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keras_lsp.features.results import Finding, Fix
    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.span import Span


def answer(ls: KerasLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None or not ls.client.code_action_literals:
        return None
    only = params.context.only
    shown: list[types.CodeAction] = []
    span = sheet.span(params.range)
    if _wanted(types.CodeActionKind.QuickFix, only):
        shown += (
            to_lsp.code_action(fix, sheet, ls.client, findings)
            for findings, fix in _at(snapshot, sheet.document.key, span)
        )
    if _wanted(types.CodeActionKind.RefactorRewrite, only):
        shown += (
            to_lsp.code_action(fix, sheet, ls.client, kind=types.CodeActionKind.RefactorRewrite)
            for fix in rewrites(snapshot, sheet.document.key, span)
        )
    if _wanted(types.CodeActionKind.RefactorExtract, only):
        shown += (
            to_lsp.code_action(fix, sheet, ls.client, kind=types.CodeActionKind.RefactorExtract)
            for fix in extractions(snapshot, sheet.document.key, span)
        )
    every = all_fixes(snapshot, sheet.document.key) if only and _wanted(FIX_ALL, only) else None
    if every is not None:
        shown.append(to_lsp.code_action(every.fix, sheet, ls.client, every.findings, FIX_ALL))
    return shown


def _at(snapshot: Snapshot, key: str, span: Span) -> Iterator[tuple[Sequence[Finding], Fix]]:
    """What is offered at a place, the likeliest first."""
    for finding, fix in code_actions(snapshot, key, span):
        yield (finding,), fix
    yield from fixes_of_a_kind(snapshot, key, span)
    for pin in pins(snapshot, key, span):
        yield (), pin
    for finding, comment in silencers(snapshot, key, span):
        yield (finding,), comment


def _wanted(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """A kind asks for all kinds below it; the empty one for all there are."""
    return only is None or any(asked in ("", kind) or kind.startswith(f"{_text(asked)}.") for asked in only)


def _text(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind
