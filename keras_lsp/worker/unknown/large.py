"""Arrays that a library would make of many numbers: in a replay only their shape counts, and it is free."""

from __future__ import annotations

import importlib
import math
from typing import Any, Callable, Dict, Optional, Tuple

from .arrays import shape_array, shape_tensor

MOST = 1 << 22  # elements of an array; fewer are made for real, with their values
MOST_OF_A_TENSOR = 1 << 25  # which can do things that an array cannot

# Where these functions take the size: the number of the argument and its name. None: all arguments are sizes.
SIZES: Dict[str, Optional[Tuple[int, str]]] = {
    "rand": None,
    "randn": None,
    **dict.fromkeys(("random", "random_sample", "ranf", "sample", "standard_normal"), (0, "size")),
    **dict.fromkeys(("randint", "integers", "uniform", "normal"), (2, "size")),
    **dict.fromkeys(("zeros", "ones", "empty", "full"), (0, "shape")),
}
# Those of TensorFlow and `keras.ops` take it first.
OF_TENSORS = {
    "fill": (0, "dims"),
    **dict.fromkeys(("zeros", "ones", "full", "normal", "uniform", "truncated_normal"), (0, "shape")),
    **dict.fromkeys(("random_normal", "random_uniform"), (0, "shape")),
}


def in_place_of(function: Callable[..., Any], args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """An array of the same shape and type without its memory; None for what is small, or no array."""
    name = getattr(function, "__name__", "")
    if name not in SIZES or not (args or kwargs):
        return None
    return _in_place_of(function, args, kwargs, SIZES[name], MOST)


def in_place_of_tensor(function: Callable[..., Any], args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """The same for a function that gives tensors."""
    place = OF_TENSORS.get(getattr(function, "__name__", ""))
    made = None if place is None else _in_place_of(function, args, kwargs, place, MOST_OF_A_TENSOR)
    return None if made is None else shape_tensor(made.shape, made.dtype)


def _in_place_of(
    function: Callable[..., Any],
    args: Tuple[Any, ...],
    kwargs: Dict[str, Any],
    place: Optional[Tuple[int, str]],
    most: int,
) -> Any:
    asked = args if place is None else kwargs.get(place[1], args[place[0]] if len(args) > place[0] else None)
    sizes = (asked,) if isinstance(asked, int) else asked
    if not isinstance(sizes, (tuple, list)) or not all(isinstance(size, int) and size > 0 for size in sizes):
        return None
    if math.prod(sizes) <= most:
        return None
    one = tuple(1 for _ in sizes)
    if place is None:
        small = function(*one)
    elif place[1] in kwargs:
        small = function(*args, **{**kwargs, place[1]: one})
    else:
        small = function(*args[: place[0]], one, *args[place[0] + 1 :], **kwargs)
    numpy: Any = importlib.import_module("numpy")
    return shape_array(tuple(sizes), numpy.asarray(small).dtype)
