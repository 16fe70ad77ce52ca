"""KL205: a layer put into a model that is already built."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.guarded import guarded
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import calls_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView


def check(view: DocumentView) -> Iterable[Finding]:
    if view.current is None or view.keras_line != 3:
        return ()
    return _found(view, view.current)


def _found(view: DocumentView, replay: ReplayView) -> Iterator[Finding]:
    tree, calls = tree_of(view), calls_of(view)
    for node in tree.every(ast.Assign):
        if tree.span(node.value) not in calls or tree.function_of(node):
            continue
        for target in node.targets:
            if not isinstance(target, ast.Attribute):
                continue
            values = locate.own_values(replay, tree.span(target.value))
            models = [replay.layer(v.layer) for v in values if v.kind == "layer" and v.built and v.weights]
            if len(models) != len(values) or not models or guarded(view, tree.span(target)):
                continue
            if all(
                m is not None and m.kind == "subclass" and m.is_user_class and not m.guessed for m in models
            ):
                yield RULE.finding(
                    tree.span(target),
                    "The model is built, and Keras 3 takes no more layers or weights into it: this raises "
                    "ValueError. Make the layer in `__init__`, or a new model around this one.",
                )


RULE = Rule(
    code="KL205",
    slug="layer-after-build",
    severity=Severity.ERROR,
    keras_lines=(3,),
    why=(
        "Keras 3 locks a layer once it is built: *You cannot add new elements of state (variables or "
        "sub-layers) to a layer that is already built.* tf-keras 2 takes them."
    ),
    bad="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n\n    def call(self, x):\n        return self.a(x)\n\n\n"
    "net = Net()\nnet(tf.zeros((2, 5)))\nnet.b = tf.keras.layers.Dense(3)\n",
    good="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n\n    def call(self, x):\n        return self.a(x)\n\n\n"
    "net = Net()\nnet.b = tf.keras.layers.Dense(3)\nnet(tf.zeros((2, 5)))\n",
    fix="",
    no_fix="The layer has to be made before the model is built; what stands between may need its order.",
    check=check,
)
