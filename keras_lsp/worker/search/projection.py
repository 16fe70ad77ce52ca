"""What would a call make and give? For models the program never calls, where an input shape is known.

Runs after the program's end, so nothing here changes what the program saw.
"""

from __future__ import annotations

import time
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from ..lines.symbolic import KerasLine, is_keras_alone, structure_text
from ..record.failures import brief, useful_sentence
from ..record.observe import below
from ..record.record import GUESS, PROJECTION
from ..report import IN_STEP, Hole, ReplayEvent
from ..unknown.hole import ANSWERS
from .call_hints import call_hints
from .guess import Guess, inputs, spelling, tensors_of
from .input_search import InputSearch
from .sizes import MAX_SIZE, NAMES_OF_SIZES
from .spoken_input import spoken_input
from .unused import UnusedDefinitions

if TYPE_CHECKING:
    import ast

    from ..record.observe import Registry, Seen
    from ..record.places import SourceMap
    from ..record.record import Recorder
    from ..wire import ReplayRequest

# For all guesses of one replay together; a report must not wait long for what is only a guess.
GUESSING_SECONDS = 2.0
SHARE_OF_ONE_CLASS = 0.4  # of the time that is left


class Projector:
    """Calls the models nobody called, on a known or a guessed shape, and makes the classes nobody makes."""

    def __init__(
        self,
        request: ReplayRequest,
        line: KerasLine,
        registry: Registry,
        recorder: Recorder,
        holes: List[Hole],
    ) -> None:
        self.request = request
        self.holes = holes
        self.line = line
        self.registry = registry
        self.recorder = recorder

    def run(
        self, tree: ast.Module, space: Dict[str, Any], events: List[ReplayEvent], source: SourceMap
    ) -> None:
        deadline = time.process_time() + GUESSING_SECONDS
        classes = self.request.classes
        self.recorder.stage = PROJECTION
        made_by_program = len(self.registry.seen)
        unused = UnusedDefinitions(tree, space, source, self.recorder, self.holes, self.registry)
        unused.call_builders(classes, GUESSING_SECONDS * SHARE_OF_ONE_CLASS)
        unused.make_classes(classes, self.line)
        for seen in self.registry.seen[made_by_program:]:
            seen.note_end(self.line)  # what it is when it is made is what it is for anybody who makes it
        for seen in list(self.registry.seen):
            pin, pinned_for = self._pin_of(seen, space)
            if seen.calls == 0 and (pin or self.line.is_model(seen.layer) or seen.created is not None):
                self._call_on_known_input(seen, events, source, pin, pinned_for)
        self.recorder.stage = GUESS
        kept = list(events)
        for seen in self._uncalled():
            if seen.calls == 0:
                left = deadline - time.process_time()
                self._call_on_guess(seen, tree, left * SHARE_OF_ONE_CLASS)
        events[:] = kept  # guesses are no events of the program
        _complete_events(self.registry, events, self.line)

    def _pin_of(self, seen: Seen, space: Dict[str, Any]) -> Tuple[str, str]:
        """The input that a pragma or setting gives its class or the variable that holds it, and for which."""
        hints = self.request.input_hints
        by_class = hints.get(type(seen.layer).__name__)
        if by_class is not None:
            return by_class, "as set for this class"
        name = next((name for name in hints if space.get(name) is seen.layer), "")
        return (hints[name], f"as set for `{name}`") if name else ("", "")

    def _uncalled(self) -> List[Seen]:
        """Objects of the text's classes, the largest first: its call also calls what is in it."""
        # A chain in another object is called by that, on what nobody but that knows.
        held = {id(layer) for seen in self.registry.seen for layer in below(seen.layer)}
        uncalled = [
            seen
            for seen in self.registry.seen
            if seen.calls == 0
            and not seen.half_made
            and (
                type(seen.layer).__name__ in self.request.classes
                or (self._is_open_chain(seen) and id(seen.layer) not in held)
            )
        ]
        return sorted(uncalled, key=lambda seen: -len(list(below(seen.layer))))

    def _is_open_chain(self, seen: Seen) -> bool:
        """A Sequential of the text's that nobody has told its input."""
        layer = seen.layer
        return type(layer) is self.line.keras.Sequential and seen.created is not None and not layer.built

    def _call_on_known_input(
        self, seen: Seen, events: List[ReplayEvent], source: SourceMap, pin: str, pinned_for: str
    ) -> None:
        if pin:
            self._call_on(seen, pin, pinned_for)
        elif seen.data is None or not self._use_data(seen):
            for event in events:
                if event.layer == seen.number and event.kind == "build":
                    where = f"from `build` on {source.spot(event.span)}"
                    if self._call_on(seen, event.input.replace("TensorShape(", "("), where):
                        return

    def _call_on(self, seen: Seen, text: str, where: str) -> bool:
        """Call it on an input as a user spells it; whether that could be done."""
        spoken = spoken_input(text)
        if spoken is None:
            return False
        for dtype in ("float32", "int32"):
            args, kwargs = spoken.arguments(self.line, dtype)
            try:
                seen.layer(*args, **kwargs)
            except Exception:  # noqa: BLE001, S112 - an input that does not fit is an answer: nothing is known
                continue
            _mark(seen, self.registry, self.line, f"{spoken.text()}, {where}")
            return True
        return False

    def _use_data(self, seen: Seen) -> bool:
        trained = self._train_on_data(seen)
        return (seen.calls == 0 and self._call_on_data(seen)) or trained

    def _train_on_data(self, seen: Seen) -> bool:
        """Run its own `train_step` on what `fit` gives it; whether that made anything known.

        A step that fails half-way, say at gradients that nobody has, has called layers up to there.
        """
        if seen.batch is None:
            return False
        batch = self.line.map_structure(self.line.open_batch, seen.batch)
        with suppress(Exception):
            self.line.run_on_symbols(seen.layer.train_step, batch)
        parts = map(self.registry.find, (seen.layer, *below(seen.layer)))
        if not any(part is not None and part.calls for part in parts):
            return False
        self._mark_from_fit(seen, batch, IN_STEP)
        return True

    def _call_on_data(self, seen: Seen) -> bool:
        """Call it on what `fit` gives its own `train_step`; whether that could be done."""
        inputs = self.line.map_structure(self.line.open_batch, seen.data)
        try:
            seen.layer(inputs)
        except Exception:  # noqa: BLE001 - its step does something else with the data: nothing is known
            return False
        self._mark_from_fit(seen, inputs)
        return True

    def _mark_from_fit(self, seen: Seen, data: Any, where: str = "") -> None:
        text = structure_text(self.line, data)
        _mark(seen, self.registry, self.line, f"{text}, from `fit` {seen.data_where}{where}")

    def _call_on_guess(self, seen: Seen, tree: ast.Module, seconds: float) -> None:
        cls = type(seen.layer)
        if not self._has_own_call(cls):
            self._say(seen, "its class has no `call`")
            return
        if self._is_open_chain(seen) and not seen.layer.layers:
            self._say(seen, "it has no layers")
            return
        if seconds < 0.01:
            self._say(seen, "there was no time left to look for an input that it can be called on")
            return
        hints = call_hints(tree, cls.__name__)
        sizes = [value for value in vars(seen.layer).values() if type(value) is int and 1 < value < MAX_SIZE]
        search = InputSearch(self.line, lambda: self._another(seen), hints, sizes)
        with self._unobserved():
            try:
                found = search.run(seconds)
            except Exception as error:  # noqa: BLE001 - a constructor that works once only
                found, search.reason = None, f"another one could not be made: {useful_sentence(error)}"
        if found is None:
            self._say(seen, search.reason)
            return
        args, kwargs, text = found.args, found.kwargs, found.text
        if found.other is not None:
            _name_free_sizes(found.guess, found.other)
            if ANSWERS.sample == 1:
                (args, kwargs), text = inputs(self.line, found.other), spelling(found.other)
                kwargs.update(hints.switches)
        try:
            seen.layer(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - worked on a fresh object, not on this one: nothing is known
            self._say(seen, f"called on {text} it raised {brief(error)}")
            return
        _mark(seen, self.registry, self.line, text, guessed=True)

    def _say(self, seen: Seen, reason: str) -> None:
        """Why nothing is known of what a call makes."""
        if not seen.unknown_call:
            seen.unknown_call = f"nothing here says what its input is, and {reason}"

    def _has_own_call(self, cls: Any) -> bool:
        """Keras's `Model.call` only raises: a model with a `train_step` alone cannot be called."""
        own = getattr(cls, "call", None)
        return own is not None and own not in (self.line.model_class.call, self.line.layer_class.call)

    def _another(self, seen: Seen) -> Any:
        """An object made like `seen`, for a trial. Layers given to its constructor stay untouched.

        Raises whatever the constructors raise.
        """
        if type(seen.layer) is self.line.keras.Sequential:  # `add` may have changed what it was given
            return self._copied(seen.layer)
        args, kwargs = self.line.map_structure(self._copied, (seen.given.args, seen.given.kwargs))
        return type(seen.layer)(*args, **kwargs)

    def _copied(self, value: Any) -> Any:
        if not self.line.is_layer(value) or self.line.weights(value):
            return value
        if type(value) is self.line.keras.Sequential:
            return type(value)([self._copied(member) for member in value.layers])
        seen = None if is_keras_alone(value) else self.registry.find(value)
        if seen is not None:  # a class of the user's, or a function, may have no configuration
            return self._another(seen)
        return type(value).from_config(value.get_config())

    @contextmanager
    def _unobserved(self) -> Iterator[None]:
        self.registry.paused = True
        try:
            with self.recorder.silent(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            self.registry.paused = False


def _name_free_sizes(guess: Guess, other: Guess) -> None:
    """A size that can be another one is a name in what is told, not a number that we chose."""
    mine = ANSWERS.sample
    for tensors in zip(tensors_of(guess), tensors_of(other)):
        for sizes in zip(*(tensor.shape for tensor in tensors)):
            if sizes[0] != sizes[1]:
                name = NAMES_OF_SIZES.get(sizes[0], f"any size instead of {sizes[0]}")
                ANSWERS.put(name, "nothing here says what the input is", sizes[mine])


def _mark(seen: Seen, registry: Registry, line: KerasLine, origin: str, guessed: bool = False) -> None:
    """What the program itself did not call or build, of the model and all below it, is known from here."""
    for layer in [seen.layer, *below(seen.layer)]:
        entry = registry.find(layer)
        if entry is not None and (len(line.weights(layer)) > entry.weights_at_end or not entry.calls_at_end):
            entry.projected_from = entry.projected_from or origin
            entry.guessed = entry.guessed or guessed
            entry.guess = entry.guess or (origin if guessed else "")


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
