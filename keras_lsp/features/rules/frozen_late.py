"""KL504 under tf-keras 2: `trainable` changed after `compile`, which has no effect before the next one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import locate, state
from keras_lsp.features.results import Finding, Fix, Related, Severity, TextEdit
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.training_steps import TRAINING, compiled_before, steps
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView


def check(view: DocumentView) -> Iterable[Finding]:
    if view.current is None or view.keras_line != 2:
        return ()
    return _found(view, view.current)


def _found(view: DocumentView, replay: ReplayView) -> Iterator[Finding]:
    tree, all_steps = tree_of(view), steps(view)
    for node in tree.every(ast.Assign):
        target = node.targets[0] if len(node.targets) == 1 else None
        if not isinstance(target, ast.Attribute) or target.attr != "trainable" or tree.function_of(target):
            continue
        values = locate.own_values(replay, tree.span(target.value))
        changed = {v.layer for v in values if v.kind == "layer"}
        start = tree.span(target).start
        for step in all_steps:
            compiled = compiled_before(all_steps, step)
            below = {step.model.id, *state.held_by(replay, step.model.id)}
            late = compiled is not None and compiled.start < start < step.start
            if (
                step.method not in TRAINING
                or not late
                or compiled is None
                or not changed
                or not changed <= below
            ):
                continue
            text = tree.span(compiled.call).of(view.document.text)
            top = [n for n in (target, *tree.above(target)) if isinstance(n, ast.stmt)][-1]
            end = tree.positions.line_end(top.end_lineno or top.lineno)
            edit = TextEdit(Span(end, end), f"{text}\n")
            yield RULE.finding(
                tree.span(target),
                "tf-keras 2 sees this at the next `compile` only: what is trained below stays as it was.",
                [Related(tree.span(step.call), "trained here, as compiled before")],
                [Fix("Compile again", (edit,), preferred=True)],
            )
            break


RULE = Rule(
    code="KL504",
    slug="frozen-after-compile",
    severity=Severity.WARNING,
    keras_lines=(2,),
    why=(
        "`compile` of tf-keras 2 notes which weights are trained. To change `trainable` later has no effect "
        "before the next `compile`. Under Keras 3 it has, at once."
    ),
    bad="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\n"
    "model.compile('sgd', 'mse')\nmodel.layers[0].trainable = False\n"
    "model.fit(tf.zeros((8, 5)), tf.zeros((8, 3)))\n",
    good="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\n"
    "model.layers[0].trainable = False\nmodel.compile('sgd', 'mse')\n"
    "model.fit(tf.zeros((8, 5)), tf.zeros((8, 3)))\n",
    fix="Compiles the model again.",
    check=check,
)
