"""Stand-ins: what must not do its work in a replay keeps its effect on a model's state and loses the rest."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, List, Optional

from ..lines.symbolic import KerasLine, is_library, structure_text
from ..record.observe import below
from ..report import ReplayEvent, TensorSpec
from ..unknown.hole import Hole, hole_in, uncertain
from . import adapting

if TYPE_CHECKING:
    from types import FrameType

    from ..record.observe import Observer


TRAINING_METHODS = ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch")
CASTING_METHODS = ("fit", "evaluate", "predict")
SILENT_METHODS = ("save", "export", "load_weights", "save_weights", "summary")
OPTIMIZER_METHODS = ("build", "apply", "apply_gradients", "minimize")


class StandIns:
    def __init__(self, line: KerasLine, observer: Observer, events: List[ReplayEvent]) -> None:
        self.line = line
        self.observer = observer
        self.events = events

    def install(self) -> None:
        model_class = self.line.model_class
        for name in TRAINING_METHODS:
            setattr(model_class, name, self._training_method(name))
        for name in SILENT_METHODS:
            setattr(model_class, name, self._silent_method(name))
        optimizer_class = getattr(self.line.keras.optimizers, "Optimizer", None)
        for name in OPTIMIZER_METHODS:
            if hasattr(optimizer_class, name):
                setattr(optimizer_class, name, self._silent_method(name))
        adapting.install(self.line, self._specs_of_data)
        self._block_gradients()
        self.observer.on_outer_call = self._call

    # -- methods of models

    def _training_method(self, name: str) -> Callable[..., Any]:
        stand_ins = self

        def method(model: Any, x: Any = None, *args: Any, **kwargs: Any) -> Any:
            with stand_ins.event("fit", model, x):
                specs = stand_ins._fed(name, x)
                if specs is None:
                    stand_ins._note_unknown(model, name, sys._getframe(1))
                    return uncertain("the data is not known in a replay")
                if stand_ins._has_own_step(model):
                    stand_ins._note_step(model, name, sys._getframe(1))
                    y = kwargs.get("y", args[0] if args else None)
                    stand_ins._note_data(model, specs, stand_ins._batch(name, x, y), sys._getframe(1))
                    return uncertain("its own `train_step` does not run before the program's end")
                outputs = model(stand_ins._ranks_adjusted(model, specs))
            if name in ("predict", "predict_on_batch"):
                return stand_ins._predictions(specs, outputs)
            return Hole(f"`{name}` does not run in a replay")

        method.__name__ = name
        return method

    def _note_unknown(self, layer: Any, what: str, frame: FrameType) -> None:
        """The program calls this layer, and so what is in it; on what is not known."""
        doing = what if " " in what else f"`{what}`"
        text = f"{doing} {self._where(frame)} gives it data that a replay does not know"
        self._note_reason(layer, text)

    def _note_step(self, model: Any, what: str, frame: FrameType) -> None:
        """What happens to the model, and so to what is in it, is up to a step of the user's own."""
        text = f"`{what}` {self._where(frame)} does what its own `train_step` says"
        self._note_reason(model, text)

    def _where(self, frame: FrameType) -> str:
        spot = self.observer.source.spot(self.observer.source.caller(frame))
        return f"on {spot}" if spot else "in another file"

    def _note_reason(self, layer: Any, text: str) -> None:
        for called in (layer, *below(layer)):
            entry = self.observer.registry.find(called)
            if entry is not None and not entry.unknown_call:
                entry.unknown_call = text

    def _note_data(self, model: Any, specs: Any, batch: Any, frame: FrameType) -> None:
        """What a step of the user's own gets: it is likely to call the model on the inputs in it."""
        entry = self.observer.registry.find(model)
        if entry is not None and specs is not None and entry.data is None:
            entry.data, entry.batch = specs, batch
            entry.data_where = self._where(frame)

    def _has_own_step(self, model: Any) -> bool:
        """Whether `fit` does what only the user's own `train_step` knows; it need not even call the model."""
        return any("train_step" in vars(base) for base in type(model).__mro__ if not is_library(base))

    def _batch(self, name: str, x: Any, y: Any) -> Any:
        """The nested TensorSpecs that `train_step` gets as its `data`; None when unknown."""
        inputs = self._fed(name, x, whole=True)
        if y is None or inputs is None:
            return inputs
        targets = self._fed(name, y)
        return None if targets is None else (inputs, targets)

    def _fed(self, name: str, data: Any, whole: bool = False) -> Any:
        """The nested TensorSpecs of what the method `name` makes of its data; None when unknown.

        Arrays of floats become `floatx` in both lines, what a dataset gives stays as it is
        (keras/src/trainers/data_adapters/array_slicing.py).
        """
        specs = self._specs_of_data(data, whole)
        if specs is None or name not in CASTING_METHODS or hasattr(data, "element_spec"):
            return specs
        floatx = str(self.line.keras.backend.floatx())

        def cast(spec: TensorSpec) -> TensorSpec:
            return replace(spec, dtype=floatx) if spec.dtype.startswith(("float", "bfloat")) else spec

        return self.line.map_structure(cast, specs)

    def _specs_of_data(self, x: Any, whole: bool = False) -> Any:
        """The nested TensorSpecs of arrays, tensors or a `tf.data` dataset of (x, y); None when unknown.

        Of a dataset's elements `x` alone, or the `whole`.
        """
        if x is None or hole_in(x) is not None:
            return None
        element = getattr(x, "element_spec", None)
        if element is not None:
            inputs = element[0] if isinstance(element, tuple) and not whole else element
            return self._all_known(self.line.map_structure(_element, inputs))
        return self._all_known(self.line.map_structure(self.line.tensor, x))

    def _all_known(self, specs: Any) -> Any:
        unknown: List[Any] = []
        self.line.map_structure(
            lambda spec: unknown.append(spec) if spec is None or not spec.shape else None, specs
        )
        return None if unknown else specs

    def _ranks_adjusted(self, model: Any, specs: Any) -> Any:
        """Symbols for data. A functional model adds or drops a last axis of size 1 of data, not of symbols.

        keras/src/models/functional.py, `_adjust_input_rank`.
        """
        inputs = self.line.map_structure(self.line.open_batch, specs)
        adjust = getattr(getattr(model, "_functional", None) or model, "_adjust_input_rank", None)
        if adjust is None or not self.line.is_symbolic(inputs):
            return inputs
        adjusted = adjust([inputs])
        return adjusted[0] if isinstance(adjusted, (list, tuple)) and len(adjusted) == 1 else inputs

    def _predictions(self, specs: Any, outputs: Any) -> Any:
        """Zeros as `predict` would give them, with the data's number of samples."""
        samples: List[Any] = []
        self.line.map_structure(lambda spec: samples.append(spec.shape[0]), specs)
        if not samples or samples[0] is None:
            return uncertain("how many samples `predict` sees is not known in a replay")

        def zeros(value: Any) -> Any:
            spec = self.line.tensor(value)
            if spec is None:
                return value
            return self.line.array(TensorSpec((samples[0], *spec.shape[1:]), spec.dtype))

        return self.line.map_structure(zeros, outputs)

    def _silent_method(self, name: str) -> Callable[..., Any]:
        def method(_model: Any, *_args: Any, **_kwargs: Any) -> Any:
            return Hole(f"`{name}` does not run in a replay", harmless=True)

        method.__name__ = name
        return method

    # -- calls on data

    def _call(self, layer: Any, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """A call on concrete data becomes a symbolic call of the same shapes; zeros come back.

        So does a call on tensors of a backend's graph, which in a `train_step` would trace every layer.
        """
        kinds = set()

        def symbolic(value: Any) -> Any:
            concrete = self.line.is_concrete(value)
            tensor = self.line.tensor(value) if concrete or self.line.is_traced(value) else None
            if tensor is None or not tensor.shape:
                return value
            kinds.add("concrete" if concrete else "traced")
            try:
                return self.line.symbolic_input(tensor)
            except (TypeError, ValueError):  # numbers of a kind that Keras has no symbols for
                return value

        with self.event("call", layer, args[0] if args else None):
            if hole_in(args) is not None or hole_in(kwargs) is not None:
                self._note_unknown(layer, "a call", sys._getframe(1))
                return uncertain("called on something a replay does not know")
            new_args, new_kwargs = self.line.map_structure(symbolic, (args, kwargs))
            if not kinds:
                return original(layer, *args, **kwargs)
            try:
                result = original(layer, *new_args, **new_kwargs)
            except Exception:  # noqa: BLE001 - code that needs values fails on symbols only: ask with the data itself
                return original(layer, *args, **kwargs)
            if "traced" in kinds:
                return self._concretely(self.line.traced, result)
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


def _element(value: Any) -> Optional[TensorSpec]:
    """Shape and dtype of one entry of a `tf.data` element_spec."""
    shape = getattr(value, "shape", None)
    if shape is None or getattr(shape, "rank", None) is None:
        return None
    return TensorSpec(tuple(shape.as_list()), str(value.dtype.name))
