"""KL902: a comment that silences nothing. It is found where the comments are weighed, in `ignores`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView


def _check(_view: DocumentView) -> Iterable[Finding]:
    """Nothing by itself: it takes the findings of all other rules."""
    return ()


RULE = Rule(
    code="KL902",
    slug="ignores-nothing",
    severity=Severity.HINT,
    keras_lines=(2, 3),
    why=(
        "A comment `# keras-lsp: ignore[weights-before-build]` silences findings of that rule on its "
        "line. This one silences nothing: the mistake is gone, or no rule has that name. Left behind, "
        "it would hide the next mistake."
    ),
    bad="size = 32  # keras-lsp: ignore[weights-before-build]\n",
    good="size = 32\n",
    fix="Removes the comment, or the name that silences nothing.",
    check=_check,
    unnecessary=True,
)
