"""Floating-point operations of Keras's own layers and operations, for one sample's forward pass at inference.

A multiplication with its addition counts as two, as TensorFlow's profiler and most papers on hardware do
(papers on networks often count multiply-adds, half as many). A bias, an activation, an addition of branches
and a comparison in a pool count as one for each element, softmax as five. What only moves, looks up, or does
nothing at inference counts as none. A sample is one entry of the first axis.

Formulas are the textbook ones, from the shapes of weights and outputs; what has none here has no number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

from .structures import Specs, leaves

if TYPE_CHECKING:
    from ..report import TensorSpec

Inputs = List[Tuple[str, Specs]]
Formula = Callable[[Any, Inputs, "List[TensorSpec]"], int]

KERAS = ("keras.", "tf_keras.")
SOFTMAX = 5
MOVES_ONLY = frozenset(
    {"Flatten", "Reshape", "Permute", "RepeatVector", "Concatenate", "Masking", "Identity", "Embedding"}
    | {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"}
    | {"GaussianDropout", "GaussianNoise", "ActivityRegularization"}
    | {f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping") for rank in (1, 2, 3)}
    | {"Hashing", "HashedCrossing", "StringLookup", "IntegerLookup", "TextVectorization", "Discretization"}
)
# Operations per element of the output.
PER_OUTPUT = {
    "ReLU": 1,
    "LeakyReLU": 1,
    "ELU": 1,
    "PReLU": 2,
    "Softmax": SOFTMAX,
    "BatchNormalization": 2,  # at inference: one scale, one shift
    "Normalization": 2,
    "Rescaling": 2,
    "LayerNormalization": 7,  # mean, difference, square, its mean, division, scale, shift
    "GroupNormalization": 7,
    "RMSNormalization": 4,
    "UnitNormalization": 3,
}
MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
# Gates aside, what a cell does for each unit and step: activations, products and sums of its state.
CELL_WORK = {"LSTM": 13, "GRU": 11, "SimpleRNN": 2}

ELEMENTWISE_OPS = frozenset(
    {"Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Power", "Negative", "Absolute", "Square"}
    | {"Sqrt", "Rsqrt", "Reciprocal", "Exp", "Expm1", "Log", "Log1p", "Sin", "Cos", "Tanh", "Erf"}
    | {"Maximum", "Minimum", "Sigmoid", "Softplus", "Softsign", "Silu", "LogSigmoid", "Relu", "Relu6"}
    | {"LeakyRelu", "Elu", "Selu", "Gelu", "Celu", "HardSigmoid", "HardSilu", "Clip"}
    | {"Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalOr"}
)
REDUCING_OPS = frozenset({"Sum", "Mean", "Max", "Min", "Prod", "Any", "All", "Argmax", "Argmin"})
MOVING_OPS = frozenset(
    {"Reshape", "Transpose", "Swapaxes", "Moveaxis", "ExpandDims", "Squeeze", "GetItem", "Concatenate"}
    | {"Stack", "Split", "Cast", "Copy", "BroadcastTo", "Take", "Pad", "Where", "StopGradient", "Repeat"}
    | {"Tile", "Flip", "ZerosLike", "OnesLike", "Shape", "Unstack", "Slice"}
)


class UnknownSizeError(Exception):
    """A dimension or an argument that a formula needs is not known."""


def has_formula(cls: type) -> bool:
    return _formula(cls) is not None


def layer_flops(layer: Any, inputs: Inputs, outputs: Specs) -> Optional[int]:
    """None when the class has no formula here, or a dimension other than the first is not known."""
    formula = _formula(type(layer))
    if formula is None:
        return None
    try:
        return formula(layer, inputs, leaves(outputs))
    except Exception:  # noqa: BLE001 - other versions of a class may lack what a formula reads: no number then
        return None


def operation_flops(operation: Any, inputs: Inputs, outputs: Specs) -> Optional[int]:
    """The same for an operation of `keras.ops`; None also where it moves the first axis."""
    given = [leaf for _, specs in inputs for leaf in leaves(specs)]
    try:
        return _operation(operation, given, leaves(outputs)[0])
    except Exception:  # noqa: BLE001 - unknown dimensions, and operations of other versions: no number then
        return None


def _operation(operation: Any, given: List[TensorSpec], made: TensorSpec) -> Optional[int]:
    name = type(operation).__name__
    if name in ELEMENTWISE_OPS:
        return _elements(made)
    if name in ("Softmax", "LogSoftmax"):
        return SOFTMAX * _elements(made)
    if name == "Matmul":
        return 2 * _known(given[0].shape[-1]) * _elements(made)
    if name == "Einsum":
        return _einsum(operation.subscripts, given)
    if given[0].shape[:1] != made.shape[:1]:
        return None
    if name in REDUCING_OPS:
        return _elements(given[0])
    if name == "Reshape" and _elements(given[0]) != _elements(made):
        return None  # the first axis holds something else now
    return 0 if name in MOVING_OPS else None


def _formula(cls: type) -> Optional[Formula]:
    if cls not in _FOUND:
        _FOUND[cls] = _look_up(cls)
    return _FOUND[cls]


def _look_up(cls: type) -> Optional[Formula]:
    """By the class of Keras whose `call` runs: a subclass with a `call` of its own does something else."""
    for base in cls.__mro__:
        if base.__module__.startswith(KERAS):
            return FORMULAS.get(base.__name__)
        if "call" in base.__dict__:
            return None
    return None


_FOUND: Dict[type, Optional[Formula]] = {}


# -- sizes


def _known(size: Optional[int]) -> int:
    if size is None:
        raise UnknownSizeError
    return int(size)


def _elements(spec: TensorSpec) -> int:
    """Of one sample."""
    return math.prod(_known(size) for size in spec.shape[1:])


def _shape(variable: Any) -> Tuple[int, ...]:
    """Keras 3 makes a new TensorShape for each question about `shape`, which is slow."""
    found = getattr(variable, "_shape", None)
    return tuple(variable.shape if found is None else found)


def _count(variable: Any) -> int:
    return math.prod(_shape(variable))


def _first(inputs: Inputs) -> TensorSpec:
    return leaves(inputs[0][1])[0]


def _activation(layer: Any, elements: int) -> int:
    function = getattr(layer, "activation", None)
    name = getattr(function, "__name__", None)
    if function is None or name == "linear":
        return 0
    if not str(getattr(function, "__module__", "")).startswith(KERAS):
        raise UnknownSizeError  # a function or layer of the user's
    return elements * (SOFTMAX if name in ("softmax", "log_softmax") else 1)


def _finish(layer: Any, elements: int) -> int:
    """Bias and activation, where the layer has them."""
    bias = elements if getattr(layer, "bias", None) is not None else 0
    return bias + _activation(layer, elements)


# -- layers


def _none(_layer: Any, _inputs: Inputs, _outputs: List[TensorSpec]) -> int:
    return 0


def _per_output(count: int) -> Formula:
    return lambda _layer, _inputs, outputs: count * _elements(outputs[0])


def _activation_layer(layer: Any, _inputs: Inputs, outputs: List[TensorSpec]) -> int:
    return _activation(layer, _elements(outputs[0]))


def _dense(layer: Any, _inputs: Inputs, outputs: List[TensorSpec]) -> int:
    elements = _elements(outputs[0])
    return 2 * _shape(layer.kernel)[0] * elements + _finish(layer, elements)


def _conv(layer: Any, _inputs: Inputs, outputs: List[TensorSpec]) -> int:
    """The kernel is (…, channels of one group, filters)."""
    elements = _elements(outputs[0])
    return 2 * math.prod(_shape(layer.kernel)[:-1]) * elements + _finish(layer, elements)


def _conv_transpose(layer: Any, inputs: Inputs, outputs: List[TensorSpec]) -> int:
    """The kernel is (…, filters, channels): each element of the input spreads over kernel and filters."""
    spread = math.prod(_shape(layer.kernel)[:-1]) * _elements(_first(inputs))
    return 2 * spread + _finish(layer, _elements(outputs[0]))


def _depthwise(layer: Any, _inputs: Inputs, outputs: List[TensorSpec]) -> int:
    kernel = getattr(layer, "depthwise_kernel", None)
    kernel = layer.kernel if kernel is None else kernel
    elements = _elements(outputs[0])
    return 2 * math.prod(_shape(kernel)[:-2]) * elements + _finish(layer, elements)


def _separable(layer: Any, _inputs: Inputs, outputs: List[TensorSpec]) -> int:
    elements = _elements(outputs[0])
    channels, filters = _shape(layer.pointwise_kernel)[-2:]
    between = elements // filters * channels
    spread = math.prod(_shape(layer.depthwise_kernel)[:-2])
    return 2 * spread * between + 2 * channels * elements + _finish(layer, elements)


def _einsum_dense(layer: Any, _inputs: Inputs, outputs: List[TensorSpec]) -> int:
    """The whole kernel is used once for each entry of the output's axes that it does not have itself."""
    left, _, right = layer.equation.replace(" ", "").partition("->")
    data, _, kernel = left.partition(",")
    if data[0] != right[0]:
        raise UnknownSizeError  # the first axis is not kept
    shared = math.prod(size for label, size in zip(kernel, _shape(layer.kernel)) if label in right)
    elements = _elements(outputs[0])
    return 2 * _count(layer.kernel) * (elements // shared) + _finish(layer, elements)


def _recurrent(layer: Any, inputs: Inputs, _outputs: List[TensorSpec]) -> int:
    cell = layer.cell
    steps = _known(_first(inputs).shape[1])
    bias = _count(cell.bias) if getattr(cell, "bias", None) is not None else 0
    work = CELL_WORK[_library_name(type(layer))] * int(cell.units)
    products = 2 * (_count(cell.kernel) + _count(cell.recurrent_kernel))
    return steps * (products + bias + work)


def _bidirectional(layer: Any, inputs: Inputs, outputs: List[TensorSpec]) -> int:
    total = 0
    for half in (layer.forward_layer, layer.backward_layer):
        formula = _formula(type(half))
        if formula is None:
            raise UnknownSizeError
        total += formula(half, inputs, outputs)
    merged = {"sum": 1, "mul": 1, "ave": 2}.get(layer.merge_mode or "", 0)
    return total + merged * _elements(outputs[0])


def _time_distributed(layer: Any, inputs: Inputs, outputs: List[TensorSpec]) -> int:
    formula = _formula(type(layer.layer))
    if formula is None:
        raise UnknownSizeError
    given, made = _first(inputs), outputs[0]
    step = [("", _without_second_axis(given))]
    return _known(given.shape[1]) * formula(layer.layer, step, [_without_second_axis(made)])


def _without_second_axis(spec: TensorSpec) -> TensorSpec:
    return type(spec)((*spec.shape[:1], *spec.shape[2:]), spec.dtype)


def _multi_head_attention(layer: Any, inputs: Inputs, _outputs: List[TensorSpec]) -> int:
    """Projections, scores, softmax and the weighted sum, for inputs of rank 3."""
    named: Dict[str, Specs] = dict(zip(("query", "value"), (specs for name, specs in inputs if not name)))
    named.update((name, specs) for name, specs in inputs if name)
    query, value = named["query"], named["value"]
    if len(query.shape) != 3 or len(value.shape) != 3:
        raise UnknownSizeError
    asked, known = _known(query.shape[1]), _known(value.shape[1])
    total = 0
    for dense, rows in (
        (layer._query_dense, asked),
        (layer._key_dense, known),
        (layer._value_dense, known),
        (layer._output_dense, asked),
    ):
        bias = _count(dense.bias) if dense.bias is not None else 0
        total += rows * (2 * _count(dense.kernel) + bias)
    scores = int(layer._num_heads) * asked * known
    return total + scores * (2 * int(layer._key_dim) + SOFTMAX + 2 * int(layer._value_dim))


def _attention(layer: Any, inputs: Inputs, _outputs: List[TensorSpec]) -> int:
    query, value = leaves(inputs[0][1])[:2]
    if len(query.shape) != 3 or layer.score_mode != "dot":
        raise UnknownSizeError
    scores = _known(query.shape[1]) * _known(value.shape[1])
    return scores * (2 * _known(query.shape[2]) + SOFTMAX + 2 * _known(value.shape[2]))


def _pool(layer: Any, _inputs: Inputs, outputs: List[TensorSpec]) -> int:
    size = layer.pool_size
    area = math.prod(size) if isinstance(size, (tuple, list)) else int(size)
    return area * _elements(outputs[0])


def _global_pool(_layer: Any, inputs: Inputs, _outputs: List[TensorSpec]) -> int:
    return _elements(_first(inputs))


def _merge(_layer: Any, inputs: Inputs, outputs: List[TensorSpec]) -> int:
    return (len(leaves(inputs[0][1])) - 1) * _elements(outputs[0])


def _upsampling(layer: Any, _inputs: Inputs, _outputs: List[TensorSpec]) -> int:
    if getattr(layer, "interpolation", "nearest") != "nearest":
        raise UnknownSizeError
    return 0


def _library_name(cls: type) -> str:
    return next(base.__name__ for base in cls.__mro__ if base.__module__.startswith(KERAS))


def _einsum(subscripts: str, given: List[TensorSpec]) -> int:
    """Two for each combination of labels; the first axis must stay first."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    operands = left.split(",")
    if not arrow or "." in subscripts or len(operands) != 2 or operands[0][0] != right[0]:
        raise UnknownSizeError
    sizes = {label: size for labels, spec in zip(operands, given) for label, size in zip(labels, spec.shape)}
    return 2 * math.prod(_known(size) for label, size in sizes.items() if label != right[0])


FORMULAS: Dict[str, Formula] = {
    **dict.fromkeys(MOVES_ONLY, _none),
    **{name: _per_output(count) for name, count in PER_OUTPUT.items()},
    **dict.fromkeys(MERGES, _merge),
    **dict.fromkeys(CELL_WORK, _recurrent),
    **{f"Conv{rank}D": _conv for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _conv_transpose for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": _depthwise for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _separable for rank in (1, 2)},
    **{f"{kind}Pooling{rank}D": _pool for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"Global{kind}Pooling{rank}D": _global_pool for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _upsampling for rank in (1, 2, 3)},
    "Dense": _dense,
    "EinsumDense": _einsum_dense,
    "Activation": _activation_layer,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "MultiHeadAttention": _multi_head_attention,
    "Attention": _attention,
}
