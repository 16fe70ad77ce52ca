"""Shapes of arrays and tensors that the text itself spells: `tf.zeros((1, 32))`, `np.random.rand(8, 4)`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keras_lsp.source.calls import Calls

# Functions that are told a shape first, or as `shape=` or `size=`; and those that are told each size.
_TOLD = frozenset(
    {
        *(
            f"{module}.{name}"
            for module in ("tensorflow", "numpy", "keras.ops")
            for name in ("zeros", "ones")
        ),
        *("numpy.empty", "numpy.full", "tensorflow.fill", "keras.ops.full", "tensorflow.TensorSpec"),
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
_SAME_SHAPE = frozenset(
    {
        *("tensorflow.constant", "tensorflow.convert_to_tensor", "tensorflow.cast", "tensorflow.Variable"),
        *("numpy.array", "numpy.asarray", "numpy.float32", "keras.ops.convert_to_tensor", "keras.ops.cast"),
    }
)


def shape_of(node: ast.expr, calls: Calls, known: Callable[[str], str | None]) -> str | None:
    """The shape of what an expression makes, as Python spells it; `known` has those of names."""
    if isinstance(node, ast.Name):
        return known(node.id)
    if not isinstance(node, ast.Call):
        return None
    name = calls.canonical(node.func)
    if name is None:
        return _of_method(node, calls, known)
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    if name == "keras.Input":
        return _of_input(node, keywords)
    if name in _TOLD:
        given = keywords.get("shape") or keywords.get("size") or next(iter(node.args), None)
        return spelled_shape(given) if given is not None else None
    if name in _TOLD_SIZE and (size := keywords.get("size")) is not None:
        return spelled_shape(size)
    if name in _EACH_SIZE and node.args and not any(isinstance(a, ast.Starred) for a in node.args):
        return _tuple(list(node.args))
    return shape_of(node.args[0], calls, known) if name in _SAME_SHAPE and node.args else None


def _of_method(node: ast.Call, calls: Calls, known: Callable[[str], str | None]) -> str | None:
    """`np.zeros((2, 3)).astype("float32")`, and `.reshape(-1, 28, 28)` of whatever it is."""
    if not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr == "astype":
        return shape_of(node.func.value, calls, known)
    if node.func.attr == "reshape" and node.args and not node.keywords:
        return spelled_shape(node.args[0]) if len(node.args) == 1 else _tuple(list(node.args))
    return None


def _of_input(node: ast.Call, keywords: Mapping[str | None, ast.expr]) -> str | None:
    whole = keywords.get("batch_shape") or keywords.get("batch_input_shape")
    if whole is not None:
        return spelled_shape(whole)
    given = keywords.get("shape") or next(iter(node.args), None)
    sizes = given.elts if isinstance(given, (ast.Tuple, ast.List)) else None
    return _tuple([keywords.get("batch_size") or ast.Constant(None), *sizes]) if sizes is not None else None


def spelled_shape(node: ast.expr) -> str | None:
    """`(1, 32)` of a literal shape; sizes that are names stay names. None for what is no literal."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return _tuple(list(node.elts))
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return f"({node.value},)"
    return None


def _tuple(sizes: list[ast.expr]) -> str | None:
    texts = [_size(size) for size in sizes]
    if None in texts:
        return None
    return f"({', '.join(str(text) for text in texts)}{',' * (len(texts) == 1)})"


def _size(node: ast.expr) -> str | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return "None"  # -1: whatever is left
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, (int, type(None))) else None
    return ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute)) else None


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
