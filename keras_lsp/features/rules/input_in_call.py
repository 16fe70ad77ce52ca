"""KL217: `Input(...)` inside `call`, which already has its input."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Severity
from keras_lsp.features.rules.edits import without_lines
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import call_methods, canonical, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.rules.tree import CallMethod
    from keras_lsp.session.snapshot import DocumentView


def check(view: DocumentView) -> Iterator[Finding]:
    tree = tree_of(view)
    for method in call_methods(view):
        names = {n: canonical(view, n.func) for n in method.nodes if isinstance(n, ast.Call)}
        if "keras.Model" in names.values():
            continue  # a functional model that is made there takes it
        for inner, name in names.items():
            if name == "keras.Input" and not tree.is_tested(inner):
                yield RULE.finding(
                    tree.span(inner),
                    f"`call` of {method.model_class.name} makes a symbolic input of its own: what it "
                    "computes of it has nothing to do with what the model is called on.",
                    fixes=_fixes(view, method, inner),
                )


def _fixes(view: DocumentView, method: CallMethod, made: ast.AST) -> list[Fix]:
    """Without the line, where it only puts something else in the place of an argument of `call`."""
    tree = tree_of(view)
    statement = tree.parents.get(made)
    if not isinstance(statement, ast.Assign) or len(method.function.body) < 2:
        return []
    (target, *others), given = statement.targets, method.function.args
    names = {argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
    if others or not isinstance(target, ast.Name) or target.id not in names:
        return []
    edit = without_lines(view.document, tree.span(statement))
    return [] if edit is None else [Fix(f"Keep the `{target.id}` that is given", (edit,), preferred=True)]


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
    fix="Takes the line out, where it replaces an argument of `call`.",
    check=check,
)
