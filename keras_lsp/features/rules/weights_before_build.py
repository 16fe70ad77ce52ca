"""KL101: reading a weight by its index before there are weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.build_fix import build_fixes
from keras_lsp.features.rules.cause import cause_of, subject
from keras_lsp.features.rules.evidence import cases, certainly_empty
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.weight_card import LISTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView


def check(view: DocumentView) -> Iterable[Finding]:
    return (*_seen(view), *_read(view))


def _seen(view: DocumentView) -> Iterator[Finding]:
    for case in cases(view, RULE.code):
        if case.use is not None:
            cause = cause_of(view, case.use, case.layer)
            name = subject(view, case.use.owner_span, case.layer, case.use.layer)
            yield RULE.finding(
                case.use.span,
                f"{name} has no weights yet: {cause.text}.",
                cause.related,
                build_fixes(view, cause, case.use),
            )


def _read(view: DocumentView) -> Iterator[Finding]:
    for use in view.facts.weight_uses:
        if use.index is None or use.attribute not in LISTS:
            continue
        empty = certainly_empty(view, use)
        if empty is False:
            continue
        cause = cause_of(view, use, None)
        name = subject(view, use.owner_span, None, use.layer)
        yield RULE.finding(
            use.span,
            f"{name} has no weights yet: {cause.text}.",
            cause.related,
            build_fixes(view, cause, use),
            severity=None if empty else Severity.INFORMATION,
        )


RULE = Rule(
    code="KL101",
    slug="weights-before-build",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "A layer makes its weights when it is first called on an input, because only then their shapes are "
        "known. Before that `layer.weights` is an empty list, and indexing it raises IndexError. Under "
        "Keras 3 `model.build(shape)` does not help: on a subclassed model it only marks the model as built."
    ),
    bad="model = MyModel()\nmodel.build((None, 32))\nkernel = model.layers[0].weights[0]\n",
    good="model = MyModel()\nmodel(tf.keras.Input((32,)))\nkernel = model.layers[0].weights[0]\n",
    fix="Calls the model on a symbolic input of the same shape, which makes all weights.",
    check=check,
)
