"""What a rule is about, where a comment names it: `# keras-lsp: ignore[weights-before-build]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import Hover
from keras_lsp.features.rules.choice import rule_named
from keras_lsp.features.rules.explanation import markdown
from keras_lsp.features.rules.ignores import ignores

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView


def hover_rule(view: DocumentView, offset: int) -> Hover | None:
    for ignore in ignores(view.document):
        for name, span in ignore.names:
            rule = rule_named(name) if span.touches(offset) else None
            if rule is not None:
                return Hover(span, markdown(rule), markdown(rule))
    return None
