"""What ran inside one call of a layer, in order, and which tensors each of it took and gave, by identity."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from .structures import NEVER_TENSORS

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from ..report import SpanPair

MAX_STEPS = 5_000


class Taken(NamedTuple):
    """A layer or operation that ran. Its tensors are kept alive, so that their identities stay theirs."""

    part: Any  # Seen, or Keras's Operation
    place: Optional[SpanPair]
    given: List[Any]
    made: List[Any]


class Trail:
    def __init__(self) -> None:
        self.steps: List[Taken] = []
        self.arguments: List[Tuple[str, Any]] = []  # tensors that `call` itself got, with their names
        self.results: List[Tuple[str, Any]] = []
        self.ended = False
        self.truncated = False

    def begin(self) -> None:
        """`call` begins, perhaps once more: an earlier try raised."""
        self.__init__()  # type: ignore[misc]  # a fresh one, under the same name

    def note(self, line: KerasLine, part: Any, place: Optional[SpanPair], given: Any, made: Any) -> None:
        if len(self.steps) >= MAX_STEPS:
            self.truncated = True
            return
        inputs = [tensor for _, tensor in tensors_in(line, given)]
        self.steps.append(Taken(part, place, inputs, [tensor for _, tensor in tensors_in(line, made)]))

    def end(self, line: KerasLine, layer: Any, args: Any, kwargs: Any, outputs: Any) -> None:
        named = _named(layer, args, kwargs)
        self.arguments = [found for name, value in named for found in tensors_in(line, value, name)]
        self.results = list(tensors_in(line, outputs))
        self.ended = True


def tensors_in(line: KerasLine, value: Any, path: str = "") -> Iterator[Tuple[str, Any]]:
    """The tensors without values in a structure, each with its path: `inputs['ids']`, `[0]`."""
    kind = type(value)
    if kind in NEVER_TENSORS:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from tensors_in(line, item, f"{path}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from tensors_in(line, item, f"{path}[{index}]")
    elif line.is_symbolic(value) or (line.tensor(value) is not None and not line.is_concrete(value)):
        yield path, value


def _named(layer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> List[Tuple[str, Any]]:
    """Arguments by the names of `call`'s parameters."""
    try:
        names = list(inspect.signature(type(layer).call).parameters)[1:]
    except (AttributeError, TypeError, ValueError):
        names = []
    named = [
        (names[place] if place < len(names) else f"[{place}]", value) for place, value in enumerate(args)
    ]
    return [*named, *kwargs.items()]
