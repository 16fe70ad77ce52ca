"""KL411: softmax over one unit, and a loss for logits behind an activation."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Related, Severity, TextEdit
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.training_steps import steps
from keras_lsp.features.rules.tree import calls_of, canonical, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView


def check(view: DocumentView) -> Iterable[Finding]:
    behind = _behind_activation(view, view.current) if view.current is not None else ()
    return (*_one_unit(view), *behind)


def _one_unit(view: DocumentView) -> Iterator[Finding]:
    for made in calls_of(view).values():
        units, activation = made.argument("units"), made.argument("activation")
        if not made.is_builtin or made.class_name != "Dense" or units is None or activation is None:
            continue
        if units.value == 1 and units.known and activation.value == "softmax":
            written = activation.span.of(view.document.text)
            place = written.rfind("softmax")
            new = f"{written[:place]}sigmoid{written[place + len('softmax') :]}"
            yield RULE.finding(
                made.span,
                "softmax over one unit gives 1.0 for every input. For yes or no it is `sigmoid`.",
                fixes=[Fix("Use sigmoid", (TextEdit(activation.span, new),), preferred=True)],
            )


def _behind_activation(view: DocumentView, replay: ReplayView) -> Iterator[Finding]:
    """`from_logits=True` for a Sequential model whose last layer ends in softmax or sigmoid."""
    tree = tree_of(view)
    for step in steps(view):
        loss = step.argument(1, "loss") if step.method == "compile" else None
        if not isinstance(loss, ast.Call) or not canonical(view, loss.func).startswith("keras.losses."):
            continue
        logits = next((k for k in loss.keywords if k.arg == "from_logits"), None)
        sequential = step.model.kind == "sequential" and step.model.layers
        last = replay.layer(step.model.layers[-1]) if sequential else None
        activation = last.config.get("activation", "").strip("'\"") if last is not None else ""
        is_true = logits is not None and isinstance(logits.value, ast.Constant) and logits.value.value is True
        if logits is None or last is None or not is_true or activation not in ("softmax", "sigmoid"):
            continue
        made = replay.span(last.created)
        edit = TextEdit(tree.span(logits.value), "False")
        yield RULE.finding(
            tree.span(logits),
            f"The model ends in {activation} already: its output is probabilities, no logits.",
            [Related(made, f"{activation} is applied here")] if made is not None else [],
            [Fix("Take the output for probabilities", (edit,), preferred=True)],
        )


RULE = Rule(
    code="KL411",
    slug="activation-and-loss",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "softmax makes the units of a layer sum to 1: with one unit that is always exactly 1.0, and nothing "
        "is learnt. A loss with `from_logits=True` applies softmax or sigmoid itself; behind an activation "
        "it would be applied twice."
    ),
    bad="tf.keras.layers.Dense(1, activation='softmax')\n",
    good="tf.keras.layers.Dense(1, activation='sigmoid')\n",
    fix="Writes `sigmoid`, or `from_logits=False`.",
    check=check,
)
