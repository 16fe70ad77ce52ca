"""Arrays of a known shape and type whose values nobody has: NumPy on shapes.

A `ShapeArray` is a NumPy array with one element in memory that every index shows. Arithmetic, casts and
reshapes give arrays of the shape NumPy gives, without the work; asking for values gives holes.
"""

from __future__ import annotations

import functools
import importlib
import sys
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from .hole import ANSWERS, Hole, Touches, uncertain

if TYPE_CHECKING:
    from ..report import Shape

WHY = "depends on the values of data that a replay does not load"


class _OnShapes:
    """What a ShapeArray does otherwise than the `ndarray` that it also is."""

    shape: Tuple[int, ...]
    dtype: Any
    size: int

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", None)
        if method == "__call__":
            return _put(_elementwise(ufunc, inputs, options), out)
        if method == "reduce":
            axis, keep = options.get("axis", 0), bool(options.get("keepdims"))
            return _put(_reduced(ufunc, inputs[0], axis, keep, options.get("dtype")), out)
        return uncertain(WHY)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        joined = JOINS.get(function.__name__)
        if joined is not None:
            return joined(*args, **kwargs)
        if function.__name__ in VIEWS:
            return super().__array_function__(function, types, args, kwargs)  # type: ignore[misc]  # ndarray's
        return uncertain(WHY)

    def __getitem__(self, key: Any) -> Any:
        return _item(self, key, super().__getitem__)  # type: ignore[misc]  # ndarray's

    def __setitem__(self, key: Any, value: Any) -> None:
        """All values are unknown before and after."""

    def astype(self, dtype: Any, *_args: Any, **_kwargs: Any) -> Any:
        return shape_array(self.shape, dtype)

    def copy(self, *_args: Any, **_kwargs: Any) -> Any:
        return shape_array(self.shape, self.dtype)

    def flatten(self, *_args: Any) -> Any:
        return shape_array((self.size,), self.dtype)

    ravel = flatten

    def argmax(self, axis: Any = None, *_args: Any, **_options: Any) -> Any:
        return _position(self, axis)

    argmin = argmax

    def item(self, *_args: Any) -> Any:
        return uncertain(WHY)

    tolist = item


@functools.lru_cache(maxsize=1)
def shape_array_class() -> Any:
    """`ShapeArray`; made when NumPy is there."""
    numpy: Any = importlib.import_module("numpy")
    return type("ShapeArray", (_OnShapes, numpy.ndarray), {})


def shape_array(shape: Shape, dtype: Any) -> Any:
    numpy: Any = importlib.import_module("numpy")
    return numpy.broadcast_to(numpy.zeros((), dtype), shape).view(shape_array_class())


@functools.lru_cache(maxsize=1)
def _shape_tensor_class() -> Any:
    return type("ShapeTensor", (shape_array_class(),), {"numpy": lambda tensor: tensor.copy()})


def shape_tensor(shape: Shape, dtype: Any) -> Any:
    """In place of a tensor that is too large to be made. Nothing is certain of what is done with it."""
    Touches.count += 1
    return shape_array(shape, dtype).view(_shape_tensor_class())


def is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray) and value.dtype != object


def in_use() -> bool:
    """Whether this process ever made one."""
    return shape_array_class.cache_info().currsize > 0


def is_shape_array(value: Any) -> bool:
    return in_use() and isinstance(value, shape_array_class())


def shape_array_in(value: Any) -> bool:
    """Whether there is one in nested lists, tuples and dicts."""
    if isinstance(value, dict):
        return any(shape_array_in(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(shape_array_in(item) for item in value)
    return is_shape_array(value)


# -- arithmetic


def _one(value: Any) -> Any:
    """A single element of an operand's type: what the result's type follows from."""
    numpy: Any = importlib.import_module("numpy")
    if type(value) is Hole:
        Touches.count += 1
        return 1.0
    return numpy.ones((), value.dtype) if isinstance(value, numpy.ndarray) and value.ndim else value


def _elementwise(ufunc: Any, inputs: Tuple[Any, ...], options: Dict[str, Any]) -> Any:
    numpy: Any = importlib.import_module("numpy")
    if ufunc.signature is not None:
        return _product(inputs) if ufunc.__name__ == "matmul" else uncertain(WHY)
    shape = numpy.broadcast_shapes(*(numpy.shape(value) for value in inputs if type(value) is not Hole))
    with numpy.errstate(all="ignore"):
        results = ufunc(*(_one(value) for value in inputs), dtype=options.get("dtype"))
    if isinstance(results, tuple):
        return tuple(shape_array(shape, result.dtype) for result in results)
    return shape_array(shape, results.dtype)


def _put(result: Any, out: Any) -> Any:
    """What an operation with `out=` gives: that array, where NumPy may cast into it."""
    numpy: Any = importlib.import_module("numpy")
    if not out or not isinstance(result, numpy.ndarray) or not isinstance(out[0], numpy.ndarray):
        return result
    if not numpy.can_cast(result.dtype, out[0].dtype, "same_kind"):
        raise TypeError(f"Cannot cast output from dtype('{result.dtype}') to dtype('{out[0].dtype}')")
    return out[0]


def _product(inputs: Tuple[Any, ...]) -> Any:
    numpy: Any = importlib.import_module("numpy")
    left, right = (numpy.asarray(value) for value in inputs)
    if left.ndim < 2 or right.ndim < 2 or left.shape[-1] != right.shape[-2]:
        raise ValueError(f"matmul: shapes {left.shape} and {right.shape} do not fit")
    batch = numpy.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    return shape_array((*batch, left.shape[-2], right.shape[-1]), numpy.result_type(left, right))


def _reduced(ufunc: Any, array: Any, axis: Any, keep: bool, dtype: Any) -> Any:
    axes = range(array.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {number % array.ndim for number in axes} if array.ndim else set()
    if len(gone) == array.ndim and not keep:
        return uncertain(WHY)
    shape = tuple(
        1 if place in gone else size for place, size in enumerate(array.shape) if keep or place not in gone
    )
    numpy: Any = importlib.import_module("numpy")
    one = ufunc.reduce(numpy.ones((1,), array.dtype), dtype=dtype)
    return shape_array(shape, one.dtype)


# -- indices


def _item(array: Any, key: Any, plain: Any) -> Any:
    numpy: Any = importlib.import_module("numpy")
    keys = key if isinstance(key, tuple) else (key,)
    lists = [part for part in keys if isinstance(part, (list, numpy.ndarray))]
    if any(type(part) is Hole for part in keys):
        return uncertain(WHY)
    if not lists:
        found = plain(key)
        return found if isinstance(found, numpy.ndarray) and found.ndim else uncertain(WHY)
    if keys[-1] is Ellipsis:
        keys = keys[:-1]
    if len(lists) > 1 or keys[0] is not lists[0] or any(part is Ellipsis for part in keys):
        return uncertain(WHY)
    chosen = numpy.asarray(lists[0])
    if chosen.dtype == bool:
        count = ANSWERS.number("the number of chosen samples", WHY)
        Touches.count += 1
        first: Tuple[int, ...] = (count,)
        rest = array.shape[chosen.ndim :]
    else:
        first, rest = chosen.shape, array.shape[1:]
    result = shape_array((*first, *rest), array.dtype)
    return result[(slice(None),) * len(first) + keys[1:]] if len(keys) > 1 else result


# -- functions that put arrays together or look at them otherwise

VIEWS = frozenset(
    {"expand_dims", "squeeze", "transpose", "swapaxes", "moveaxis", "reshape", "atleast_1d", "atleast_2d"}
    | {"atleast_3d", "broadcast_to", "shape", "ndim", "size", "split", "array_split", "flip", "rollaxis"}
    | {"vstack", "hstack", "dstack", "column_stack", "append"}
    | {"hsplit", "vsplit", "mean", "sum", "max", "min", "amax", "amin", "std", "var", "prod", "any", "all"}
    | {"result_type", "broadcast_shapes", "iscomplexobj", "isrealobj", "isscalar"}
)


def _shapes(arrays: Any) -> Tuple[List[Tuple[int, ...]], Any]:
    numpy: Any = importlib.import_module("numpy")
    members = [numpy.asanyarray(array) for array in arrays]
    return [member.shape for member in members], numpy.result_type(*(member.dtype for member in members))


def _concatenate(arrays: Any, axis: int = 0, **_options: Any) -> Any:
    shapes, dtype = _shapes(arrays)
    axis %= len(shapes[0])
    others = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
    if len(others) != 1 or len({len(shape) for shape in shapes}) != 1:
        raise ValueError(f"all the input array dimensions except axis {axis} must match exactly: {shapes}")
    total = sum(shape[axis] for shape in shapes)
    return shape_array((*shapes[0][:axis], total, *shapes[0][axis + 1 :]), dtype)


def _stack(arrays: Any, axis: int = 0, **_options: Any) -> Any:
    shapes, dtype = _shapes(arrays)
    if len(set(shapes)) != 1:
        raise ValueError("all input arrays must have the same shape")
    axis %= len(shapes[0]) + 1
    return shape_array((*shapes[0][:axis], len(shapes), *shapes[0][axis:]), dtype)


def _like(array: Any, *args: Any, dtype: Any = None, shape: Optional[Any] = None, **_options: Any) -> Any:
    del args
    return shape_array(array.shape if shape is None else shape, array.dtype if dtype is None else dtype)


def _repeat(array: Any, repeats: Any, axis: Optional[int] = None) -> Any:
    if axis is None or not isinstance(repeats, int):
        return uncertain(WHY)
    shape = list(array.shape)
    shape[axis] *= repeats
    return shape_array(tuple(shape), array.dtype)


def _pad(array: Any, width: Any, *_args: Any, **_options: Any) -> Any:
    numpy: Any = importlib.import_module("numpy")
    pairs = numpy.broadcast_to(numpy.asarray(width), (array.ndim, 2))
    shape = tuple(size + int(pair[0]) + int(pair[1]) for size, pair in zip(array.shape, pairs))
    return shape_array(shape, array.dtype)


def _where(condition: Any, *choices: Any) -> Any:
    numpy: Any = importlib.import_module("numpy")
    if len(choices) != 2:
        return uncertain(WHY)
    shape = numpy.broadcast_shapes(*(numpy.shape(value) for value in (condition, *choices)))
    return shape_array(shape, numpy.result_type(*(_one(value) for value in choices)))


def _position(array: Any, axis: Any = None, *_args: Any, **_options: Any) -> Any:
    if not isinstance(axis, int):
        return uncertain(WHY)
    axis %= array.ndim
    return shape_array(array.shape[:axis] + array.shape[axis + 1 :], "int64")


def _dot(left: Any, right: Any, **_options: Any) -> Any:
    return _product((left, right)) if getattr(right, "ndim", 0) == 2 else uncertain(WHY)


def _as_array(value: Any, dtype: Any = None, **_options: Any) -> Any:
    return shape_array(value.shape, value.dtype if dtype is None else dtype)


def _same(array: Any, *_args: Any, **_options: Any) -> Any:
    return shape_array(array.shape, array.dtype)


JOINS: Dict[str, Any] = {
    "concatenate": _concatenate,
    "stack": _stack,
    "zeros_like": _like,
    "ones_like": _like,
    "empty_like": _like,
    "full_like": _like,
    "repeat": _repeat,
    "pad": _pad,
    "where": _where,
    "argmax": _position,
    "argmin": _position,
    "dot": _dot,
    "asarray": _as_array,
    "array": _as_array,
    "ascontiguousarray": _as_array,
    "clip": _same,
    "copy": _same,
    "around": _same,
    "nan_to_num": _same,
    "sort": _same,
    "roll": _same,
}
