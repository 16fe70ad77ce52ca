"""KL303: an index that `model.layers` does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import wording
from keras_lsp.features.results import Finding, Related, Severity
from keras_lsp.features.rules.evidence import cases
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.static_layers import sure_layers
from keras_lsp.source.facts import StepKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView


def check(view: DocumentView) -> Iterable[Finding]:
    return (*_seen(view), *_read(view))


def _seen(view: DocumentView) -> Iterator[Finding]:
    for case in cases(view, RULE.code):
        if case.step is not None and case.path is not None and case.layer is not None:
            span = Span(case.path.span.start, case.step.span.end)
            made = view.replay.span(case.layer.created) if view.replay else None
            related = [Related(made, f"{case.layer.class_name} is made here")] if made else []
            yield RULE.finding(
                span, _message(view, span, case.layer.class_name, len(case.layer.layers)), related
            )


def _read(view: DocumentView) -> Iterator[Finding]:
    for path in view.facts.paths:
        first = path.steps[0] if path.steps else None
        if first is None or first.kind is not StepKind.LAYERS or not isinstance(first.value, int):
            continue
        owner = sure_layers(view, path)
        if owner is None or -len(owner.calls) <= first.value < len(owner.calls):
            continue
        span = Span(path.span.start, first.span.end)
        yield RULE.finding(span, _message(view, span, owner.class_name, len(owner.calls)))


def _message(view: DocumentView, span: Span, class_name: str, count: int) -> str:
    text = wording.one_line(span.of(view.document.text))
    if not count:
        return f"`{text}` does not exist: {class_name} has no layers."
    last = f"index 0 to {count - 1}" if count > 1 else "index 0"
    return f"`{text}` does not exist: {class_name} has {wording.count_text(count, 'layer')}, {last}."


RULE = Rule(
    code="KL303",
    slug="layer-index-out-of-range",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "`model.layers` lists the layers directly below the model: a model or block inside counts as one. "
        "Functional models begin with their InputLayer, Sequential ones do not show it."
    ),
    bad="model = tf.keras.Sequential([tf.keras.layers.Dense(10)])\nlast = model.layers[1]\n",
    good="model = tf.keras.Sequential([tf.keras.layers.Dense(10)])\nlast = model.layers[-1]\n",
    fix="",
    no_fix="Which layer is meant, the text does not say.",
    check=check,
)
