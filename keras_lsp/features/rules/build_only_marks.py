"""KL102: `model.build(shape)` that makes no weights under Keras 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import state, wording
from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.build_fix import build_fixes
from keras_lsp.features.rules.cause import Cause
from keras_lsp.features.rules.rule import Rule
from keras_lsp.source.facts import BuildEvent, Built, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import ReplayEvent


def check(view: DocumentView) -> Iterable[Finding]:
    if view.keras_line == 2:
        return ()
    if view.current is not None:
        return _seen(view, view.current)
    return _read(view)


def _seen(view: DocumentView, replay: ReplayView) -> Iterator[Finding]:
    for event in replay.report.events:
        span = replay.span(event.span)
        if span is None or not _is_noop(event):
            continue
        model = replay.layer(event.layer)
        if model is None or model.kind not in ("subclass", "layer"):
            continue  # a Sequential builds its layers, or says why it cannot
        cause = Cause("", (), span, model, event.input)
        makes = wording.count_text(event.expected_weights, "weight")
        yield RULE.finding(
            span,
            f"{_call(view, span)} makes none of the {makes} of {model.class_name}: "
            "under Keras 3 it only marks a subclassed model as built. A call on an input makes them.",
            fixes=build_fixes(view, cause, None),
            severity=Severity.HINT if _built_later(model.projected) else None,
        )


def _is_noop(event: ReplayEvent) -> bool:
    return state.only_marks(event) and event.expected_weights > 0


def _built_later(projected: bool) -> bool:
    """The program makes the weights after all, further down: the call is only idle."""
    return not projected


def _read(view: DocumentView) -> Iterator[Finding]:
    for event in view.facts.events:
        if event.kind is not EventKind.BUILD or event.after is not Built.MARKED:
            continue
        severity = Severity.HINT if _called_later(view, event) else None
        if view.keras_line is None:
            severity = severity or Severity.INFORMATION
        yield RULE.finding(
            event.span,
            f"{_call(view, event.span)} makes no weights under Keras 3: it only marks a subclassed model "
            "as built. A call on an input makes them.",
            fixes=build_fixes(view, Cause("", (), event.span), None),
            severity=severity,
        )


def _called_later(view: DocumentView, build: BuildEvent) -> bool:
    return any(
        event.variable == build.variable
        and event.span.start > build.span.start
        and event.kind in (EventKind.CALL, EventKind.FIT, EventKind.OTHER)
        for event in view.facts.events
    )


def _call(view: DocumentView, span: Span) -> str:
    return f"`{state.callee_text(span.of(view.document.text))}(...)`"


RULE = Rule(
    code="KL102",
    slug="build-only-marks",
    severity=Severity.WARNING,
    keras_lines=(3,),
    why=(
        "Under tf-keras 2 `model.build(shape)` runs `call` on a placeholder and so makes all weights. "
        "Under Keras 3 it does that only for Sequential models and for classes whose own `build` builds "
        "their layers. For any other subclassed model it sets `built = True` and nothing else: "
        "`model.weights` stays empty, `count_params()` is 0 and `save_weights()` writes an empty file."
    ),
    bad="model = MyModel()\nmodel.build((None, 32))\nmodel.save_weights('my.weights.h5')\n",
    good="model = MyModel()\nmodel(tf.keras.Input((32,)))\nmodel.save_weights('my.weights.h5')\n",
    fix="Replaces the call by a call of the model on a symbolic input of the same shape.",
    check=check,
)
