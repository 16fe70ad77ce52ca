"""KL901: a comment that pins an input and cannot be read, so that it has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView


def check(view: DocumentView) -> Iterable[Finding]:
    return (RULE.finding(pragma.span, pragma.problem) for pragma in view.facts.pragmas if pragma.problem)


RULE = Rule(
    code="KL901",
    slug="pinned-input-unreadable",
    severity=Severity.HINT,  # it may be half-typed, and costs nothing but the shape
    keras_lines=(2, 3),
    why=(
        "A comment `# keras-lsp: input=(None, 32)` on a class, or directly above it, says what its `call` is "
        "given: a shape with its batch axis, `int32(None, 16)` with a dtype, or a list, tuple or dict of "
        "these; further arguments go by name. One that cannot be read is left out."
    ),
    bad="# keras-lsp: input=(None, units)\nmodel = tf.keras.Sequential([tf.keras.layers.Dense(10)])\n",
    good="# keras-lsp: input=(None, 32)\nmodel = tf.keras.Sequential([tf.keras.layers.Dense(10)])\n",
    fix="",
    no_fix="What was meant cannot be read.",
    check=check,
)
