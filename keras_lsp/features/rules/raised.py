"""Exceptions of a replay that belong to a kind of mistake, told by what Keras says.

A message is matched as Keras 3 and tf-keras 2 write it. The words of a rule come before Keras's own, which
stay: they hold the numbers.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keras_lsp.features import wording
from keras_lsp.features.results import Finding, Related, Severity
from keras_lsp.features.rules.evidence import cases
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import tree_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from keras_lsp.features.results import Fix
    from keras_lsp.features.rules.evidence import Case
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.text.span import Span

    Words = Callable[["DocumentView", "Case"], str]
    Fixes = Callable[["DocumentView", "Case"], Iterable[Fix]]

_LONGEST = 300


def raised_rule(
    code: str,
    slug: str,
    says: str,
    words: str | Words,
    *,
    why: str,
    bad: str,
    good: str,
    fix: str = "",
    no_fix: str = "",
    fixes: Fixes | None = None,
    keras_lines: tuple[int, ...] = (2, 3),
) -> Rule:
    """A rule for the exceptions whose message has `says` in it."""

    def check(view: DocumentView) -> Iterable[Finding]:
        return findings(view, rule, says, words, fixes)

    rule = Rule(code, slug, Severity.ERROR, keras_lines, why, bad, good, fix, check, no_fix)
    return rule


def findings(
    view: DocumentView, rule: Rule, says: str, words: str | Words, fixes: Fixes | None = None
) -> Iterator[Finding]:
    """What a rule says of the exceptions with `says` in their message; errors, whatever its own level is."""
    pattern = re.compile(says)
    for case in cases(view, "KL001"):
        if pattern.search(case.failure.message):
            sentence = words if isinstance(words, str) else words(view, case)
            if sentence:
                found = fixes(view, case) if fixes is not None else ()
                text = f"{sentence} {said(case)}"
                yield rule.finding(case.span, text, called_from(view, case), found, Severity.ERROR)


def said(case: Case) -> str:
    """The exception in Keras's own words, shortened."""
    message = wording.one_line(case.failure.message)
    if len(message) > _LONGEST:
        message = f"{message[:_LONGEST].rstrip()}…"
    return f"{case.failure.type}: {message}" if message else f"{case.failure.type}."


def called_from(view: DocumentView, case: Case) -> list[Related]:
    spans = [view.replay.span(pair) for pair in case.failure.chain] if view.replay else []
    outer = [span for span in dict.fromkeys(spans) if span is not None and span != case.span]
    return [Related(span, "reached from here") for span in reversed(outer)]


def node_at(view: DocumentView, span: Span) -> ast.expr | None:
    """The expression at exactly this place."""
    tree = tree_of(view)
    return next((n for n in tree.nodes if isinstance(n, ast.expr) and tree.span(n) == span), None)


def call_at(view: DocumentView, span: Span) -> ast.Call | None:
    node = node_at(view, span)
    return node if isinstance(node, ast.Call) else None
