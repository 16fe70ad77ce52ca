"""What would a call make and give? For models the program never calls, where an input shape is known.

Runs after the program's end, so nothing here changes what the program saw.
"""

from __future__ import annotations

import ast
import inspect
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from .call_hints import call_hints
from .input_search import MAX_SIZE, search
from .observe import below
from .record import GUESS, PROJECTION
from .report import ReplayEvent, TensorSpec
from .symbolic import KerasLine, shape_text

if TYPE_CHECKING:
    from .observe import Given, Registry, Seen
    from .places import SourceMap
    from .record import Recorder
    from .wire import ReplayRequest

# For all guesses of one replay together; a report must not wait long for what is only a guess.
GUESSING_SECONDS = 2.0
SHARE_OF_ONE_CLASS = 0.4  # of the time that is left


class Projector:
    """Calls the models nobody called, on a known or a guessed shape, and makes the classes nobody makes."""

    def __init__(
        self, request: ReplayRequest, line: KerasLine, registry: Registry, recorder: Recorder
    ) -> None:
        self.request = request
        self.line = line
        self.registry = registry
        self.recorder = recorder

    def run(self, tree: ast.AST, space: Dict[str, Any], events: List[ReplayEvent], source: SourceMap) -> None:
        self._make_unused_classes(space)
        self.recorder.stage = PROJECTION
        for seen in list(self.registry.seen):
            if seen.calls == 0 and (self.line.is_model(seen.layer) or seen.created is not None):
                self._call_on_known_input(seen, events, source)
        self.recorder.stage = GUESS
        deadline = time.monotonic() + GUESSING_SECONDS
        kept = list(events)
        for seen in self._uncalled():
            if seen.calls == 0:
                self._call_on_guess(seen, tree, (deadline - time.monotonic()) * SHARE_OF_ONE_CLASS)
        events[:] = kept  # guesses are no events of the program
        _complete_events(self.registry, events, self.line)

    def _uncalled(self) -> List[Seen]:
        """Objects of the text's classes, the largest first: its call also calls what is in it."""
        uncalled = [
            seen
            for seen in self.registry.seen
            if seen.calls == 0 and type(seen.layer).__name__ in self.request.classes
        ]
        return sorted(uncalled, key=lambda seen: -len(list(below(seen.layer))))

    def _make_unused_classes(self, space: Dict[str, Any]) -> None:
        made = {type(seen.layer).__name__ for seen in self.registry.seen}
        for name in self.request.classes:
            cls = space.get(name)
            if name in made or not isinstance(cls, type) or not issubclass(cls, self.line.layer_class):
                continue
            if _needs_arguments(cls):
                continue
            try:
                cls()
            except Exception:  # noqa: BLE001, S112 - nobody asked for this: its failure is no finding
                continue

    def _call_on_known_input(self, seen: Seen, events: List[ReplayEvent], source: SourceMap) -> None:
        found = _input_of(seen, self.request, events, source)
        if found is not None and _call(seen.layer, self.line, found[0]):
            _mark(seen, self.registry, self.line, f"{_text(found[0])}, {found[1]}")

    def _call_on_guess(self, seen: Seen, tree: ast.AST, seconds: float) -> None:
        cls, given = type(seen.layer), seen.given
        if seconds < 0.01 or not hasattr(cls, "call") or _has_unbuilt_layer(given, self.line):
            return
        hints = call_hints(tree, cls.__name__)
        sizes = [value for value in vars(seen.layer).values() if type(value) is int and 1 < value < MAX_SIZE]
        with self._unobserved():
            try:
                found = search(self.line, lambda: cls(*given.args, **given.kwargs), hints, sizes, seconds)
            except Exception:  # noqa: BLE001 - a constructor that works once only: nothing is known
                return
        if found is None:
            return
        try:
            seen.layer(*found.args)
        except Exception:  # noqa: BLE001 - worked on a fresh object, not on this one: nothing is known
            return
        _mark(seen, self.registry, self.line, found.text, guessed=True)

    @contextmanager
    def _unobserved(self) -> Iterator[None]:
        self.registry.paused = True
        try:
            with self.recorder.silent(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            self.registry.paused = False


def _has_unbuilt_layer(given: Given, line: KerasLine) -> bool:
    """A layer given to the constructor is shared by every trial: a wrong guess must not build it."""
    values = [*given.args, *given.kwargs.values()]
    return any(line.is_layer(value) and not line.weights(value) for value in values)


def _needs_arguments(cls: Any) -> bool:
    try:
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    except (TypeError, ValueError):
        return True
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return any(p.default is p.empty and p.kind not in variable for p in parameters)


def _input_of(
    seen: Seen, request: ReplayRequest, events: List[ReplayEvent], source: SourceMap
) -> Optional[Tuple[Any, str]]:
    """A shape for a model nobody called, and where it comes from: what `build` was given, then a pragma."""
    for event in events:
        if event.layer == seen.number and event.kind == "build":
            shape = _literal_shape(event.input)
            if shape is not None:
                return shape, f"from `build` on line {source.line(event.span)}"
    hint = request.input_hints.get(type(seen.layer).__name__)
    shape = _literal_shape(hint) if hint else None
    return None if shape is None else (shape, "as set for this class")


def _literal_shape(text: str) -> Any:
    """A shape, or a list, tuple or dict of shapes, from its Python spelling; None for anything else."""
    try:
        value = ast.literal_eval(text.replace("TensorShape(", "(") if text else "None")
    except (ValueError, SyntaxError):
        return None
    return value if _is_structure(value) else None


def _is_shape(value: Any) -> bool:
    return (
        isinstance(value, (tuple, list))
        and bool(value)
        and all(size is None or (isinstance(size, int) and size > 0) for size in value)
    )


def _is_structure(value: Any) -> bool:
    if _is_shape(value):
        return True
    members = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return bool(members) and all(_is_structure(member) for member in members)


def _call(layer: Any, line: KerasLine, shape: Any) -> bool:
    for dtype in ("float32", "int32"):
        try:
            inputs = _inputs(line, shape, dtype)
            layer(inputs)
        except Exception:  # noqa: BLE001, S112 - a shape that does not fit is an answer: nothing is known
            continue
        return True
    return False


def _inputs(line: KerasLine, shape: Any, dtype: str) -> Any:
    if _is_shape(shape):
        return line.symbolic_input(TensorSpec(tuple(shape), dtype))
    if isinstance(shape, dict):
        return {key: _inputs(line, item, dtype) for key, item in shape.items()}
    return [_inputs(line, item, dtype) for item in shape]


def _mark(seen: Seen, registry: Registry, line: KerasLine, origin: str, guessed: bool = False) -> None:
    """What the program itself did not call or build, of the model and all below it, is known from here."""
    for layer in [seen.layer, *below(seen.layer)]:
        entry = registry.find(layer)
        if entry is not None and (len(line.weights(layer)) > entry.weights_at_end or not entry.calls_at_end):
            entry.projected_from = entry.projected_from or origin
            entry.guessed = entry.guessed or guessed


def _complete_events(registry: Registry, events: List[ReplayEvent], line: KerasLine) -> None:
    """A build event also tells how many weights a call makes."""
    for index, event in enumerate(events):
        if event.kind == "build":
            count = len(line.weights(registry.seen[event.layer].layer))
            events[index] = _with_expected(event, count)


def _with_expected(event: ReplayEvent, count: int) -> ReplayEvent:
    values = {name: getattr(event, name) for name in event.__dataclass_fields__}
    values["expected_weights"] = count
    return ReplayEvent(**values)


def _text(shape: Any) -> str:
    return shape_text(tuple(shape)) if _is_shape(shape) else str(shape)
