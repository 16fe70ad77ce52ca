"""KL202: a layer that a model uses and Keras does not see."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Related, Severity
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import canonical, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView

_MADE_ANEW = "made anew"
_PLAIN = re.compile(r"plain `(\w+)` object")


def check(view: DocumentView) -> Iterable[Finding]:
    return _found(view, view.current) if view.current is not None else ()


def _found(view: DocumentView, replay: ReplayView) -> Iterator[Finding]:
    if replay.report.truncated:
        return
    listed = {below for layer in replay.report.layers for below in layer.layers}
    for layer in replay.report.layers:
        span = replay.span(layer.created)
        # What is frozen is often kept out of a model on purpose; what some model lists is trained with that.
        if span is None or not layer.untracked or not layer.trainable_parameters or layer.id in listed:
            continue
        why = layer.untracked[0]
        holder = replay.layer(why.holder)
        if holder is None or _MADE_ANEW in why.reason or layer.guessed or _of_keras(view, why.reason):
            continue
        made = replay.span(holder.created)
        yield RULE.finding(
            span,
            f"{holder.class_name} uses this {layer.class_name}, but Keras does not see it: {why.reason}. "
            f"Its weights are not among the weights of {holder.class_name}: not trained, not saved.",
            [Related(made, f"{holder.class_name} is made here")] if made is not None else [],
        )


def _of_keras(view: DocumentView, reason: str) -> bool:
    """Whether a metric, a loss or a callback holds it: that is to measure with, not to be trained."""
    named = _PLAIN.search(reason)
    nodes = (n for n in tree_of(view).every(ast.ClassDef) if named and n.name == named[1])
    return any(canonical(view, base).startswith("keras.") for node in nodes for base in node.bases)


RULE = Rule(
    code="KL202",
    slug="hidden-layer",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "Keras finds the layers of a model in its attributes, and in lists, tuples and dicts there. A layer "
        "in another kind of object, in a variable around the class or in the function of a Lambda runs, but "
        "is not among `model.weights`: `fit` does not train it and `save` does not keep it."
    ),
    bad="class Helper:\n    def __init__(self):\n        self.dense = tf.keras.layers.Dense(3)\n\n\n"
    "class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.helper = Helper()\n\n    def call(self, x):\n        return self.helper.dense(x)\n",
    good="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.dense = tf.keras.layers.Dense(3)\n\n    def call(self, x):\n        return self.dense(x)\n",
    fix="",
    no_fix="Where the layer belongs is up to the design of the program: Keras has to find it from the model.",
    check=check,
)
