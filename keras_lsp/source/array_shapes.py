"""Shapes of arrays and tensors that the text itself spells: `tf.zeros((1, 32))`, `np.random.rand(8, 4)`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.literals import index_literal, slice_literal
from keras_lsp.source.syntax import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from keras_lsp.source.calls import Calls

_PACKAGES = ("tensorflow", "numpy", "keras.ops", "jax.numpy")
# Functions that are told a shape first, or as `shape=` or `size=`; and those that are told each size.
_TOLD = frozenset(
    {
        *(f"{package}.{name}" for package in _PACKAGES for name in ("zeros", "ones", "empty", "full")),
        *("tensorflow.fill", "tensorflow.TensorSpec", "torch.full"),
        *(f"numpy.random.{name}" for name in ("random", "random_sample", "standard_normal")),
        *(
            f"{module}.random.{name}"
            for module in ("tensorflow", "keras")
            for name in ("normal", "uniform", "truncated_normal", "randint")
        ),
    }
)
_TOLD_SIZE = frozenset(f"numpy.random.{name}" for name in ("normal", "uniform", "randint", "choice"))
_EACH_SIZE = frozenset({"numpy.random.rand", "numpy.random.randn"})
_BOTH_WAYS = frozenset(f"torch.{name}" for name in ("zeros", "ones", "empty", "rand", "randn"))
_AFTER_KEY = frozenset(f"jax.random.{name}" for name in ("normal", "uniform", "truncated_normal"))
_GENERATORS = frozenset({"numpy.random.default_rng", "numpy.random.RandomState"})
# Methods of these: told the size first, or behind two numbers.
_DRAWN = frozenset({"random", "standard_normal"})
_DRAWN_BETWEEN = frozenset({"normal", "uniform", "integers", "randint"})
_SAME_SHAPE = frozenset(
    {
        *("tensorflow.constant", "tensorflow.convert_to_tensor", "tensorflow.cast", "tensorflow.Variable"),
        *("numpy.float32", "keras.ops.convert_to_tensor", "keras.ops.cast", "torch.tensor"),
        *(f"{p}.{name}" for p in _PACKAGES for name in ("array", "asarray", "zeros_like", "ones_like")),
    }
)
_SLICES = "tensorflow.data.Dataset.from_tensor_slices"
# Methods of a dataset that leave the elements as they are, or put them together.
_PASSES_ON = frozenset({"batch", "cache", "prefetch", "repeat", "shuffle"})
_RESHAPE = frozenset(f"{package}.reshape" for package in _PACKAGES)
_EXPAND = frozenset(f"{package}.expand_dims" for package in _PACKAGES)
# What `keras.datasets.<name>.load_data()` gives as inputs, but for their number.
_DATASETS = {
    "mnist": ("28", "28"),
    "fashion_mnist": ("28", "28"),
    "cifar10": ("32", "32", "3"),
    "cifar100": ("32", "32", "3"),
    "boston_housing": ("13",),
    "california_housing": ("8",),
}


def shape_of(node: ast.expr, calls: Calls, known: Callable[[str], str | None]) -> str | None:
    """The shape of what an expression makes, as Python spells it; `known` has those of names."""
    try:
        return _text(_ArrayReader(calls, known).sizes(node))
    except RecursionError:
        return None


def shapes_of_data(node: ast.expr, calls: Calls) -> list[str]:
    """Of the inputs for training and for testing, of what `keras.datasets` gives; [] for anything else."""
    name = calls.canonical(node.func) if isinstance(node, ast.Call) else None
    module, _, last = (name or "").rpartition(".")
    sizes = _DATASETS.get(module.removeprefix("keras.datasets."))
    if sizes is None or last != "load_data" or not module.startswith("keras.datasets."):
        return []
    return [_text(["None", *sizes]) or ""] * 2


class _ArrayReader:
    """Sizes of arrays, each as text; None for the array of which the text does not tell all."""

    def __init__(self, calls: Calls, known: Callable[[str], str | None]) -> None:
        self._calls = calls
        self._known = known

    def sizes(self, node: ast.expr) -> list[str] | None:
        if isinstance(node, ast.Name):
            return _sizes_in(self._known(node.id))
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node)
        if isinstance(node, ast.Subscript):
            return _indexed(self.sizes(node.value), node.slice)
        return _nested(node)

    def _call(self, node: ast.Call) -> list[str] | None:
        name = self._calls.canonical(node.func)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if name is None:
            return self._method(node, keywords)
        if name == "keras.Input":
            return _sizes_in(_of_input(node, keywords))
        first = next(iter(node.args), None)
        told = keywords.get("shape") or keywords.get("size")
        if name in _TOLD or name in _BOTH_WAYS or name == "keras.KerasTensor":
            each = name in _BOTH_WAYS and len(node.args) > 1
            return _each(node.args) if each else _spelled(told or first)
        if name in _TOLD_SIZE:
            return _spelled(told or (node.args[2] if len(node.args) == 3 else None))
        if name in _EACH_SIZE:
            return _each(node.args)
        if name in _AFTER_KEY:
            return _spelled(told or next(iter(node.args[1:2]), None))
        return (
            self._of_another(name, first, told, keywords, next(iter(node.args[1:2]), None)) if first else None
        )

    def _of_another(
        self,
        name: str,
        array: ast.expr,
        told: ast.expr | None,
        keywords: Mapping[str | None, ast.expr],
        second: ast.expr | None,
    ) -> list[str] | None:
        """An array that is made of another one."""
        if name in _SAME_SHAPE:
            return _spelled(told) if told is not None else self.sizes(array)
        if name in _RESHAPE:
            return _spelled(told or keywords.get("newshape") or second)
        return _expanded(self.sizes(array), keywords.get("axis") or second) if name in _EXPAND else None

    def _method(self, node: ast.Call, keywords: Mapping[str | None, ast.expr]) -> list[str] | None:
        """`x.astype("float32")`, `x.reshape(-1, 28, 28)` of whatever it is, `rng.normal(size=(2, 8))`."""
        if not isinstance(node.func, ast.Attribute):
            return None
        method, owner = node.func.attr, node.func.value
        if method in _PASSES_ON:
            return self._batch(node)
        if method in {"astype", "copy", "numpy"}:
            return self.sizes(owner)
        if method == "reshape" and node.args and not node.keywords:
            return _spelled(node.args[0]) if len(node.args) == 1 else _each(node.args)
        if method not in _DRAWN and method not in _DRAWN_BETWEEN:
            return None
        made = self._calls.constants.given_to(owner) if isinstance(owner, ast.Name) else owner
        if not isinstance(made, ast.Call) or self._calls.canonical(made.func) not in _GENERATORS:
            return None
        third = node.args[2] if len(node.args) == 3 else None
        return _spelled(keywords.get("size") or (next(iter(node.args), None) if method in _DRAWN else third))

    def _batch(self, node: ast.expr) -> list[str] | None:
        """One batch of a `tf.data.Dataset`: only where it surely has been made to give batches."""
        methods: set[str] = set()
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if self._calls.canonical(node.func) == _SLICES and node.args:
                given = node.args[0]
                first = given.elts[0] if isinstance(given, ast.Tuple) and given.elts else given
                sizes = self.sizes(first)
                return ["None", *sizes[1:]] if sizes and "batch" in methods else None
            if node.func.attr not in _PASSES_ON:
                return None
            methods.add(node.func.attr)
            node = node.func.value
        # An array, too, has a `repeat`.
        lasting = isinstance(node, ast.Name) and methods <= {"cache", "prefetch"}
        return self.sizes(node) if lasting else None

    def _arithmetic(self, node: ast.BinOp) -> list[str] | None:
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and _is_number(left.right):  # a long chain leans left
            left = left.left
        if left is not node:
            return self.sizes(left)
        if _is_number(node.left):
            return self.sizes(node.right)
        first, second = self.sizes(node.left), self.sizes(node.right)
        return first if first == second else None


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _nested(node: ast.expr) -> list[str] | None:
    """Of lists in lists that are all as long as each other."""
    if _is_number(node):
        return []
    if not isinstance(node, (ast.List, ast.Tuple)):
        return None
    inner = [_nested(element) for element in node.elts]
    if not inner or any(sizes != inner[0] for sizes in inner):
        return None
    return [str(len(inner)), *inner[0]] if inner[0] is not None else None


def _indexed(sizes: list[str] | None, index: ast.expr) -> list[str] | None:
    """`x[0]`, `x[:16]`, `x[..., None]`."""
    if sizes is None:
        return None
    keys = index.elts if isinstance(index, ast.Tuple) else [index]
    taken = sum(not _is_new_axis(key) and not _is_ellipsis(key) for key in keys)
    left, found = list(sizes), []
    if taken > len(left):
        return None
    for key in keys:
        if _is_ellipsis(key):
            count = len(sizes) - taken
            found += left[:count]
            del left[:count]
        elif _is_new_axis(key):
            found.append("1")
        elif isinstance(key, ast.Slice):
            found.append(_cut(left.pop(0), key))
        elif index_literal(key) is not None:
            left.pop(0)
        else:
            return None
    return [*found, *left]


def _is_new_axis(key: ast.expr) -> bool:
    is_none = isinstance(key, ast.Constant) and key.value is None
    return is_none or (dotted_name(key) or "").endswith(".newaxis")


def _is_ellipsis(key: ast.expr) -> bool:
    return isinstance(key, ast.Constant) and key.value is Ellipsis


def _cut(size: str, bounds: ast.Slice) -> str:
    chosen = slice_literal(bounds)
    if chosen == slice(None, None, None):
        return size
    return str(len(range(int(size))[chosen])) if size.isdecimal() and chosen is not None else "None"


def _expanded(sizes: list[str] | None, axis: ast.expr | None) -> list[str] | None:
    place = index_literal(axis) if axis is not None else None
    if sizes is None or place is None or not -len(sizes) - 1 <= place <= len(sizes):
        return None
    place += len(sizes) + 1 if place < 0 else 0
    return [*sizes[:place], "1", *sizes[place:]]


def _of_input(node: ast.Call, keywords: Mapping[str | None, ast.expr]) -> str | None:
    whole = keywords.get("batch_shape") or keywords.get("batch_input_shape")
    if whole is not None:
        return _text(_spelled(whole))
    given = keywords.get("shape") or next(iter(node.args), None)
    sizes = given.elts if isinstance(given, (ast.Tuple, ast.List)) else None
    return (
        _text(_each([keywords.get("batch_size") or ast.Constant(None), *sizes]))
        if sizes is not None
        else None
    )


def _spelled(node: ast.expr | None) -> list[str] | None:
    """Of a literal shape; sizes that are names stay names. None for what is no literal."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return _each(node.elts)
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return [str(node.value)]
    return None


def _each(sizes: Sequence[ast.expr]) -> list[str] | None:
    texts = [_size(size) for size in sizes]
    found = [text for text in texts if text is not None]
    return found if found and len(found) == len(texts) else None


def _text(sizes: list[str] | None) -> str | None:
    """`(1, 32)`, as Python spells it."""
    return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})" if sizes is not None else None


def _sizes_in(shape: str | None) -> list[str] | None:
    return [size for size in shape[1:-1].replace(" ", "").split(",") if size] if shape is not None else None


def _size(node: ast.expr) -> str | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return "None"  # -1: whatever is left
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, (int, type(None))) else None
    return spelled(node) if isinstance(node, (ast.Name, ast.Attribute)) else None


def per_batch(shape: str | None) -> str | None:
    """The shape of one batch of data that has this one: what `fit` gives to a model."""
    if shape is None:
        return None
    rest = shape[1:-1].split(", ", 1)
    return f"(None, {rest[1]})" if len(rest) == 2 else "(None,)"


def said_by_class(node: ast.ClassDef, calls: Calls) -> str | None:
    """What the `call` of a class says of its input: `input_signature`, `Float[Tensor, "b 32"]`."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name in {"call", "__call__"}:
            return _of_signature(method, calls) or _of_annotation(method)
    return None


def _of_signature(method: ast.FunctionDef, calls: Calls) -> str | None:
    for decorator in method.decorator_list:
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        given = next((k.value for k in keywords if k.arg == "input_signature"), None)
        if isinstance(given, (ast.List, ast.Tuple)) and len(given.elts) == 1:
            return shape_of(given.elts[0], calls, lambda _: None)
    return None


def _of_annotation(method: ast.FunctionDef) -> str | None:
    arguments = [*method.args.posonlyargs, *method.args.args][1:2]
    annotation = arguments[0].annotation if arguments else None
    if not isinstance(annotation, ast.Subscript) or not isinstance(annotation.slice, ast.Tuple):
        return None
    last = annotation.slice.elts[-1]
    if not isinstance(last, ast.Constant) or not isinstance(last.value, str) or not last.value.strip():
        return None
    sizes = last.value.split()
    if not all(size.isidentifier() or size.isdecimal() for size in sizes):
        return None
    return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"
