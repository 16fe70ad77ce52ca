"""KL301: `get_layer` with a name no layer has."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Related, Severity, TextEdit
from keras_lsp.features.rules.evidence import cases
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.static_layers import sure_layers
from keras_lsp.source.facts import LayerPath, Step, StepKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from keras_lsp.session.snapshot import DocumentView

_SHOWN = 6


def check(view: DocumentView) -> Iterable[Finding]:
    return (*_seen(view), *_read(view))


def _seen(view: DocumentView) -> Iterator[Finding]:
    for case in cases(view, RULE.code):
        if case.step is None or case.path is None or case.layer is None or view.replay is None:
            continue
        layers = [view.replay.layer(i) for i in case.layer.layers]
        names = [layer.name for layer in layers if layer is not None]
        made = view.replay.span(case.layer.created)
        related = [Related(made, f"{case.layer.class_name} is made here")] if made else []
        yield _finding(view, case.path, case.step, case.layer.class_name, names, related)


def _read(view: DocumentView) -> Iterator[Finding]:
    for path in view.facts.paths:
        first = path.steps[0] if path.steps else None
        if first is None or first.kind is not StepKind.GET_LAYER or not isinstance(first.value, str):
            continue
        owner = sure_layers(view, path)
        names = [call.given_name for call in owner.calls] if owner else []
        given = [name for name in names if name is not None]
        # A layer without a given name gets one from Keras that depends on what was made before.
        if owner is not None and len(given) == len(names) and first.value not in given:
            yield _finding(view, path, first, owner.class_name, given, [])


def _finding(
    view: DocumentView,
    path: LayerPath,
    step: Step,
    class_name: str,
    names: Sequence[str],
    related: list[Related],
) -> Finding:
    span = step.value_span or Span(path.span.start, step.span.end)
    close = difflib.get_close_matches(str(step.value), names, n=1, cutoff=0.5)
    if close:
        hint = f' Did you mean "{close[0]}"?'
    elif names:
        shown = ", ".join(f'"{name}"' for name in names[:_SHOWN])
        hint = f" It has {shown}{', …' if len(names) > _SHOWN else ''}."
    else:
        hint = " It has no layers."
    return RULE.finding(
        span, f'{class_name} has no layer named "{step.value}".{hint}', related, _fixes(view, step, close)
    )


def _fixes(view: DocumentView, step: Step, close: list[str]) -> list[Fix]:
    text = step.value_span.of(view.document.text) if step.value_span else ""
    if not close or step.value_span is None or len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return []
    if any(character in close[0] for character in "\\'\"\r\n"):
        return []
    edit = TextEdit(step.value_span, f"{text[0]}{close[0]}{text[0]}")
    return [Fix(f'Use the name "{close[0]}"', (edit,), preferred=True)]


RULE = Rule(
    code="KL301",
    slug="unknown-layer-name",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "`get_layer` looks for the layer's own `name` among the layers directly below the model, not for the "
        "attribute that holds it, and it does not look into models inside the model."
    ),
    bad='model = tf.keras.Sequential([tf.keras.layers.Dense(10, name="head")])\nmodel.get_layer("haed")\n',
    good='model = tf.keras.Sequential([tf.keras.layers.Dense(10, name="head")])\nmodel.get_layer("head")\n',
    fix="Replaces the name by the closest one there is.",
    check=check,
)
