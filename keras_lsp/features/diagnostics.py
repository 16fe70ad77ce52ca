"""All findings in a document, one per place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.rules import RULES

if TYPE_CHECKING:
    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.span import Span


def diagnostics(snapshot: Snapshot, key: str) -> tuple[Finding, ...]:
    """Sorted by place; where two rules speak of the same text, the one listed first in RULES does."""
    found: dict[Span, Finding] = {}
    for rule in RULES:
        for finding in rule.check(snapshot, key):
            found.setdefault(finding.span, finding)
    return tuple(sorted(found.values(), key=lambda finding: (finding.span, finding.code)))
