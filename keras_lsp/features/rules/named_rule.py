"""What a rule is about, where a comment names it: `# keras-lsp: ignore[weights-before-build]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import Hover, RuleLink
from keras_lsp.features.rules.choice import rule_named
from keras_lsp.features.rules.explanation import markdown
from keras_lsp.features.rules.ignores import ignores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.rules.rule import Rule
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.text.span import Span


def hover_rule(view: DocumentView, offset: int) -> Hover | None:
    for span, rule in _named(view):
        if span.touches(offset):
            return Hover(span, markdown(rule), markdown(rule))
    return None


def rule_links(snapshot: Snapshot, key: str) -> tuple[RuleLink, ...]:
    view = snapshot.view(key)
    return tuple(RuleLink(span, rule.code) for span, rule in _named(view)) if view is not None else ()


def _named(view: DocumentView) -> Iterator[tuple[Span, Rule]]:
    for ignore in ignores(view.document):
        for name, span in ignore.names:
            rule = rule_named(name)
            if rule is not None:
                yield span, rule
