"""KL408: a target whose shape does not fit the output and the loss."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import locate, wording
from keras_lsp.features.results import Finding, Fix, Related, Severity, TextEdit
from keras_lsp.features.rules.evidence import cases
from keras_lsp.features.rules.raised import call_at, called_from, said
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.training_steps import COMPUTING_LOSS, compiled_before, steps
from keras_lsp.features.rules.tree import canonical, tree_of
from keras_lsp.source import syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.rules.evidence import Case
    from keras_lsp.features.rules.training_steps import Step
    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import TensorSpec

_SPARSE = frozenset({"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"})
_CATEGORICAL = frozenset({"categorical_crossentropy", "CategoricalCrossentropy"})
_ELEMENTWISE = frozenset(
    {"mse", "mae", "mean_squared_error", "mean_absolute_error", "MeanSquaredError", "MeanAbsoluteError",
     "binary_crossentropy", "BinaryCrossentropy", "MSE", "MAE"}
)  # fmt: skip


def check(view: DocumentView) -> Iterator[Finding]:
    """Keras has compared the two; what is read of the text only says it in plainer words."""
    for case in cases(view, "KL408"):
        compared = _compared(view, case)
        if compared is not None:
            yield compared
            continue
        given = _target(view, case)
        yield RULE.finding(
            tree_of(view).span(given) if given is not None else case.span,
            f"The target does not go with the output and the loss. {said(case)}",
            called_from(view, case),
        )


def _target(view: DocumentView, case: Case) -> ast.expr | None:
    call = call_at(view, case.span)
    if call is None or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    named = next((keyword.value for keyword in call.keywords if keyword.arg == "y"), None)
    return named or (call.args[1] if len(call.args) > 1 else None)


def _compared(view: DocumentView, case: Case) -> Finding | None:
    """In the terms of one loss of Keras's, where the model and what it was compiled with can be told."""
    replay, tree, all_steps = view.current, tree_of(view), steps(view)
    step = next((s for s in all_steps if tree.span(s.call) == case.span and s.method in COMPUTING_LOSS), None)
    compiled = compiled_before(all_steps, step) if step is not None else None
    if step is None or compiled is None or replay is None or not (step.is_plain and compiled.is_plain):
        return None
    given, loss = step.argument(1, "y"), compiled.argument(1, "loss")
    if given is None or loss is None:
        return None
    name = _loss_name(view, loss)
    target, output = _known(replay, tree.span(given)), _output(step)
    why = _misfit(name, target.shape, output) if target is not None and output is not None else ""
    if not why or target is None or output is None:
        return None
    return RULE.finding(
        tree.span(given),
        f"The target is {wording.shape_text(target)}, the output {output}: {name} wants {why}.",
        [Related(tree.span(loss), "the loss is set here")],
        _fixes(view, loss, name, target.shape, output),
    )


def _loss_name(view: DocumentView, loss: ast.expr) -> str:
    if isinstance(loss, ast.Constant):
        return str(loss.value)
    dotted = canonical(view, loss.func if isinstance(loss, ast.Call) else loss)
    return dotted.rpartition(".")[2] if dotted.startswith("keras.losses.") else ""


def _known(replay: ReplayView, span: Span) -> TensorSpec | None:
    values = locate.own_values(replay, span)
    specs = {v.tensor for v in values}
    spec = specs.pop() if len(specs) == 1 else None
    return spec if spec is not None and not spec.named and None not in spec.shape and spec.shape else None


def _output(step: Step) -> tuple[int | None, ...] | None:
    """The shape of the one output of a model whose layers are all Keras's own."""
    shape = syntax.literal(step.model.outputs[0]) if len(step.model.outputs) == 1 else None
    known = isinstance(shape, tuple) and len(shape) > 1 and all(isinstance(n, int) for n in shape[1:])
    return shape if known and not step.model.depends_on and not step.model.guessed else None


def _misfit(name: str, target: tuple[int | None, ...], output: tuple[int | None, ...]) -> str:
    """What the loss wants instead; "" where that is not simply said."""
    if name in _CATEGORICAL and target[1:] != output[1:]:
        squeezed = target[1:] == (*output[1:], 1) or (*target[1:], 1) == output[1:]
        return "" if squeezed else f"one number for each output, {(target[0], *output[1:])}"
    if name in _SPARSE and target[1:] == output[1:] and output[-1] != 1:
        return f"the index of a class, {(target[0], *output[1:-1])}"
    if name in _ELEMENTWISE and len(target) == len(output):
        pairs = zip(target[1:], output[1:], strict=True)
        if any(a != b and 1 not in (a, b) for a, b in pairs):
            return f"the same sizes, {(target[0], *output[1:])}"
    return ""


def _fixes(
    view: DocumentView,
    loss: ast.expr,
    name: str,
    target: tuple[int | None, ...],
    output: tuple[int | None, ...],
) -> list[Fix]:
    """The other loss for classes, where the target is just what that wants."""
    if name in _SPARSE:
        other = name.replace("sparse_", "").replace("Sparse", "")
    elif name in _CATEGORICAL and target[1:] in (output[1:-1], (*output[1:-1], 1)):
        other = f"sparse_{name}" if name.islower() else f"Sparse{name}"
    else:
        return []
    span = tree_of(view).span(loss)
    written = span.of(view.document.text)
    if written.count(name) != 1 or (isinstance(loss, ast.Call) and (loss.args or loss.keywords)):
        return []
    edit = TextEdit(span, written.replace(name, other))
    return [Fix(f"Use {other}", (edit,), preferred=True)]


RULE = Rule(
    code="KL408",
    slug="target-does-not-fit",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "A loss compares the target with the output. `categorical_crossentropy` wants as many numbers as "
        "there are classes (one-hot), `sparse_categorical_crossentropy` the index of the class, most others "
        "the same shape. Anything else raises when training starts."
    ),
    bad="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3, 'softmax')])\n"
    "model.compile('sgd', 'categorical_crossentropy')\nmodel.fit(tf.zeros((8, 5)), tf.zeros((8,)))\n",
    good="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3, 'softmax')])\n"
    "model.compile('sgd', 'sparse_categorical_crossentropy')\nmodel.fit(tf.zeros((8, 5)), tf.zeros((8,)))\n",
    fix="Takes the loss for class indices in place of the one for one-hot targets, or the other way round.",
    check=check,
)
