"""All findings in a document that the user wants to hear of, one per place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.rules import RULES
from keras_lsp.features.rules.choice import chosen
from keras_lsp.features.rules.ignores import heard

if TYPE_CHECKING:
    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.span import Span


def diagnostics(snapshot: Snapshot, key: str) -> tuple[Finding, ...]:
    """Sorted by place; where two rules speak of the same text, the one listed first in RULES does."""
    view = snapshot.view(key)
    if view is None:
        return ()
    found: dict[Span, Finding] = {}
    for rule in RULES:
        for finding in rule.check(view):
            found.setdefault(finding.span, finding)
    shown = (chosen(snapshot, key, finding) for finding in heard(view, found.values()))
    wanted = (finding for finding in shown if finding is not None)
    return tuple(sorted(wanted, key=lambda finding: (finding.span, finding.code)))
