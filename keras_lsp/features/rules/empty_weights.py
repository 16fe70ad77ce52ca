"""KL104: a list of weights that is silently empty because nothing is built yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.build_fix import build_fixes
from keras_lsp.features.rules.cause import cause_of, subject
from keras_lsp.features.rules.evidence import WEIGHTED, always_empty, certainly_empty
from keras_lsp.features.rules.raised import findings
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.weight_card import LISTS, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.source.facts import LayerCall, WeightUse
    from keras_lsp.worker.report import LayerReport

_TESTS = re.compile(r"\s*(?:assert|if|while)\b")


def check(view: DocumentView) -> Iterable[Finding]:
    empty = (
        finding
        for use in view.facts.weight_uses
        if use.attribute in LISTS and use.index is None and not _asks_whether(view, use)
        for finding in (*_seen(view, view.current, use), *_read(view, use))
    )
    words = "There are no weights to count yet: nothing has called it on an input before this line."
    return (*empty, *findings(view, RULE, r"to call `count_params` on layer", words))


def _asks_whether(view: DocumentView, use: WeightUse) -> bool:
    """`if not model.weights:` wants to know; it does not take the list for full."""
    return _TESTS.match(view.document.text, use.statement.start) is not None


def _seen(view: DocumentView, replay: ReplayView | None, use: WeightUse) -> Iterator[Finding]:
    if replay is None:
        return
    lacking = [layer for layer in always_empty(replay, use) if _would_list(view, use, layer)]
    raised = any(
        (span := replay.span(f.span)) is not None and span.covers(use.span) for f in replay.report.failures
    )
    if not lacking or raised:
        return
    cause = cause_of(view, use, lacking[0])
    yield RULE.finding(
        use.span,
        f"{subject(view, use.span, lacking[0], use.layer)} is empty here: {cause.text}.",
        cause.related,
        build_fixes(view, cause, use),
    )


def _would_list(view: DocumentView, use: WeightUse, layer: LayerReport) -> bool:
    """Whether a call would give it weights to list; where no input is known, the text has to show that."""
    if layer.weights or layer.built or layer.projected:
        return bool(listed(layer, use.attribute))
    return not use.attribute.startswith("non_") and _would_have_weights(view, use)


def _read(view: DocumentView, use: WeightUse) -> Iterator[Finding]:
    empty = certainly_empty(view, use)
    if empty is False or use.attribute.startswith("non_") or not _would_have_weights(view, use):
        return
    cause = cause_of(view, use, None)
    yield RULE.finding(
        use.span,
        f"{subject(view, use.span, None, use.layer)} is empty here: {cause.text}.",
        cause.related,
        build_fixes(view, cause, use),
        severity=None if empty else Severity.INFORMATION,
    )


def _would_have_weights(view: DocumentView, use: WeightUse) -> bool:
    """Whether the text shows a layer that makes weights, when it is built."""
    calls: list[LayerCall | None] = []
    if use.layer is not None:
        calls.append(use.layer.call or (use.layer.slot.call if use.layer.slot else None))
    elif use.root is not None:
        binding = view.facts.binding_at(use.root, use.span.start)
        model_class = view.facts.model_class(binding.class_name) if binding else None
        calls += [slot.call for slot in model_class.slots] if model_class else []
        calls += binding.layers if binding else []
    return any(call is not None and call.is_builtin and call.class_name in WEIGHTED for call in calls)


RULE = Rule(
    code="KL104",
    slug="empty-weights",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "Before a model is built `weights`, `trainable_variables` and `get_weights()` are empty lists, "
        "without a word: loops over them do nothing, sums are 0, and an optimizer gets nothing to train."
    ),
    bad="model = MyModel()\nprint(len(model.weights))\n",
    good="model = MyModel()\nmodel(tf.keras.Input((32,)))\nprint(len(model.weights))\n",
    fix="Calls the model on a symbolic input of the same shape, which makes all weights.",
    check=check,
)
