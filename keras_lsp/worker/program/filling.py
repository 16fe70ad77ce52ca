"""Numbers in place of holes, where a library function must have a number to say what it makes.

`Dense(num_classes)` makes a layer also where nobody knows `num_classes`: with a number that a second replay
changes, so that what depends on it is found and told.
"""

from __future__ import annotations

import inspect
import re
from typing import Any, Callable, Dict

from ..unknown.hole import Hole, Touches, length_of, number_of, small_number_of

# Parameters that count something (keras.layers and keras.applications).
SIZES = frozenset(
    {"units", "filters", "input_dim", "output_dim", "key_dim", "value_dim", "head_dim", "num_tokens"}
    | {"max_tokens", "num_bins", "n", "classes"}
    | {"sequence_length", "output_sequence_length", "height", "width", "batch_size", "num_classes", "depth"}
    | {"maxlen", "vocab_size", "vocabulary_size", "hidden_dim", "embed_dim", "embedding_dim"}
)
SMALL_SIZES = frozenset(
    {"kernel_size", "strides", "pool_size", "dilation_rate", "groups", "num_heads", "num_query_heads"}
    | {"num_key_value_heads", "depth_multiplier", "size", "padding", "cropping", "rank", "bits"}
)
# Parameters that change no shape: the default does as well as any value.
NEUTRAL = frozenset(
    {"activation", "recurrent_activation", "name", "seed", "momentum", "epsilon", "trainable", "weights"}
    | {"mean", "variance", "mask_token", "oov_token", "negative_slope", "alpha", "learning_rate"}
    | {"kernel_constraint"}
)
# Functions whose lists are shapes. What others find in a list is data: no number of ours may be in it.
SHAPE_TAKERS = frozenset(
    {"zeros", "ones", "empty", "full", "fill", "eye", "reshape", "resize", "tile", "broadcast_to", "Input"}
    | {"normal", "uniform", "rand", "randn", "randint", "random", "truncated_normal", "placeholder"}
)
SHAPE_PARAMETER = re.compile(r"shape$|shapes$|^size$|^sizes$|^dims$|_size$|^strides$")
PROBABILITIES = frozenset({"rate", "dropout", "recurrent_dropout", "stddev", "factor"})


def fill(function: Callable[..., Any], args: Any, kwargs: Dict[str, Any]) -> Any:
    """The arguments with numbers for holes; holes that say nothing about shapes are left out."""
    names = _positional_names(function)
    shapes = isinstance(function, type) or getattr(function, "__name__", "") in SHAPE_TAKERS
    new_args = [
        _value(names[place] if place < len(names) else "", argument, shapes)
        for place, argument in enumerate(args)
    ]
    new_kwargs = {name: _value(name, value, shapes) for name, value in kwargs.items()}
    return new_args, {
        name: value
        for name, value in new_kwargs.items()
        if not (type(value) is Hole and (name in NEUTRAL or name.endswith(("_initializer", "_regularizer"))))
    }


def _positional_names(function: Any) -> Any:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(parameter.name for parameter in parameters)


def _value(name: str, value: Any, shapes: bool) -> Any:
    if type(value) is Hole:
        if name in SIZES:
            return number_of(value)
        if name in SMALL_SIZES:
            return small_number_of(value)
        if name in PROBABILITIES:
            Touches.count += 1
            return 0.5
        if name == "vocabulary":
            return [f"token {number}" for number in range(length_of(value))]
        return value
    is_shape = shapes or SHAPE_PARAMETER.search(name) is not None
    if is_shape and isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        number = small_number_of if name in SMALL_SIZES else number_of
        return type(value)([number(item) if type(item) is Hole else item for item in value])
    return value
