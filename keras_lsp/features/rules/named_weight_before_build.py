"""KL103: reading `layer.kernel` before there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.build_fix import build_fixes
from keras_lsp.features.rules.cause import cause_of, subject
from keras_lsp.features.rules.evidence import WEIGHTED, cases, certainly_empty
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.weight_card import LISTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import WeightUse


def check(view: DocumentView) -> Iterable[Finding]:
    return (*_seen(view), *_read(view))


def _seen(view: DocumentView) -> Iterator[Finding]:
    for case in cases(view, RULE.code):
        if case.use is not None:
            cause = cause_of(view, case.use, case.layer)
            name = subject(view, case.use.owner_span, case.layer, case.use.layer)
            yield RULE.finding(
                case.use.span,
                f"{name} has no `{case.use.attribute}` yet: {cause.text}.",
                cause.related,
                build_fixes(view, cause, case.use),
            )


def _read(view: DocumentView) -> Iterator[Finding]:
    for use in view.facts.weight_uses:
        if use.attribute in LISTS or not _makes_it(use):
            continue
        empty = certainly_empty(view, use)
        if empty is False:
            continue
        cause = cause_of(view, use, None)
        name = subject(view, use.owner_span, None, use.layer)
        yield RULE.finding(
            use.span,
            f"{name} has no `{use.attribute}` yet: {cause.text}.",
            cause.related,
            build_fixes(view, cause, use),
            severity=None if empty else Severity.INFORMATION,
        )


def _makes_it(use: WeightUse) -> bool:
    """Only a layer of Keras's own that has no such attribute before it is built.

    BatchNormalization has it under Keras 3, as None, and reading None is no error yet.
    """
    call = use.layer.call if use.layer else None
    if call is None or not call.is_builtin or call.class_name == "BatchNormalization":
        return False
    return call.class_name in WEIGHTED


RULE = Rule(
    code="KL103",
    slug="named-weight-before-build",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "`kernel`, `bias`, `embeddings` and the like are attributes that a layer gets when it is built. "
        "Before that reading one raises AttributeError, or gives None for BatchNormalization under Keras 3."
    ),
    bad="dense = tf.keras.layers.Dense(10)\nprint(dense.kernel.shape)\n",
    good="dense = tf.keras.layers.Dense(10)\ndense.build((None, 32))\nprint(dense.kernel.shape)\n",
    fix="Calls the model on a symbolic input of the same shape, which makes all weights.",
    check=check,
)
