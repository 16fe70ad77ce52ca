"""Watches Keras at work in the replay: which objects are made, who calls them on what, where.

`Registry` holds every layer in the order made. Hooks sit on the base classes, so layers made or called in
any file are seen; places are given for the replayed text only.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..lines.symbolic import CallWatcher
from ..unknown.hole import ANSWERS
from .flops import has_formula
from .places import is_ours
from .structures import Specs, leaves, specs_of, specs_text
from .trail import Trail

if TYPE_CHECKING:
    from types import FrameType

    from ..lines.symbolic import KerasLine
    from ..report import SpanPair, TensorSpec
    from .places import SourceMap

# Frames between a constructor call in the text and the base class's __new__ that belong to that call.
CONSTRUCTOR_FRAMES = frozenset({"__new__", "__call__", "functional_model_factory"})
# And between a call in the text and the base class's __call__, where a subclass has its own.
CALL_FRAMES = frozenset({"__call__", "error_handler"})
# And between an operator or function of the text and the operation it makes.
OPERATION_FRAMES = 6
MAX_STRUCTURES = 8
MAX_PARTS = 5_000
MAX_LAYERS = 20_000


class Given(NamedTuple):
    """The arguments a constructor was called with."""

    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]


def _given_to_new(frame: Optional[FrameType], cls: Any) -> Given:
    """The arguments of the outermost `__new__` of a class: one of the user's may keep them to itself."""
    given = Given((), {})
    while frame is not None and frame.f_code.co_name == "__new__":
        code, values = frame.f_code, frame.f_locals
        names = code.co_varnames
        if code.co_argcount and values.get(names[0]) is cls:
            named = code.co_argcount + code.co_kwonlyargcount
            args = tuple(values[name] for name in names[1 : code.co_argcount] if name in values)
            kwargs = {name: values[name] for name in names[code.co_argcount : named] if name in values}
            place = named
            if code.co_flags & inspect.CO_VARARGS:
                args += tuple(values.get(names[place], ()))
                place += 1
            if code.co_flags & inspect.CO_VARKEYWORDS:
                kwargs.update(values.get(names[place], {}))
            given = Given(args, kwargs)
        frame = frame.f_back
    return given


class Part(NamedTuple):
    """A layer or operation that ran inside a call, and on what."""

    part: Any  # Seen, or Keras's Operation
    inputs: List[Tuple[str, Specs]]  # with the name of the argument, "" for positional ones
    outputs: Specs
    symbolic: bool  # on Keras's own symbols, not while Keras traced with tensors of the backend
    on_probes: bool = False  # its sizes are made up where they are not known


class Flow:
    """Calls that gave and got the same structures."""

    def __init__(self, plain_inputs: str, plain_outputs: str) -> None:
        self.plain_inputs = plain_inputs
        self.plain_outputs = plain_outputs
        self.count = 0
        self.spans: List[SpanPair] = []


class Seen:
    """One layer object and what happened to it."""

    def __init__(self, number: int, layer: Any, created: Optional[SpanPair], given: Given) -> None:
        self.number = number
        self.layer = layer
        self.created = created
        self.occurrence = 1
        self.given = given
        self.inputs: List[str] = []
        self.outputs: List[str] = []
        self.flows: Dict[Tuple[str, str], Flow] = {}  # by the texts with dtypes
        self.calls = 0
        self.first_call: Optional[SpanPair] = None  # the call expression; None where Keras makes the call
        self.first_call_from: Optional[SpanPair] = None  # the expression at statement level it was part of
        self.first_call_input = ""
        self.built_by_call = 0  # the number of the call that built it, from 1
        self.first: Optional[Part] = None  # its first call that ran to its end
        self.parts: Optional[List[Part]] = None if has_formula(type(layer)) else []  # of its first call
        self.trail = Trail() if self.parts is not None else None  # of its first call
        self.traced = False  # whether Keras traced that call with tensors of the backend
        self.callers: Dict[int, Tuple[int, ...]] = {}  # innermost running layer -> all running ones
        self.made_in: Optional[int] = None  # the layer whose call ran when it was made
        # What is not known and was asked for by the statements that made it and first called it.
        self.asked: List[Dict[str, None]] = [ANSWERS.asked_here]
        self.unknown_call = ""  # a call whose input a replay does not know
        self.called_on_unknown = False
        self.half_made = False  # its constructor raised
        self.data: Any = (
            None  # nested TensorSpecs of the inputs that `fit` has for a `train_step` of the user's
        )
        self.batch: Any = None  # nested TensorSpecs of all that `fit` gives to it
        self.data_where = ""
        self.weights_at_end = 0
        self.built_at_end = False
        self.calls_at_end = 0
        self.projected_from = ""
        self.guessed = False
        self.guess = ""

    def note_half_made(self, reason: str) -> None:
        self.half_made = True
        self.unknown_call = self.unknown_call or reason

    def note_end(self, line: KerasLine) -> None:
        """What comes after this is not the program's doing."""
        self.weights_at_end = len(line.weights(self.layer))
        self.built_at_end = bool(getattr(self.layer, "built", False))
        self.calls_at_end = self.calls

    def note_call(self, part: Part, place: Optional[SpanPair]) -> None:
        self.calls += 1
        if self.calls == 1:
            self.asked.append(ANSWERS.asked_here)
        if part.on_probes:
            return
        if self.first is None:
            self.first = part
        key = (_named_text(part.inputs, dtypes=True), specs_text(part.outputs, dtypes=True))
        flow = self.flows.get(key)
        if flow is None:
            if len(self.flows) >= MAX_STRUCTURES:
                return
            plain = _named_text(part.inputs, dtypes=False), specs_text(part.outputs, dtypes=False)
            flow = self.flows[key] = Flow(*plain)
            _note(self.inputs, plain[0])
            _note(self.outputs, plain[1])
        flow.count += 1
        if place is not None and place not in flow.spans and len(flow.spans) < MAX_STRUCTURES:
            flow.spans.append(place)

    def note_part(self, part: Part) -> None:
        """Something ran inside this layer's call; only the first call counts, others are like it."""
        if self.parts is not None and self.calls == 0 and len(self.parts) < MAX_PARTS:
            self.parts.append(part)


class Registry:
    def __init__(self) -> None:
        self.seen: List[Seen] = []
        self.paused = False  # layers made meanwhile are not the program's
        self.places: Dict[
            int, SpanPair
        ] = {}  # id of a node in Keras's own graph -> the expression that made it
        self._by_object: Dict[int, Seen] = {}
        self._made_at: Dict[SpanPair, int] = {}

    def add(self, layer: Any, created: Optional[SpanPair], given: Given) -> None:
        if self.paused or id(layer) in self._by_object or len(self.seen) >= MAX_LAYERS:
            return
        entry = Seen(len(self.seen), layer, created, given)
        if created is not None:
            entry.occurrence = self._made_at[created] = self._made_at.get(created, 0) + 1
        self.seen.append(entry)  # keeps the object alive, so its id stays its own
        self._by_object[id(layer)] = entry

    def find(self, layer: Any) -> Optional[Seen]:
        return self._by_object.get(id(layer))

    def last_at(self, created: SpanPair) -> Optional[Seen]:
        return next((entry for entry in reversed(self.seen) if entry.created == created), None)

    def note_half_made(self, span: Optional[SpanPair], reason: str) -> None:
        """An object whose constructor raised is seen, and nothing but that is known of it."""
        last = self.last_at(span) if span is not None else None
        if last is not None and not last.calls:
            last.note_half_made(reason)

    def number(self, layer: Any) -> Optional[int]:
        entry = self.find(layer)
        return None if entry is None else entry.number


class Observer(CallWatcher):
    """Installs the hooks and keeps `line.depth`, the number of layer calls that are running."""

    def __init__(self, line: KerasLine, source: SourceMap, registry: Registry) -> None:
        self.line = line
        self.source = source
        self.registry = registry
        self.on_outer_call: Optional[Callable[[Any, Callable[..., Any], tuple, dict], Any]] = None  # type: ignore[type-arg]  # 3.9 runtime
        self._running: List[Optional[Seen]] = []  # layers whose call runs, outermost first
        self._outermost: Optional[SpanPair] = None  # where the text made the outermost of these calls

    def install(self) -> None:
        self.line.watcher = self
        self._watch_constructors()
        self._watch_calls()
        self._leave_out_our_inputs()
        if self.line.line == 3:
            self._watch_operations()
            self._watch_tracing()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What runs in here is Keras at work, not the program's own statements."""
        self.line.depth += 1
        try:
            yield
        finally:
            self.line.depth -= 1

    def began(self, layer: Any) -> None:
        trail = self._open_trail(layer)
        if trail is not None:
            trail.begin()

    def ended(self, layer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], outputs: Any) -> None:
        trail = self._open_trail(layer)
        if trail is not None:
            trail.end(self.line, layer, args, kwargs, outputs)

    def _open_trail(self, layer: Any) -> Optional[Trail]:
        """That of the innermost running layer, if it is this one and runs for the first time."""
        running = self._running[-1] if self._running else None
        if running is None or running.layer is not layer or running.calls:
            return None
        return running.trail

    def _watch_constructors(self) -> None:
        original = self.line.layer_class.__new__
        observer = self

        def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:
            layer = original(cls, *args, **kwargs)
            given = Given(args, kwargs) if args or kwargs else _given_to_new(sys._getframe(1), cls)
            observer.registry.add(layer, observer._constructor_call(sys._getframe(1)), given)
            running = observer._running[-1] if observer._running else None
            entry = observer.registry.find(layer) if running is not None else None
            if entry is not None and running is not None and entry.calls == 0:
                entry.made_in = running.number
            if cls.__name__ == "InputLayer":
                observer._note_input(layer, sys._getframe(1))
            return layer

        self.line.layer_class.__new__ = __new__
        self._watch_model_arguments()

    def _leave_out_our_inputs(self) -> None:
        """What stands for data in a call is no layer of the program's, though tf-keras 2 makes one of it."""
        original = self.line.symbolic_input
        registry = self.registry

        def symbolic_input(spec: TensorSpec) -> Any:
            paused, registry.paused = registry.paused, True
            try:
                return original(spec)
            finally:
                registry.paused = paused

        self.line.symbolic_input = symbolic_input  # type: ignore[method-assign]  # of this replay's line alone

    def _watch_model_arguments(self) -> None:
        """Keras 3's `Model.__new__` keeps the arguments to itself."""
        if "__new__" not in vars(self.line.model_class):
            return
        original = self.line.model_class.__new__
        observer = self

        def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:
            model = original(cls, *args, **kwargs)
            entry = observer.registry.find(model)
            if entry is not None and (args or kwargs):
                entry.given = Given(args, kwargs)
            return model

        self.line.model_class.__new__ = __new__

    def _constructor_call(self, frame: Optional[FrameType]) -> Optional[SpanPair]:
        while frame is not None and (frame.f_code.co_name in CONSTRUCTOR_FRAMES or is_ours(frame)):
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
            place = observer._call_place(sys._getframe(1))
            if entry is not None:
                observer._begin(entry, place, sys._getframe(1) if outer else None, args, kwargs)
            was_built = getattr(layer, "built", False)
            running = observer._running
            parent = running[-1] if running else None
            running.append(entry)
            try:
                with observer.inside():
                    if outer and observer.on_outer_call is not None:
                        result = observer.on_outer_call(layer, original, args, kwargs)
                    else:
                        result = original(layer, *args, **kwargs)
            finally:
                running.pop()
            if entry is not None:
                part = observer._part(entry, args, kwargs, result)
                entry.note_call(part, place)
                if not (was_built or entry.built_by_call) and getattr(layer, "built", False):
                    entry.built_by_call = entry.calls
                if parent is not None:
                    parent.note_part(part)
                    observer._note_step(parent, entry, place, (args, kwargs), result)
                observer._note_node(layer, place)
            return result

        self.line.layer_class.__call__ = __call__

    def _begin(
        self, entry: Seen, place: Optional[SpanPair], outer: Optional[FrameType], args: Any, kwargs: Any
    ) -> None:
        """A call of a layer begins; `outer` is its caller where no other layer is running."""
        if outer is not None:
            self._outermost = place or self.source.caller(outer)
            place = self._outermost
        parent = self._running[-1] if self._running else None
        if parent is not None and parent.parts is not None and parent.number not in entry.callers:
            entry.callers[parent.number] = tuple(seen.number for seen in self._running if seen is not None)
        if entry.calls == 0 and entry.parts:
            entry.parts.clear()  # of a call that raised
        if not entry.first_call_input:
            entry.first_call, entry.first_call_from = place, self._outermost
            entry.first_call_input = _named_text(self._inputs(args, kwargs), dtypes=False)

    def _call_place(self, frame: Optional[FrameType]) -> Optional[SpanPair]:
        """The call expression of the text; None for calls that Keras or other files make."""
        path = self.source.path
        while frame is not None and frame.f_code.co_filename != path and frame.f_code.co_name in CALL_FRAMES:
            frame = frame.f_back
        if frame is None or frame.f_code.co_filename != path:
            return None
        return self.source.frame(frame)

    def _watch_operations(self) -> None:
        """Operations of `keras.ops`, and of operators, on Keras's symbols: they too cost something."""
        operation: Any = importlib.import_module("keras.src.ops.operation").Operation
        original = operation.symbolic_call
        observer = self

        @functools.wraps(original)
        def symbolic_call(op: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(op, *args, **kwargs)
            running = observer._running[-1] if observer._running else None
            if running is None:
                observer._note_node(op, observer._operator_place(sys._getframe(1)))
            elif running.parts is not None and running.calls == 0:
                running.note_part(observer._part(op, args, kwargs, result))
                place = observer._operator_place(sys._getframe(1))
                observer._note_step(running, op, place, (args, kwargs), result)
            return result

        operation.symbolic_call = symbolic_call

    def _operator_place(self, frame: Optional[FrameType]) -> Optional[SpanPair]:
        """The expression of the text that an operation is; None for what a library does on its own."""
        for _ in range(OPERATION_FRAMES):
            if frame is None or frame.f_code.co_filename == self.source.path:
                break
            frame = frame.f_back
        return self._call_place(frame)

    def _note_step(self, running: Seen, part: Any, place: Optional[SpanPair], given: Any, made: Any) -> None:
        if running.trail is not None and running.calls == 0:
            running.trail.note(self.line, part, place, given, made)

    def _note_input(self, layer: Any, frame: Optional[FrameType]) -> None:
        """The function `Input` of Keras makes it for the text; what else makes one does so on its own."""
        for _ in range(OPERATION_FRAMES):
            if frame is None or frame.f_code.co_name == "Input":
                break
            frame = frame.f_back
        frame = frame.f_back if frame is not None else None
        while frame is not None and is_ours(frame):
            frame = frame.f_back
        place = self._call_place(frame)
        if place is not None:
            self.registry.places[id(layer)] = place

    def _note_node(self, operation: Any, place: Optional[SpanPair]) -> None:
        """Keras's own graph knows no places."""
        nodes = getattr(operation, "_inbound_nodes", None)
        if place is not None and nodes:
            self.registry.places[id(nodes[-1])] = place

    def _watch_tracing(self) -> None:
        """Where Keras traces a `call` with tensors of the backend, operations on these are not seen."""
        backend: Any = importlib.import_module("keras.src.backend")
        original = backend.compute_output_spec
        observer = self

        @functools.wraps(original)
        def compute_output_spec(function: Any, *args: Any, **kwargs: Any) -> Any:
            running = observer._running[-1] if observer._running else None
            if running is None or getattr(function, "__self__", None) is not running.layer:
                return original(function, *args, **kwargs)
            running.traced = True

            @functools.wraps(function)
            def watched(*inner_args: Any, **inner_kwargs: Any) -> Any:
                observer.began(running.layer)
                outputs = function(*inner_args, **inner_kwargs)
                observer.ended(running.layer, inner_args, inner_kwargs, outputs)
                return outputs

            return original(watched, *args, **kwargs)

        backend.compute_output_spec = compute_output_spec

    def _part(self, part: Any, args: Any, kwargs: Any, result: Any) -> Part:
        outputs = specs_of(self.line, result)
        tensor = _first_tensor(result)
        symbolic, on_probes = self.line.is_symbolic(tensor), self.line.is_probe(tensor)
        return Part(part, self._inputs(args, kwargs), outputs, symbolic, on_probes)

    def _inputs(self, args: Any, kwargs: Any) -> List[Tuple[str, Specs]]:
        """The first argument, and the others that are tensors."""
        inputs = [("", specs_of(self.line, value)) for value in args[:1]]
        for name, value in [*(("", value) for value in args[1:]), *kwargs.items()]:
            specs = specs_of(self.line, value)
            if leaves(specs):
                inputs.append((name, specs))
        return inputs


def below(layer: Any) -> Iterator[Any]:
    """All layers that a layer holds, at any depth."""
    flatten = getattr(layer, "_flatten_layers", None)
    if callable(flatten):
        yield from flatten(include_self=False)


def _first_tensor(structure: Any) -> Any:
    while isinstance(structure, (list, tuple, dict)) and structure:
        structure = next(iter(structure.values())) if isinstance(structure, dict) else structure[0]
    return structure


def _named_text(inputs: List[Tuple[str, Specs]], dtypes: bool) -> str:
    """`(None, 3), mask=(None,)`; the first needs no name."""
    texts: List[str] = []
    for name, specs in inputs:
        text = specs_text(specs, dtypes)
        texts.append(f"{name}={text}" if name and texts else text)
    return ", ".join(texts)


def _note(structures: List[str], text: str) -> None:
    if text not in structures and len(structures) < MAX_STRUCTURES:
        structures.append(text)
