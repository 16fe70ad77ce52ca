"""KL112: `model.call(x)` in place of `model(x)`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView


def check(view: DocumentView) -> Iterable[Finding]:
    return _found(view) if view.current is not None else ()


def _found(view: DocumentView) -> Iterator[Finding]:
    tree, replay = tree_of(view), view.current
    for node in tree.every(ast.Call):
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr != "call" or replay is None:
            continue
        if any(isinstance(n, ast.ClassDef) for n in tree.above(function)):
            continue  # a layer that wraps another one may know what it does
        owner = tree.span(function.value)
        values = locate.own_values(replay, owner)
        if not values or any(v.kind != "layer" for v in values):
            continue
        rest = Span(owner.end, tree.span(function).end)
        yield RULE.finding(
            tree.span(function),
            "`call` is what Keras calls: called by name the model is not marked as built, and its inputs are "
            "neither checked nor converted.",
            fixes=[Fix("Call the model itself", (TextEdit(rest, ""),), preferred=True)],
        )


RULE = Rule(
    code="KL112",
    slug="call-by-name",
    severity=Severity.HINT,
    keras_lines=(2, 3),
    why=(
        "`model(x)` builds the model, converts and checks the inputs, sets `training` and names, and then "
        "runs `call`. `model.call(x)` does only the last: its layers are built, `model.built` stays False."
    ),
    bad="dense = tf.keras.layers.Dense(3)\ndense.build((None, 5))\ndense.call(tf.zeros((2, 5)))\n",
    good="dense = tf.keras.layers.Dense(3)\ndense(tf.zeros((2, 5)))\n",
    fix="Calls the model itself.",
    check=check,
)
