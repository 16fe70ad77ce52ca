"""KL502: training without `compile`, or without a loss."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import state
from keras_lsp.features.results import Finding, Fix, Related, Severity, TextEdit
from keras_lsp.features.rules.raised import call_at, findings
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.training_steps import COMPUTING_LOSS, TRAINING, compiled_before, steps
from keras_lsp.features.rules.tree import canonical, tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.rules.evidence import Case
    from keras_lsp.features.rules.training_steps import Step
    from keras_lsp.session.snapshot import DocumentView, ReplayView

_OWN_LOSS = ("add_loss", "compute_loss", "load_model")


def check(view: DocumentView) -> Iterable[Finding]:
    if view.current is None:
        return ()
    words = "`compile` wants an optimizer, or the name of one, and no class."
    classes = findings(view, RULE, r"Could not interpret optimizer identifier", words, _instance)
    return (*_found(view, view.current), *classes)


def _found(view: DocumentView, replay: ReplayView) -> Iterator[Finding]:
    all_steps, tree = steps(view), tree_of(view)
    for step in all_steps:
        if step.method not in COMPUTING_LOSS or not _made_here(view, replay, step):
            continue
        compiled = compiled_before(all_steps, step)
        if compiled is None:
            name = tree.span(step.call.func).of(view.document.text)
            yield RULE.finding(
                tree.span(step.call), f"`{name}` raises: this model was not compiled before this line."
            )
        elif step.method in TRAINING and _has_no_loss(view, compiled):
            place = tree.span(compiled.call)
            yield RULE.finding(
                tree.span(step.call),
                "There is no loss to train with: `compile` was given none.",
                [Related(place, "compiled here, without `loss`")],
            )


def _has_no_loss(view: DocumentView, compiled: Step) -> bool:
    if not compiled.is_plain or any(word in view.document.text for word in _OWN_LOSS):
        return False
    loss = compiled.argument(1, "loss")
    return loss is None or (isinstance(loss, ast.Constant) and loss.value is None)


def _made_here(view: DocumentView, replay: ReplayView, step: Step) -> bool:
    """A model of Keras's own kinds, made in this text of Keras's own layers, that no other code gets."""
    below = [replay.layer(i) for i in state.held_by(replay, step.model.id)]
    if (
        step.model.created is None
        or step.model.is_user_class
        or step.model.kind not in ("sequential", "functional")
    ):
        return False
    if any(layer is None or layer.is_user_class for layer in below):
        return False
    owner = step.call.func.value if isinstance(step.call.func, ast.Attribute) else None
    if not isinstance(owner, ast.Name):
        return False
    for node in tree_of(view).every(ast.Call):
        if not canonical(view, node.func).startswith("keras."):
            given = [*node.args, *(k.value for k in node.keywords)]
            if any(isinstance(g, ast.Name) and g.id == owner.id for g in given):
                return False
    return True


def _instance(view: DocumentView, case: Case) -> list[Fix]:
    """`Adam` as `Adam()` in `compile`."""
    call = call_at(view, case.span)
    given = (
        [*call.args[:1], *(k.value for k in call.keywords if k.arg == "optimizer")]
        if call is not None
        else []
    )
    for node in given:
        if canonical(view, node).startswith("keras.optimizers."):
            end = tree_of(view).span(node).end
            return [Fix("Make an optimizer of it", (TextEdit(Span(end, end), "()"),), preferred=True)]
    return []


RULE = Rule(
    code="KL502",
    slug="not-compiled",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "`fit`, `evaluate` and `train_on_batch` compute a loss, which `compile` sets. Without `compile`, or "
        "with none in it, they raise; an optimizer has to be an object or a name, no class."
    ),
    bad="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\n"
    "model.fit(tf.zeros((8, 5)), tf.zeros((8, 3)))\n",
    good="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\n"
    "model.compile('sgd', 'mse')\nmodel.fit(tf.zeros((8, 5)), tf.zeros((8, 3)))\n",
    fix="Makes an optimizer of a class.",
    check=check,
)
