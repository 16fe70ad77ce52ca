"""KL216: a layer is called and what it gives is thrown away."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.evidence import WEIGHTED
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import call_methods, self_attribute, tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.rules.tree import Tree
    from keras_lsp.session.snapshot import DocumentView


def check(view: DocumentView) -> Iterator[Finding]:
    tree = tree_of(view)
    for method in call_methods(view):
        if not any(isinstance(n, ast.Return) and n.value is not None for n in method.nodes):
            continue
        for statement in method.nodes:
            if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
                continue
            slot = method.model_class.slot(self_attribute(statement.value.func) or "")
            made = slot.call if slot is not None and not slot.conditional else None
            if made is not None and made.is_builtin and made.class_name in WEIGHTED:
                yield RULE.finding(
                    tree.span(statement.value),
                    f"What this {made.class_name} gives is thrown away: it has no part in the output and is "
                    "never trained.",
                    fixes=_fixes(tree, statement.value),
                )


def _fixes(tree: Tree, call: ast.Call) -> list[Fix]:
    first = call.args[0] if call.args else None
    if not isinstance(first, ast.Name):
        return []
    start = tree.positions.start(call)
    edit = TextEdit(Span(start, start), f"{first.id} = ")
    return [Fix(f"Keep it: `{first.id} = …`", (edit,), preferred=True)]


RULE = Rule(
    code="KL216",
    slug="discarded-output",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "A layer does not change its input, it gives an output. A call whose output nobody takes leaves no "
        "trace in the model: the layer has weights, but gets no gradients."
    ),
    bad="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n        self.b = tf.keras.layers.Dense(3)\n\n"
    "    def call(self, x):\n        self.a(x)\n        return self.b(x)\n",
    good="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n        self.b = tf.keras.layers.Dense(3)\n\n"
    "    def call(self, x):\n        x = self.a(x)\n        return self.b(x)\n",
    fix="Assigns the output to the variable that was given.",
    check=check,
)
