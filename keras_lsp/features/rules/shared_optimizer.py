"""KL503: one optimizer that trains two models."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Related, Severity, TextEdit
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.training_steps import TRAINING, compiled_before, steps
from keras_lsp.features.rules.tree import canonical, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.rules.training_steps import Step
    from keras_lsp.session.snapshot import DocumentView


def check(view: DocumentView) -> Iterator[Finding]:
    all_steps, tree = steps(view), tree_of(view)
    first: dict[str, Step] = {}  # name of an optimizer -> the first model trained with it
    said: set[int] = set()
    for step in all_steps:
        compiled = compiled_before(all_steps, step) if step.method in TRAINING else None
        optimizer = compiled.argument(0, "optimizer") if compiled is not None else None
        if compiled is None or not isinstance(optimizer, ast.Name):
            continue
        made = _made_once(view, optimizer.id)
        before = first.setdefault(optimizer.id, step)
        shares = before.model.trainable_parameters != 0 and step.model.id != before.model.id
        if made is None or not shares or compiled.start in said:
            continue
        said.add(compiled.start)
        text = tree.span(made).of(view.document.text)
        edit = TextEdit(tree.span(optimizer), text)
        yield RULE.finding(
            tree.span(optimizer),
            f"`{optimizer.id}` already trains another model, and an optimizer knows only the weights of the "
            "first: training this one raises.",
            [Related(tree.span(before.call), "here it is bound to the weights of that model")],
            [Fix("Give this model an optimizer of its own", (edit,), preferred=True)]
            if "\n" not in text
            else [],
        )


def _made_once(view: DocumentView, name: str) -> ast.expr | None:
    """The call that makes the optimizer, where the name is bound just there."""
    bound = [n for n in tree_of(view).every(ast.Name) if n.id == name and not _reads(n)]
    parent = tree_of(view).parents.get(bound[0]) if len(bound) == 1 else None
    value = parent.value if isinstance(parent, ast.Assign) else None
    is_made = isinstance(value, ast.Call) and canonical(view, value.func).startswith("keras.optimizers.")
    return value if is_made else None


def _reads(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


_TRAIN = (
    "model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\n"
    "model.compile(optimizer, 'mse')\nmodel.fit(tf.zeros((8, 5)), tf.zeros((8, 3)))\n"
)
RULE = Rule(
    code="KL503",
    slug="shared-optimizer",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "An optimizer keeps numbers for each weight that it trains, and makes them for the weights of the "
        "first model it sees. Used for another model it raises."
    ),
    bad=f"optimizer = tf.keras.optimizers.Adam()\n{_TRAIN}{_TRAIN}",
    good=_TRAIN.replace("optimizer,", "tf.keras.optimizers.Adam(),") * 2,
    fix="Makes an optimizer for the second model.",
    check=check,
)
