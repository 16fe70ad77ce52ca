"""KL001: any other exception the program raises when it is replayed, in Keras's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.evidence import Case, cases
from keras_lsp.features.rules.raised import called_from, said
from keras_lsp.features.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView


def check(view: DocumentView) -> Iterable[Finding]:
    return (_finding(view, case) for case in cases(view, RULE.code))


def _finding(view: DocumentView, case: Case) -> Finding:
    layer = view.replay.layer(case.failure.layer) if view.replay else None
    where = f" in {layer.class_name} `{layer.name}`" if layer is not None else ""
    words = said(case).removeprefix(case.failure.type)
    message = words if words.startswith(":") else ": raised without a message"
    return RULE.finding(case.span, f"{case.failure.type}{where}{message}", called_from(view, case))


RULE = Rule(
    code="KL001",
    slug="raises-in-replay",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "The program was run on shapes only, with the real Keras and without data, and raised this exception "
        "here. Exceptions that could come from what was left out are not shown."
    ),
    bad="tf.keras.layers.Permute((1, 3))(tf.keras.Input((4, 5)))\n",
    good="tf.keras.layers.Permute((2, 1))(tf.keras.Input((4, 5)))\n",
    fix="",
    no_fix="It may be any exception: what mends it is in Keras's own words, if anywhere.",
    check=check,
)
