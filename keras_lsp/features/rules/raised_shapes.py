"""KL401 to KL407, KL409, KL412 and KL413: inputs and graphs that do not fit."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rules.raised import call_at, raised_rule
from keras_lsp.features.rules.tree import canonical, tree_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.features.rules.evidence import Case
    from keras_lsp.session.snapshot import DocumentView

_RECURRENT = ("LSTM", "GRU", "SimpleRNN")
_NDIM = re.compile(r"expected (?:min_|max_)?ndim=(\d+), found ndim=(\d+)")
_SAME_IN_OPS = frozenset(
    {"abs", "cos", "cumsum", "exp", "expand_dims", "floor", "log", "matmul", "maximum", "minimum",
     "ones_like", "repeat", "reshape", "round", "sigmoid", "sign", "sin", "sqrt", "square", "squeeze",
     "stack", "tanh", "tile", "where", "zeros_like"}
)  # fmt: skip
_OTHER_IN_OPS = {"concat": "concatenate", "reduce_max": "max", "reduce_mean": "mean", "reduce_min": "min",
                 "reduce_sum": "sum"}  # fmt: skip


def _axes(view: DocumentView, case: Case) -> str:
    found = _NDIM.search(case.failure.message)
    layer = view.replay.layer(case.failure.layer) if view.replay else None
    name = layer.class_name if layer is not None else "The layer"
    if found is None:
        return f"{name} gets an input of the wrong number of axes."
    wants, gets = int(found[1]), int(found[2])
    hint = ""
    if gets == wants - 1 and name in _RECURRENT:
        hint = ": a recurrent layer before it needs `return_sequences=True`"
    elif gets == wants - 1 and name.startswith(("Conv", "MaxPool", "AveragePool", "SeparableConv")):
        hint = ": the axis of channels may be missing"
    return f"{name} wants {wants} axes with the batch and gets {gets}{hint}."


def _sequences(view: DocumentView, case: Case) -> list[Fix]:
    """`return_sequences=True` for the recurrent layer right before the one that raised, in one list."""
    layer = view.replay.layer(case.failure.layer) if view.replay else None
    made = view.replay.span(layer.created) if view.replay and layer is not None else None
    if (
        layer is None
        or made is None
        or layer.class_name not in _RECURRENT
        or "found ndim=2" not in case.failure.message
    ):
        return []
    tree = tree_of(view)
    for node in tree.nodes:
        spans = [tree.span(e) for e in node.elts] if isinstance(node, ast.List) else []
        place = spans.index(made) if made in spans else 0
        before = node.elts[place - 1] if isinstance(node, ast.List) and place else None
        if (
            not isinstance(before, ast.Call)
            or canonical(view, before.func).rpartition(".")[2] not in _RECURRENT
        ):
            continue
        if any(k.arg in ("return_sequences", None) for k in before.keywords) or not (
            before.args or before.keywords
        ):
            continue
        end = tree.span(before).end
        written = tree.span(before).of(view.document.text)
        if written[:-1].rstrip().endswith(","):
            return []
        edit = TextEdit(Span(end - 1, end - 1), ", return_sequences=True")
        return [Fix("Let the layer before give its whole sequence", (edit,), preferred=True)]
    return []


def _ops(view: DocumentView, case: Case) -> list[Fix]:
    """`tf.square(x)` as `keras.ops.square(x)`."""
    call, prefix = call_at(view, case.span), view.facts.keras.prefix
    name = canonical(view, call.func) if call is not None else ""
    short = name.removeprefix("tensorflow.").removeprefix("math.")
    other = short if short in _SAME_IN_OPS else _OTHER_IN_OPS.get(short)
    if call is None or prefix is None or other is None or not name.startswith("tensorflow."):
        return []
    if any(k.arg not in ("axis", "shape") for k in call.keywords):
        return []
    edit = TextEdit(tree_of(view).span(call.func), f"{prefix}.ops.{other}")
    return [Fix(f"Use {prefix}.ops.{other}", (edit,), preferred=True)]


def _width(view: DocumentView, case: Case) -> str:
    found = re.search(r"axis (-?\d+) of input shape to have value (\d+)", case.failure.message)
    layer = view.replay.layer(case.failure.layer) if view.replay else None
    name = layer.class_name if layer is not None else "The layer"
    if found is not None:
        return f"{name} was built for a size of {found[2]} in axis {found[1]} and gets another."
    return f"{name} was built for inputs of another shape."


_MSE = (
    "model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\n"
    "model.compile('sgd', 'mse')\n"
)
_LSTMS = "tf.keras.Sequential([tf.keras.Input((4, 5)), tf.keras.layers.LSTM(3{}), tf.keras.layers.LSTM(3)])\n"
_DENSE = "dense = tf.keras.layers.Dense(3)\ndense(tf.keras.Input((5,)))\n"
_TWO = "i, j = tf.keras.Input((5,)), tf.keras.Input((5,))\n"

RANK = raised_rule(
    "KL401",
    "wrong-number-of-axes",
    r"expected (?:min_|max_)?ndim=",
    _axes,
    why=(
        "Recurrent layers take (batch, time, features), 2-D convolutions (batch, height, width, channels). "
        "A recurrent layer gives its last step only, unless `return_sequences=True`."
    ),
    bad=_LSTMS.format(""),
    good=_LSTMS.format(", return_sequences=True"),
    fix="Adds `return_sequences=True` to the recurrent layer before.",
    fixes=_sequences,
)
WIDTH = raised_rule(
    "KL402",
    "wrong-input-size",
    r"of input shape to have value|expected shape=.*found shape=|Invalid input shape for input",
    _width,
    why=(
        "The weights of a layer are made for the sizes of its first input. Data, or a second place where it "
        "is used, with other sizes does not fit them."
    ),
    bad=f"{_DENSE}dense(tf.keras.Input((6,)))\n",
    good=f"{_DENSE}dense(tf.keras.Input((5,)))\n",
    no_fix="Either of the two sizes may be the wrong one.",
)
SPATIAL = raised_rule(
    "KL403",
    "no-size-left",
    r"Computed output size would be zero or negative|Negative dimension size|in the output is <= 0",
    "Nothing is left of the image: the kernel or the pool is larger than what comes in. `padding='same'`, "
    "smaller strides or fewer layers keep some.",
    why="Each convolution or pooling without padding makes an image smaller, until a kernel no longer fits.",
    bad="tf.keras.layers.Conv2D(3, 5)(tf.keras.Input((4, 4, 1)))\n",
    good="tf.keras.layers.Conv2D(3, 5, padding='same')(tf.keras.Input((4, 4, 1)))\n",
    no_fix="Padding, fewer layers and a larger input each make another model.",
)
MERGE = raised_rule(
    "KL404",
    "shapes-do-not-match",
    r"Inputs have incompatible shapes|requires inputs with matching shapes|must be unchanged"
    r"|Inner dimensions",
    "These shapes do not go together.",
    why=(
        "Adding wants the same shapes, concatenating the same but for one axis, a reshape as many numbers as "
        "before, a matrix product the same inner size."
    ),
    bad="tf.keras.layers.Reshape((2, 3))(tf.keras.Input((5,)))\n",
    good="tf.keras.layers.Reshape((2, 3))(tf.keras.Input((6,)))\n",
    no_fix="Either of the shapes may be the wrong one.",
)
UNDEFINED = raised_rule(
    "KL406",
    "undefined-size",
    r"must be fully-defined|last dimension of the inputs to a .?Dense.? .*should be defined",
    "The layer makes its weights for this size, which has to be a number, not None.",
    why="A None in `Input` is a size that changes. Weights do not: the axis they are for needs a number.",
    bad="tf.keras.layers.Dense(3)(tf.keras.Input((None,)))\n",
    good="tf.keras.layers.Dense(3)(tf.keras.Input((5,)))\n",
    no_fix="How large the axis is, only the data tells.",
)
SYMBOL = raised_rule(
    "KL412",
    "symbol-as-value",
    r"KerasTensor cannot be used|Iterating over a symbolic KerasTensor"
    r"|symbolic inputs/outputs do not implement",
    "What a functional model is drawn with has no values yet: only layers and `keras.ops` take it.",
    why=(
        "`keras.Input` and what layers make of it are symbols. Functions of TensorFlow and NumPy, `if` and "
        "loops want values; inside a layer's `call` there are some."
    ),
    bad="tf.square(tf.keras.Input((5,)))\n",
    good="tf.keras.ops.square(tf.keras.Input((5,)))\n",
    fix="Takes the function of the same name in `keras.ops`.",
    fixes=_ops,
)
GRAPH = raised_rule(
    "KL413",
    "graph-disconnected",
    r"is not connected to|Graph disconnected|values must be KerasTensors|Only instances of .?keras.Layer"
    r"|The added layer must be an instance|Inputs to a layer should be tensors",
    "A model is drawn from its inputs to its outputs, and this is not on that way.",
    why=(
        "`Model(inputs, outputs)` wants the symbols that `Input` gave and what layers made of just those; "
        "`Sequential.add` wants a layer."
    ),
    bad=f"{_TWO}tf.keras.Model(i, tf.keras.layers.Dense(3)(j))\n",
    good=f"{_TWO}tf.keras.Model(j, tf.keras.layers.Dense(3)(j))\n",
    no_fix="Which input was meant, the text does not say.",
)
SAMPLES = raised_rule(
    "KL409",
    "sample-counts-differ",
    r"Data cardinality is ambiguous",
    "The inputs and the target are not equally many.",
    why="Each sample has its target: the first axis of all arrays that `fit` and `evaluate` get is as long.",
    bad=f"{_MSE}model.fit(tf.zeros((8, 5)), tf.zeros((7, 3)))\n",
    good=f"{_MSE}model.fit(tf.zeros((8, 5)), tf.zeros((8, 3)))\n",
    no_fix="Which of the arrays has too many or too few, the text does not say.",
)
RULES = (RANK, WIDTH, SPATIAL, MERGE, UNDEFINED, SYMBOL, GRAPH)
