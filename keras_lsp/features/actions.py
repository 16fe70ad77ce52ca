"""Quick fixes for the findings at a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.diagnostics import diagnostics

if TYPE_CHECKING:
    from keras_lsp.features.results import Finding, Fix
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.span import Span


def code_actions(snapshot: Snapshot, key: str, span: Span) -> tuple[tuple[Finding, Fix], ...]:
    """Each fix once, with the first finding it mends; `span` may be a bare cursor."""
    fixes: dict[Fix, Finding] = {}
    for finding in diagnostics(snapshot, key):
        if finding.span.start <= span.end and span.start <= finding.span.end:
            for fix in finding.fixes:
                fixes.setdefault(fix, finding)
    return tuple((finding, fix) for fix, finding in fixes.items())
