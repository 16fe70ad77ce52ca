"""KL217: `Input(...)` inside `call`, which already has its input."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import canonical, method, model_classes, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView, Snapshot


def check(snapshot: Snapshot, key: str) -> tuple[Finding, ...]:
    view = snapshot.view(key)
    return tuple(_found(view)) if view is not None else ()


def _found(view: DocumentView) -> Iterator[Finding]:
    tree = tree_of(view)
    for model_class, node in model_classes(view):
        call = method(node, "call")
        calls = [n for n in ast.walk(call) if isinstance(n, ast.Call)] if call is not None else []
        names = {n: canonical(view, n.func) for n in calls}
        if "keras.Model" in names.values():
            continue  # a functional model that is made there takes it
        for inner, name in names.items():
            if name == "keras.Input" and not tree.is_tested(inner):
                yield RULE.finding(
                    tree.span(inner),
                    f"`call` of {model_class.name} makes a symbolic input of its own: what it computes of it "
                    "has nothing to do with what the model is called on.",
                )


RULE = Rule(
    code="KL217",
    slug="input-in-call",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "`keras.Input` stands for data where a functional model is drawn. In `call` the data is there, as an "
        "argument; a call on arrays would give back a symbol instead of numbers, without a word."
    ),
    bad="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n\n    def call(self, x):\n"
    "        x = tf.keras.Input((5,))\n        return self.a(x)\n",
    good="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n\n    def call(self, x):\n        return self.a(x)\n",
    fix="",
    check=check,
)
