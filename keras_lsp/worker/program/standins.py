"""Stand-ins: what must not do its work in a replay keeps its effect on a model's state and loses the rest."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, Callable, List, Optional

from ..lines.symbolic import KerasLine, structure_text
from ..report import ReplayEvent, TensorSpec
from ..unknown.hole import Hole, hole_in, reason_of, uncertain
from . import adapting
from .checkpoints import Checkpoints
from .saved_models import SAVED_MODELS
from .training import METHODS, Training

if TYPE_CHECKING:
    from ..record.observe import Observer


SAVING = ("save", "export", "save_weights")
SILENT_METHODS = (*SAVING, "summary")
OPTIMIZER_METHODS = ("build", "apply", "apply_gradients", "minimize")


class StandIns:
    def __init__(self, line: KerasLine, observer: Observer, events: List[ReplayEvent]) -> None:
        self.line = line
        self.observer = observer
        self.events = events
        self.checkpoints = Checkpoints(line, observer.registry.number)
        self.training = Training(line, observer, self.event, self.checkpoints)

    def install(self) -> None:
        model_class = self.line.model_class
        training = self.training
        for name in METHODS:
            setattr(model_class, name, training.method(name))
        for name in SILENT_METHODS:
            setattr(model_class, name, self._silent_method(name))
        model_class.load_weights = self._load_weights(model_class.load_weights)
        SAVED_MODELS.load_earlier = self._load_model
        optimizer_class = getattr(self.line.keras.optimizers, "Optimizer", None)
        for name in OPTIMIZER_METHODS:
            if hasattr(optimizer_class, name):
                setattr(optimizer_class, name, self._silent_method(name))
        adapting.install(self.line, training.specs_of_data)
        self._block_gradients()
        self.observer.on_outer_call = self._call

    # -- methods of models

    def _silent_method(self, name: str) -> Callable[..., Any]:
        def method(model: Any, *args: Any, **kwargs: Any) -> Any:
            self.checkpoints.may_be_written |= name in SAVING
            if name == "save":
                SAVED_MODELS.save(self.line, model, args[0] if args else kwargs.get("filepath"))
            return Hole(f"`{name}` does not run in a replay", harmless=True)

        method.__name__ = name
        return method

    def _load_weights(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def load_weights(model: Any, *args: Any, **kwargs: Any) -> Any:
            span = self.observer.source.caller(sys._getframe(1))
            self.checkpoints.load(original, model, args, kwargs, span)
            return Hole("`load_weights` gives nothing of use in a replay", harmless=True)

        return load_weights

    def _load_model(self, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        span = self.observer.source.caller(sys._getframe(1))
        return self.checkpoints.load_model(original, args, kwargs, span)

    # -- calls on data

    def _call(self, layer: Any, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """A call on concrete data becomes a symbolic call of the same shapes; zeros come back.

        So does a call on tensors of a backend's graph, which in a `train_step` would trace every layer.
        """
        concretes: List[Any] = []
        traced: List[Any] = []

        def symbolic(value: Any) -> Any:
            concrete = self.line.is_concrete(value)
            tensor = self.line.tensor(value) if concrete or self.line.is_traced(value) else None
            if tensor is None or not tensor.shape:
                return value
            (concretes if concrete else traced).append(value)
            try:
                return self.line.symbolic_input(tensor)
            except (TypeError, ValueError):  # numbers of a kind that Keras has no symbols for
                return value

        with self.event("call", layer, args[0] if args else None):
            hole = hole_in((args, kwargs))
            if hole is not None:
                self.training.note_unknown(layer, "a call", sys._getframe(1))
                return uncertain(reason_of(hole))
            new_args, new_kwargs = self.line.map_structure(symbolic, (args, kwargs))
            if not concretes and not traced:
                return original(layer, *args, **kwargs)
            with contextlib.nullcontext() if traced else self.line.on_data():
                try:
                    result = original(layer, *new_args, **new_kwargs)
                except Exception:  # noqa: BLE001 - code that needs values fails on symbols only: ask with the data itself
                    return original(layer, *args, **kwargs)
                if traced:
                    return self._concretely(lambda spec: self.line.traced(spec, traced), result)
                if self._is_partly_unknown(result):  # by a shape rule that ignores what is known of the input
                    with contextlib.suppress(Exception):
                        return original(layer, *args, **kwargs)
            return self._concretely(self.line.concrete, result)

    def _is_partly_unknown(self, result: Any) -> bool:
        unknown: List[Any] = []

        def look(value: Any) -> None:
            spec = self.line.tensor(value) if self.line.is_symbolic(value) else None
            if spec is not None and None in spec.shape:
                unknown.append(value)

        self.line.map_structure(look, result)
        return bool(unknown)

    def _concretely(self, make: Callable[[TensorSpec], Any], structure: Any) -> Any:
        """What `make` gives for each symbol in a structure; the rest of it as it is."""

        def made(value: Any) -> Any:
            spec = self.line.tensor(value) if self.line.is_symbolic(value) else None
            return value if spec is None else make(spec)

        return self.line.map_structure(made, structure)

    def observed_method(self, receiver: Any, name: str, span: Any) -> Callable[..., Any]:
        """`receiver.build` that notes what it did to the receiver's state."""
        method = getattr(receiver, name)
        if not self.line.is_layer(receiver):
            return method  # type: ignore[no-any-return]  # whatever the user's attribute is

        def observed(*args: Any, **kwargs: Any) -> Any:
            if hole_in(args) is not None or hole_in(kwargs) is not None:
                return uncertain("built for a shape that a replay does not know")
            shape = args[0] if args else next(iter(kwargs.values()), None)
            with self.event(name, receiver, None, span=span, text=repr(shape)), self.observer.inside():
                return method(*args, **kwargs)

        return observed

    def event(self, kind: str, layer: Any, x: Any, span: Any = None, text: Optional[str] = None) -> _Event:
        if text is None:
            text = structure_text(self.line, x) if x is not None else ""
        if span is None:
            span = self.observer.source.caller(sys._getframe(1))
        return _Event(self, kind, layer, span, text)

    def _block_gradients(self) -> None:
        """Weights without values have no gradients: asking for some gives a hole, not an error."""
        tensorflow = sys.modules.get("tensorflow")
        tape = getattr(tensorflow, "GradientTape", None)
        for name in ("gradient", "jacobian", "batch_jacobian"):
            if tape is not None:
                setattr(tape, name, lambda *_, **__: uncertain("gradients are not computed in a replay"))


class _Event:
    """Context that notes a layer's state before and after."""

    def __init__(self, owner: StandIns, kind: str, layer: Any, span: Any, text: str) -> None:
        self.owner, self.kind, self.layer, self.span, self.text = owner, kind, layer, span, text
        self.before = self._state()

    def _state(self) -> Any:
        return bool(getattr(self.layer, "built", False)), len(self.owner.line.weights(self.layer))

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        number = self.owner.observer.registry.number(self.layer)
        if self.span is None or number is None or len(self.owner.events) >= 1000:
            return
        built, weights = self._state()
        self.owner.events.append(
            ReplayEvent(
                self.kind, number, self.span, self.before[0], self.before[1], built, weights, input=self.text
            )
        )
