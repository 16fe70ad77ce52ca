"""What the text of a `call` asks of one tensor that goes into it: rank, dtype, the layers it meets."""

from __future__ import annotations

import ast
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple, Union

Element = Union[str, int, None]  # key of a dict, index of a list, None for the parameter itself
LayerPath = Tuple[Union[str, int], ...]  # ("blocks", 0): self.blocks[0]

# Functions whose result has the shape of their first argument.
ELEMENTWISE = frozenset(
    {"cast", "relu", "gelu", "elu", "selu", "silu", "swish", "sigmoid", "tanh", "softmax", "log_softmax"}
    | {"softplus", "leaky_relu", "exp", "log", "log1p", "sqrt", "rsqrt", "square", "abs", "sign", "negative"}
    | {"dropout", "identity", "stop_gradient", "convert_to_tensor", "l2_normalize", "normalize", "clip"}
    | {"clip_by_value", "reverse", "flip", "roll", "zeros_like", "ones_like", "float32", "int32"}
)
SHAPES = frozenset({"shape", "int_shape", "get_shape", "as_list"})
# Functions that want a rank of what they are given, with the batch axis.
WANTED_RANK = {
    "conv1d": 3,
    "conv2d": 4,
    "conv3d": 5,
    "depthwise_conv2d": 4,
    "separable_conv2d": 4,
    "depth_to_space": 4,
    "space_to_depth": 4,
    "extract_patches": 4,
    "max_pool2d": 4,
    "avg_pool2d": 4,
    "resize": 4,
    "batch_dot": 3,
}
LEAST_RANK = {"fft2d": 3, "fft2": 3, "band_part": 3}
# Functions that take indices at this position, or by this name.
INDICES = {
    "gather": (1, "indices"),
    "take": (1, "indices"),
    "embedding_lookup": (1, "ids"),
    "one_hot": (0, "x"),
    "to_categorical": (0, "x"),
    "bincount": (0, "x"),
}


class Meet(NamedTuple):
    """A tensor goes into a layer, after others that may have changed it."""

    layer: LayerPath
    passed: Tuple[LayerPath, ...]
    role: Union[int, str]  # position among the arguments, or keyword


class Use:
    """What the text asks of one tensor. Ranks count the batch axis."""

    def __init__(self) -> None:
        self.rank: Optional[int] = None
        self.least_rank = 0
        self.dtype = ""  # "int32" where it is an index, "string" where text is cut
        self.meets: List[Meet] = []
        self.merged = False  # handed on as a whole where a list is wanted: iterated over, or concatenated

    def at_least(self, rank: int) -> None:
        self.least_rank = max(self.least_rank, rank)

    def is_rank(self, rank: int) -> None:
        if self.rank is None and 0 < rank < 7:
            self.rank = rank

    def unpacked(self, target: Union[ast.Tuple, ast.List], hidden: int = 0) -> None:
        """Its shape is unpacked to names; `hidden` axes were cut off before."""
        starred = [element for element in target.elts if isinstance(element, ast.Starred)]
        count = len(target.elts) - len(starred) + hidden
        if starred:
            self.at_least(count)
        else:
            self.is_rank(count)


class Trace(NamedTuple):
    """What an expression holds: an input or an element of it, and the layers it has passed."""

    parameter: str
    element: Element
    passed: Tuple[LayerPath, ...] = ()
    shape_of: bool = False  # the expression is its shape
    hidden: int = 0  # axes cut off that shape


def given_to_function(node: ast.Call, name: str, role: Union[int, str], use: Use) -> None:
    """A function that is no layer is given the tensor: what that tells of it."""
    if name in INDICES and role in INDICES[name]:
        use.dtype = use.dtype or "int32"
    elif name in WANTED_RANK and role in (0, "x", "inputs", "images", "input"):
        use.is_rank(WANTED_RANK[name])
    elif name in LEAST_RANK:
        use.at_least(LEAST_RANK[name])
    elif name in _BY_ARGUMENT:
        _BY_ARGUMENT[name](node, role, use)
    elif isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).endswith("strings"):
        use.dtype = use.dtype or "string"


def _transposed(node: ast.Call, role: Union[int, str], use: Use) -> None:
    order = _option(node, 1, ("perm", "axes", "pattern"))
    if role == 0 and isinstance(order, (list, tuple)):
        use.is_rank(len(order))


def _padded(node: ast.Call, role: Union[int, str], use: Use) -> None:
    paddings = _option(node, 1, ("paddings", "pad_width"))
    if role in (0, "tensor", "x") and isinstance(paddings, (list, tuple)) and len(paddings) > 1:
        use.is_rank(len(paddings))


def _contracted(node: ast.Call, role: Union[int, str], use: Use) -> None:
    equation = _option(node, 0, ("equation", "subscripts"))
    parts = equation.split("->")[0].split(",") if isinstance(equation, str) else []
    if isinstance(role, int) and 0 < role <= len(parts) and "." not in parts[role - 1]:
        use.is_rank(len(parts[role - 1].strip()))


_BY_ARGUMENT: Dict[str, Callable[[ast.Call, Union[int, str], Use], None]] = {
    "transpose": _transposed,
    "permute_dimensions": _transposed,
    "pad": _padded,
    "einsum": _contracted,
}


def _option(node: ast.Call, position: int, keywords: Tuple[str, ...]) -> object:
    """The literal given by one of these names, or at a position."""
    for keyword in node.keywords:
        if keyword.arg in keywords:
            return literal(keyword.value)
    return literal(node.args[position]) if len(node.args) > position else None


def is_name(node: Optional[ast.AST], name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def literal(node: Optional[ast.AST]) -> object:
    try:
        return ast.literal_eval(node) if isinstance(node, ast.expr) else None
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return None
