"""KL207 and KL208: a class that overrides `__call__`, and a `call` that gives nothing back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import is_read_whole, method, model_classes, tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.rules.tree import Function, Tree
    from keras_lsp.session.snapshot import DocumentView

_PLAIN_BASES = frozenset({"keras.Model", "keras.layers.Layer"})


def _check_dunder(view: DocumentView) -> Iterator[Finding]:
    tree = tree_of(view)
    for model_class, node in model_classes(view):
        own = method(node, "__call__")
        if own is None or method(node, "call") is not None or not _PLAIN_BASES.issuperset(model_class.bases):
            continue
        if any(isinstance(n, ast.Name) and n.id == "super" for n in tree.below(own)):
            continue  # it adds to what Keras does there
        span = tree.positions.name_span(own)
        yield DUNDER.finding(
            span,
            f"{model_class.name} overrides `__call__`, so that Keras never builds it: what it does with an "
            "input belongs in `call`.",
            fixes=[Fix("Rename it to `call`", (TextEdit(span, "call"),), preferred=True)],
        )


def _check_return(view: DocumentView) -> Iterator[Finding]:
    tree = tree_of(view)
    for model_class, node in model_classes(view):
        call = method(node, "call")
        if call is None or _gives_something(tree, call) or not _PLAIN_BASES.issuperset(model_class.bases):
            continue
        if not is_read_whole(view, call):
            continue
        last = call.body[-1]
        # Only code that works on tensors: `call` of an abstract base does nothing at all.
        if not any(isinstance(n, ast.Call) for n in tree.below(call)):
            continue
        fixes = []
        if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
            start = tree.positions.start(last)
            fixes = [Fix("Return it", (TextEdit(Span(start, start), "return "),), preferred=True)]
        elif isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name):
            begin, end = tree.positions.start(last), tree.positions.end(last)
            indent = view.document.text[tree.positions.line_start(last.lineno) : begin]
            if not indent.strip():
                edit = TextEdit(Span(end, end), f"\n{indent}return {last.targets[0].id}")
                fixes = [Fix(f"Return `{last.targets[0].id}`", (edit,), preferred=True)]
        yield RETURN.finding(
            tree.positions.name_span(call),
            f"`call` of {model_class.name} returns nothing: the model has no output.",
            fixes=fixes,
        )


def _gives_something(tree: Tree, call: Function) -> bool:
    """Returns, raises or yields, or loses itself in nested functions."""
    kinds = (ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.FunctionDef, ast.Lambda)
    return any(isinstance(n, kinds) and n is not call for n in tree.below(call))


DUNDER = Rule(
    code="KL207",
    slug="dunder-call",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "`__call__` of Keras builds the layer, checks its inputs, and then runs `call`. A class with its own "
        "`__call__` works on arrays, but is never built, and `fit` and `save` do not work as they should."
    ),
    bad="class Twice(tf.keras.layers.Layer):\n    def __call__(self, x):\n        return 2 * x\n",
    good="class Twice(tf.keras.layers.Layer):\n    def call(self, x):\n        return 2 * x\n",
    fix="Renames the method to `call`.",
    check=_check_dunder,
)
RETURN = Rule(
    code="KL208",
    slug="call-returns-nothing",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "A `call` without `return` gives None. A call on arrays does that without a word; drawing a "
        "functional model with it and `fit` raise."
    ),
    bad="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n\n    def call(self, x):\n        self.a(x)\n",
    good="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n\n    def call(self, x):\n        return self.a(x)\n",
    fix="Returns what the last statement computes.",
    check=_check_return,
)
