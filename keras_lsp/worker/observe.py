"""Watches Keras at work in the replay: which objects are made, who calls them on what, where.

`Registry` holds every layer in the order made. Hooks sit on the base classes, so layers made or called in
any file are seen; places are given for the replayed text only.
"""

from __future__ import annotations

import functools
import inspect
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from .symbolic import KerasLine, structure_text

if TYPE_CHECKING:
    from types import FrameType

    from .places import SourceMap
    from .report import SpanPair

# Frames between a constructor call in the text and the base class's __new__ that belong to that call.
CONSTRUCTOR_FRAMES = frozenset({"__new__", "__call__", "functional_model_factory"})
MAX_STRUCTURES = 8
MAX_LAYERS = 20_000


class Given(NamedTuple):
    """The arguments a constructor was called with."""

    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]


class Seen:
    """One layer object and what happened to it."""

    def __init__(self, number: int, layer: Any, created: Optional[SpanPair], given: Given) -> None:
        self.number = number
        self.layer = layer
        self.created = created
        self.given = given
        self.inputs: List[str] = []
        self.outputs: List[str] = []
        self.calls = 0
        self.first_call: Optional[SpanPair] = None  # by the text itself, at statement level
        self.first_call_input = ""
        self.unknown_call = ""  # a call whose input a replay does not know
        self.weights_at_end = 0
        self.built_at_end = False
        self.calls_at_end = 0
        self.projected_from = ""
        self.guessed = False


class Registry:
    def __init__(self) -> None:
        self.seen: List[Seen] = []
        self.paused = False  # layers made meanwhile are not the program's
        self._by_object: Dict[int, Seen] = {}

    def add(self, layer: Any, created: Optional[SpanPair], given: Given) -> None:
        if self.paused or id(layer) in self._by_object or len(self.seen) >= MAX_LAYERS:
            return
        entry = Seen(len(self.seen), layer, created, given)
        self.seen.append(entry)  # keeps the object alive, so its id stays its own
        self._by_object[id(layer)] = entry

    def find(self, layer: Any) -> Optional[Seen]:
        return self._by_object.get(id(layer))

    def number(self, layer: Any) -> Optional[int]:
        entry = self.find(layer)
        return None if entry is None else entry.number


class Observer:
    """Installs the hooks and keeps `line.depth`, the number of layer calls that are running."""

    def __init__(self, line: KerasLine, source: SourceMap, registry: Registry) -> None:
        self.line = line
        self.source = source
        self.registry = registry
        self.on_outer_call: Optional[Callable[[Any, Callable[..., Any], tuple, dict], Any]] = None  # type: ignore[type-arg]  # 3.9 runtime

    def install(self) -> None:
        self._watch_constructors()
        self._watch_calls()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What runs in here is Keras at work, not the program's own statements."""
        self.line.depth += 1
        try:
            yield
        finally:
            self.line.depth -= 1

    def _watch_constructors(self) -> None:
        original = self.line.layer_class.__new__
        observer = self

        def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:
            layer = original(cls, *args, **kwargs)
            observer.registry.add(layer, observer._constructor_call(sys._getframe(1)), Given(args, kwargs))
            return layer

        self.line.layer_class.__new__ = __new__

    def _constructor_call(self, frame: Optional[FrameType]) -> Optional[SpanPair]:
        while frame is not None and frame.f_code.co_name in CONSTRUCTOR_FRAMES:
            frame = frame.f_back
        if frame is None or frame.f_code.co_filename != self.source.path:
            return None
        return self.source.frame(frame)

    def _watch_calls(self) -> None:
        original = self.line.layer_class.__call__
        observer = self

        @functools.wraps(original)
        def __call__(layer: Any, *args: Any, **kwargs: Any) -> Any:
            outer = observer.line.depth == 0
            entry = observer.registry.find(layer)
            if outer and entry is not None and entry.first_call is None:
                entry.first_call = observer.source.caller(sys._getframe(1))
                entry.first_call_input = observer._input_text(args, kwargs)
            with observer.inside():
                if outer and observer.on_outer_call is not None:
                    result = observer.on_outer_call(layer, original, args, kwargs)
                else:
                    result = original(layer, *args, **kwargs)
            if entry is not None:
                entry.calls += 1
                _note(entry.inputs, observer._input_text(args, kwargs))
                _note(entry.outputs, structure_text(observer.line, result))
            return result

        self.line.layer_class.__call__ = __call__

    def _input_text(self, args: Any, kwargs: Any) -> str:
        texts = [structure_text(self.line, value) for value in args[:1]]
        for name, value in [*((str(i), v) for i, v in enumerate(args[1:], 1)), *kwargs.items()]:
            if self.line.tensor(value) is not None:
                text = structure_text(self.line, value)
                texts.append(text if name.isdigit() or not texts else f"{name}={text}")
        return ", ".join(texts)


def below(layer: Any) -> Iterator[Any]:
    """All layers that a layer holds, at any depth."""
    flatten = getattr(layer, "_flatten_layers", None)
    if callable(flatten):
        yield from flatten(include_self=False)


def _note(structures: List[str], text: str) -> None:
    if text not in structures and len(structures) < MAX_STRUCTURES:
        structures.append(text)


def named_arguments(cls: Any, args: Any, kwargs: Any) -> Dict[str, Any]:
    """Given constructor arguments by parameter name, without those equal to the default."""
    try:
        signature = inspect.signature(cls.__init__)
        bound = signature.bind_partial(None, *args, **kwargs)
    except (TypeError, ValueError):
        return {}
    given: Dict[str, Any] = {}
    for name, value in list(bound.arguments.items())[1:]:
        parameter = signature.parameters[name]
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            given.update(value)
        elif parameter.kind is not inspect.Parameter.VAR_POSITIONAL and not _same(value, parameter.default):
            given[name] = value
    return given


def _same(value: Any, default: Any) -> bool:
    try:
        return value is default or (type(value) is type(default) and bool(value == default))
    except Exception:  # noqa: BLE001 - comparing user values runs user code
        return False
