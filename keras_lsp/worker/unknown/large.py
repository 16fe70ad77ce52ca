"""Arrays that NumPy would make of many numbers: in a replay only their shape counts, and it is free."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, Optional, Tuple

from .arrays import shape_array

MOST = 1 << 22  # elements; fewer are made for real, with their values

# Where these functions take the size: the number of the argument and its name. None: all arguments are sizes.
SIZES: Dict[str, Optional[Tuple[int, str]]] = {
    "rand": None,
    "randn": None,
    **dict.fromkeys(("random", "random_sample", "ranf", "sample", "standard_normal"), (0, "size")),
    **dict.fromkeys(("randint", "integers", "uniform", "normal"), (2, "size")),
    **dict.fromkeys(("zeros", "ones", "empty", "full"), (0, "shape")),
}


def in_place_of(function: Callable[..., Any], args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """An array of the same shape and type without its memory; None for what is small, or no array."""
    name = getattr(function, "__name__", "")
    if name not in SIZES or not (args or kwargs):
        return None
    place = SIZES[name]
    asked = args if place is None else kwargs.get(place[1], args[place[0]] if len(args) > place[0] else None)
    sizes = (asked,) if isinstance(asked, int) else asked
    if not isinstance(sizes, (tuple, list)) or not all(isinstance(size, int) and size > 0 for size in sizes):
        return None
    if math.prod(sizes) <= MOST:
        return None
    one = tuple(1 for _ in sizes)
    if place is None:
        small = function(*one)
    elif place[1] in kwargs:
        small = function(*args, **{**kwargs, place[1]: one})
    else:
        small = function(*args[: place[0]], one, *args[place[0] + 1 :], **kwargs)
    return shape_array(tuple(sizes), small.dtype)
