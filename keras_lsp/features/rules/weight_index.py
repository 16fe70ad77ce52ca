"""KL304: an index that a built layer's list of weights does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Related, Severity
from keras_lsp.features.rules.cause import subject
from keras_lsp.features.rules.evidence import Case, cases
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.weight_card import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView

_SHOWN = 6


def check(view: DocumentView) -> Iterable[Finding]:
    return (_finding(view, case) for case in cases(view, RULE.code))


def _finding(view: DocumentView, case: Case) -> Finding:
    span = case.use.span if case.use else case.span
    name = subject(view, case.use.owner_span if case.use else span, case.layer, None)
    made = view.replay.span(case.layer.created) if view.replay and case.layer else None
    related = [Related(made, "the layer is made here")] if made else []
    return RULE.finding(span, f"{name} {_what_it_has(case)}.", related)


def _what_it_has(case: Case) -> str:
    weights = listed(case.layer, case.use.attribute) if case.layer and case.use else ()
    if case.layer is None or not case.layer.weights:
        is_input = case.layer is not None and case.layer.class_name == "InputLayer"
        return "has no weights: it only stands for the input" if is_input else "has no weights at all"
    attribute = case.use.attribute.replace("get_weights", "weights") if case.use else "weights"
    if not weights:
        return f"has no {attribute.replace('_', '-', 1).replace('_', ' ')}"
    names = ", ".join(f"`{weight.name}`" for weight in weights[:_SHOWN])
    more = ", …" if len(weights) > _SHOWN else ""
    index = case.use.index if case.use else None
    wanted = f"; index {index} does not exist" if index is not None else ""
    plural = (
        attribute.replace("_", " ") if len(weights) > 1 else attribute.replace("_", " ").removesuffix("s")
    )
    return f"has {len(weights)} {plural}, {names}{more}{wanted}"


RULE = Rule(
    code="KL304",
    slug="weight-index-out-of-range",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "How many weights a layer has depends on its class and arguments: Dense has kernel and bias, without "
        "`use_bias` only the kernel; InputLayer, Dropout, pooling and reshaping layers have none."
    ),
    bad="inputs = tf.keras.Input((32,))\nmodel = tf.keras.Model(inputs, tf.keras.layers.Dense(10)(inputs))\n"
    "kernel = model.layers[0].weights[0]\n",
    good="inputs = tf.keras.Input((32,))\nmodel = tf.keras.Model(inputs, tf.keras.layers.Dense(10)(inputs))\n"
    "kernel = model.layers[1].weights[0]\n",
    fix="",
    no_fix="Which weight is meant, the text does not say.",
    check=check,
)
