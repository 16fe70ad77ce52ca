"""All findings in a document that the user wants to hear of, one per place."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from weakref import ref

from keras_lsp.features.rules import RULES
from keras_lsp.features.rules.choice import chosen
from keras_lsp.features.rules.ignores import heard

if TYPE_CHECKING:
    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.text.span import Span

# Publishing, code actions and lenses all ask about the same few views. A view is frozen; it is known by its
# identity, as comparing what it holds would take longer than the rules.
_recent: deque[tuple[ref[DocumentView], object, tuple[Finding, ...]]] = deque(maxlen=16)


def diagnostics(snapshot: Snapshot, key: str) -> tuple[Finding, ...]:
    """Sorted by place; where two rules speak of the same text, the one listed first in RULES does."""
    view = snapshot.view(key)
    if view is None:
        return ()
    rules = snapshot.rules_of(key)
    for of, under, findings in _recent:
        if of() is view and under == rules:
            return findings
    findings = _findings(snapshot, key, view)
    _recent.appendleft((ref(view), rules, findings))
    return findings


def _findings(snapshot: Snapshot, key: str, view: DocumentView) -> tuple[Finding, ...]:
    found: dict[Span, Finding] = {}
    for rule in RULES:
        for finding in rule.check(view):
            found.setdefault(finding.span, finding)
    shown = (chosen(snapshot, key, finding) for finding in heard(view, found.values()))
    wanted = (finding for finding in shown if finding is not None)
    return tuple(sorted(wanted, key=lambda finding: (finding.span, finding.code)))
