"""`adapt` in a replay: preprocessing layers get the state that data gives them, as far as it is known.

Small data that is there is looked at for real. Else a `Normalization` is built for the data's shape, and a
lookup gets a vocabulary of a size that nobody knows.
"""

from __future__ import annotations

import contextlib
import operator
from typing import TYPE_CHECKING, Any, Callable, Optional

from ..unknown.arrays import is_shape_array
from ..unknown.hole import ANSWERS, hole_in, uncertain

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

LAYERS = ("Normalization", "Discretization", "StringLookup", "IntegerLookup", "TextVectorization")
MAX_ELEMENTS = 10_000
_WEIGHTED = ("tf_idf", "tf-idf")  # each token with a weight, which data tells, too
WHY = "comes from data that a replay does not load"


def install(line: KerasLine, specs_of_data: Callable[[Any], Any]) -> None:
    """`specs_of_data` gives the nested TensorSpecs of arrays and datasets, None where they are not known."""
    for name in LAYERS:
        cls = getattr(line.keras.layers, name, None)
        if cls is not None:
            cls.adapt = _stand_in(cls.adapt, line, specs_of_data)


def _stand_in(original: Any, line: KerasLine, specs_of_data: Callable[[Any], Any]) -> Any:
    def adapt(layer: Any, data: Any, *args: Any, **kwargs: Any) -> None:
        if _is_small(data, line):
            try:
                original(layer, data, *args, **kwargs)
            except Exception:  # noqa: BLE001 - variables without values cannot take part: the state is unknown
                uncertain(WHY)
            else:
                return
        if hasattr(layer, "set_vocabulary"):
            _set_unknown_vocabulary(layer)
        elif type(layer).__name__ == "Normalization":
            spec = specs_of_data(data)
            if spec is not None and not layer.built:
                layer.build((None, *spec.shape[1:]))

    return adapt


def lose_track(layer: Any) -> None:
    """A statement that may have adapted this layer failed: its vocabulary is any."""
    if type(layer).__name__ in LAYERS and hasattr(layer, "set_vocabulary"):
        _set_unknown_vocabulary(layer)


def _is_small(data: Any, line: KerasLine) -> bool:
    if hole_in(data) is not None or is_shape_array(data) or hasattr(data, "element_spec"):
        return False
    spec = line.tensor(data)
    if spec is None:
        return isinstance(data, (list, tuple)) and len(data) <= MAX_ELEMENTS
    size = 1
    for dimension in spec.shape:
        size *= dimension or 0
    return size <= MAX_ELEMENTS


def _set_unknown_vocabulary(layer: Any) -> None:
    size = operator.index(uncertain(f"the vocabulary of `{layer.name}` {WHY}", f"vocabulary of {layer.name}"))
    limit: Optional[int] = getattr(layer, "max_tokens", None) or getattr(layer, "_max_tokens", None)
    if limit is not None:
        # Data may fill it or not: two samples say something else, so that nobody takes it for known.
        size = min(size, max(limit // (2 + ANSWERS.sample), 1))
    tokens = range(size) if type(layer).__name__ == "IntegerLookup" else [f"token {i}" for i in range(size)]
    weighted = (getattr(layer, mode, "") in _WEIGHTED for mode in ("output_mode", "_output_mode"))
    more = {"idf_weights": [1.0] * size} if any(weighted) else {}
    with contextlib.suppress(Exception):  # a layer that takes no vocabulary now keeps what it has
        layer.set_vocabulary(list(tokens), **more)
