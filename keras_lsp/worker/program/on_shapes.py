"""Library functions on data that has only a shape: asked for the shape of what they would give."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Callable, Dict, Tuple

from ..unknown.arrays import JOINS, WHY, is_shape_array, shape_array
from ..unknown.hole import ANSWERS, uncertain

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine


def call(line: KerasLine, function: Callable[..., Any], args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """What `function` gives on arrays without values, as such arrays again. Raises what `function` raises."""
    module, name = str(function.__module__).split(".", 1)[0], getattr(function, "__name__", "")
    if module == "numpy":
        return JOINS[name](*args, **kwargs) if name in ("array", "asarray") else function(*args, **kwargs)
    if isinstance(function, type):
        return function(*args, **kwargs)
    if name == "from_tensor_slices":
        return _dataset(args[0] if args else kwargs["tensors"], line)
    if module == "tensorflow":
        return _in_a_graph(line, function, args, kwargs)
    if ".ops." in str(function.__module__):
        symbols = line.map_structure(lambda value: _symbol(line, value), (args, kwargs))
        return line.map_structure(lambda value: _array(line, value), function(*symbols[0], **symbols[1]))
    return function(*args, **kwargs)


def _dataset(structure: Any, line: KerasLine) -> Any:
    """One sample over and over, as many as there are: `element_spec` and length are those of the real one."""
    tf: Any = importlib.import_module("tensorflow")
    lengths = []

    def one(value: Any) -> Any:
        if is_shape_array(value):
            lengths.append(len(value))
            return line.tensor_of(shape_array(value.shape[1:], value.dtype).__array__())
        tensor = tf.convert_to_tensor(value)
        lengths.append(int(tensor.shape[0]))
        return tensor[0]

    sample = line.map_structure(one, structure)
    if len(set(lengths)) != 1:
        raise ValueError(f"Dimensions {' and '.join(map(str, lengths))} are not compatible")
    return tf.data.Dataset.from_tensors(sample).repeat(lengths[0])


def _in_a_graph(
    line: KerasLine, function: Callable[..., Any], args: Tuple[Any, ...], kwargs: Dict[str, Any]
) -> Any:
    tf: Any = importlib.import_module("tensorflow")
    with tf.__internal__.FuncGraph("keras_lsp_shapes").as_default():
        placeholder = tf.compat.v1.placeholder
        new_args, new_kwargs = line.map_structure(
            lambda value: placeholder(value.dtype, value.shape) if is_shape_array(value) else value,
            (args, kwargs),
        )
        return line.map_structure(lambda value: _array(line, value), function(*new_args, **new_kwargs))


def _symbol(line: KerasLine, value: Any) -> Any:
    tensor = line.tensor(value) if is_shape_array(value) else None
    return value if tensor is None else line.symbolic_input(tensor)


def _array(line: KerasLine, value: Any) -> Any:
    spec = line.tensor(value)
    if spec is None:
        return value
    if not spec.shape:
        return uncertain(WHY)
    sizes = enumerate(spec.shape)
    shape = tuple(ANSWERS.number(f"size {i} of {spec.shape}", WHY) if n is None else n for i, n in sizes)
    return shape_array(shape, spec.dtype)
