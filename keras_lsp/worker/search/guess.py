"""One guess of what a `call` is given: tensors, and how they are put together. Its spelling is a pragma's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Tuple

from ..lines.symbolic import KerasLine, shape_text
from ..report import TensorSpec

if TYPE_CHECKING:
    from ..report import Shape


class Argument(NamedTuple):
    """What one parameter of `call` gets."""

    name: str
    kind: str  # plain | dict | list
    keys: Tuple[str, ...]  # of a dict
    tensors: Tuple[TensorSpec, ...]
    by_name: bool = False


Guess = Tuple[Argument, ...]


def spec(sizes: Tuple[int, ...], dtype: str = "float32") -> TensorSpec:
    """Per-sample sizes with an open batch axis in front."""
    return TensorSpec((None, *sizes), dtype)


def tensors_of(guess: Guess) -> List[TensorSpec]:
    return [tensor for argument in guess for tensor in argument.tensors]


def changed(guess: Guess, change: Callable[[int, TensorSpec], TensorSpec]) -> Guess:
    """The same structure with other tensors; `change` gets the index of each among all."""
    index = 0
    arguments = []
    for argument in guess:
        tensors = []
        for tensor in argument.tensors:
            tensors.append(change(index, tensor))
            index += 1
        arguments.append(argument._replace(tensors=tuple(tensors)))
    return tuple(arguments)


def inputs(line: KerasLine, guess: Guess) -> Tuple[List[Any], Dict[str, Any]]:
    """The positional and keyword arguments of a call, as symbolic inputs."""
    positional = [_input(line, argument) for argument in guess if not argument.by_name]
    return positional, {argument.name: _input(line, argument) for argument in guess if argument.by_name}


def _input(line: KerasLine, argument: Argument) -> Any:
    made = [line.symbolic_input(tensor) for tensor in argument.tensors]
    if argument.kind == "dict":
        return dict(zip(argument.keys, made))
    return made if argument.kind == "list" else made[0]


def spelling(guess: Guess) -> str:
    """`(None, 32)` for one argument, `query=(None, 16, 32), value=(None, 16, 32)` for several."""
    if len(guess) == 1:
        return _structure(guess[0])
    return ", ".join(f"{argument.name}={_structure(argument)}" for argument in guess)


def _structure(argument: Argument) -> str:
    texts = [spec_text(tensor.shape, tensor.dtype) for tensor in argument.tensors]
    if argument.kind == "dict":
        return "{" + ", ".join(f'"{key}": {text}' for key, text in zip(argument.keys, texts)) + "}"
    return "[" + ", ".join(texts) + "]" if argument.kind == "list" else texts[0]


def spec_text(shape: Shape, dtype: str) -> str:
    """`(None, 32)`; with a dtype other than Keras's own in front: `int32(None, 16)`."""
    text = shape_text(shape)
    return text if dtype == "float32" else dtype + text.replace(",)", ")")
