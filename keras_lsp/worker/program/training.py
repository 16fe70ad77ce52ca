"""`fit`, `evaluate`, `predict` and their like: the model is called on the shapes of data, nothing learns.

The data goes the way it would: its samples are counted, the model is called on a batch, and the output is
compared with the target. Each step is Keras's own, so what is wrong with the data raises as it would.
"""

from __future__ import annotations

import inspect
import sys
import types
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..lines.symbolic import is_library
from ..record.observe import below
from ..report import TensorSpec
from ..unknown.hole import Hole, hole_in, uncertain
from . import target
from .repeated import Repeated
from .saved_models import SAVED_MODELS

if TYPE_CHECKING:
    from types import FrameType

    from ..lines.symbolic import KerasLine
    from ..record.observe import Observer
    from .checkpoints import Checkpoints

COMPARING = ("fit", "evaluate", "train_on_batch", "test_on_batch")
METHODS = (*COMPARING, "predict", "predict_on_batch")
CASTING = ("fit", "evaluate", "predict")
POSITIONS = ("y", "batch_size")  # of arguments behind `x`; `train_on_batch` and its like have no batch size


class Batch(NamedTuple):
    """What a generator of batches gave: inputs, and targets behind them."""

    data: Sequence[Any]


class Training:
    def __init__(
        self, line: KerasLine, observer: Observer, event: Callable[..., Any], checkpoints: Checkpoints
    ) -> None:
        self.line = line
        self.observer = observer
        self.event = event
        self.checkpoints = checkpoints
        self._repeated = Repeated(line)

    def method(self, name: str) -> Callable[..., Any]:
        """What stands in for `Model.<name>`."""
        training = self
        original = getattr(self.line.model_class, name)

        def method(model: Any, x: Any = None, *args: Any, **kwargs: Any) -> Any:
            _check_arguments(original, (model, x, *args), kwargs)
            given = {**dict(zip(POSITIONS, args)), **kwargs} if name in COMPARING else {}
            training.checkpoints.may_be_written |= name == "fit" or bool(kwargs.get("callbacks"))
            with training.event("fit", model, x):
                x = training._first_batch(x)
                if name in CASTING:
                    target.check_samples(training.line, (x, given.get("y")))
                specs = training._fed(name, x)
                if specs is None:
                    training.note_unknown(model, name, sys._getframe(1))
                    training._save_at_checkpoints(model, given)
                    return uncertain("the data is not known in a replay")
                if training._has_own_step(model):
                    training._note_step(model, name, sys._getframe(1))
                    batch = training._batch(name, x, given.get("y"))
                    training._note_data(model, specs, batch, sys._getframe(1))
                    return uncertain("its own `train_step` does not run before the program's end")
                outputs = training._called(model, specs)
                if name in COMPARING:
                    training._compare(model, name, (x, given.get("y")), outputs, given)
                if name == "fit":
                    training._validate(model, given, (specs, outputs))
                    training._save_at_checkpoints(model, given)
            if name in ("predict", "predict_on_batch"):
                return training._predictions(specs, outputs)
            return Hole(f"`{name}` does not run in a replay")

        method.__name__ = name
        return method

    def _first_batch(self, data: Any) -> Any:
        """Of what gives batches by their number, or one after the other. Anything else as it is.

        A generator that is asked for one has given it away; but no loop of the user's comes to the next.
        """
        try:
            if isinstance(data, self.line.batches_class):
                data = data[0]
            elif isinstance(data, types.GeneratorType):
                data = next(data)
            else:
                return data
        except Exception:  # noqa: BLE001 - the user's code, which may well look for files
            return uncertain("the batches come from code that a replay cannot run")
        return Batch(data) if isinstance(data, (tuple, list)) and data else data

    def _compare(
        self, model: Any, name: str, data: Tuple[Any, Any], outputs: Any, given: Dict[str, Any]
    ) -> None:
        """The output with the target, where both are known; not what each of several replicas does."""
        if getattr(model, "_distribute_strategy", None) or getattr(model, "_distribution_strategy", None):
            return
        x, y = data
        targets = self._fed(name, y) if y is not None else self._targets_in(x)
        if targets is not None:
            target.check_target(self.line, model, targets, outputs, self._batch_size(name, x, given))

    def _targets_in(self, x: Any) -> Any:
        if isinstance(x, Batch):
            return self.specs_of_data(x.data[1]) if len(x.data) > 1 else None
        element = getattr(x, "element_spec", None)
        if not isinstance(element, tuple) or len(element) < 2:
            return None
        return self._all_known(self.line.map_structure(_element, element[1]))

    def _batch_size(self, name: str, x: Any, given: Dict[str, Any]) -> Optional[int]:
        """How many samples the first batch has; None where that is not known."""
        sizes: List[Any] = []
        self.line.map_structure(lambda spec: sizes.append(spec.shape[0]), self.specs_of_data(x))
        count = sizes[0] if sizes else None
        if count is None or isinstance(x, Batch) or name not in CASTING or hasattr(x, "element_spec"):
            return count if isinstance(count, int) else None
        split, asked = given.get("validation_split") or 0.0, given.get("batch_size") or target.BATCH
        if not isinstance(split, float) or not isinstance(asked, int):
            return None
        return min(asked, int(count * (1 - split))) or None

    def _validate(self, model: Any, given: Dict[str, Any], trained: Tuple[Any, Any]) -> None:
        """After an epoch `fit` calls the model on other data; on the same shapes that gives the same."""
        data = self._first_batch(given.get("validation_data"))
        x, y = (data[0], data[1]) if isinstance(data, (tuple, list)) and len(data) > 1 else (data, None)
        target.check_samples(self.line, (x, y))
        specs, outputs = self._fed("evaluate", x), trained[1]
        if specs is None:
            return
        if self._samples_left_out(specs) != self._samples_left_out(trained[0]):
            outputs = self._called(model, specs)
        self._compare(model, "evaluate", (x, y), outputs, {"batch_size": given.get("batch_size")})

    def _save_at_checkpoints(self, model: Any, given: Dict[str, Any]) -> None:
        SAVED_MODELS.save_at_checkpoints(self.line, model, given.get("callbacks"))

    def _samples_left_out(self, specs: Any) -> Any:
        return self.line.map_structure(lambda spec: replace(spec, shape=spec.shape[1:]), specs)

    def note_unknown(self, layer: Any, what: str, frame: FrameType) -> None:
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
            if entry is not None:
                entry.called_on_unknown = True
                entry.unknown_call = entry.unknown_call or text

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
        specs = self.specs_of_data(data, whole)
        if specs is None or name not in CASTING or hasattr(data, "element_spec"):
            return specs
        floatx = str(self.line.keras.backend.floatx())

        def cast(spec: TensorSpec) -> TensorSpec:
            return replace(spec, dtype=floatx) if spec.dtype.startswith(("float", "bfloat")) else spec

        return self.line.map_structure(cast, specs)

    def specs_of_data(self, x: Any, whole: bool = False) -> Any:
        """The nested TensorSpecs of arrays, tensors or a `tf.data` dataset of (x, y); None when unknown.

        Of a dataset's elements `x` alone, or the `whole`.
        """
        if isinstance(x, Batch):
            return self.specs_of_data(tuple(x.data) if whole else x.data[0])
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

    def _called(self, model: Any, specs: Any) -> Any:
        """What the model gives on a batch of such data, of an open number of samples."""

        def call() -> Any:
            with self.line.on_data():
                return model(self.line.map_structure(self.line.open_batch, specs))

        return self._repeated.outputs(model, specs, call)

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


def _check_arguments(method: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
    """Raises what a call of the method itself raises of arguments that it does not take."""
    try:
        inspect.signature(method).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{method.__qualname__}() {error}") from None


def _element(value: Any) -> Optional[TensorSpec]:
    """Shape and dtype of one entry of a `tf.data` element_spec."""
    shape = getattr(value, "shape", None)
    if shape is None or getattr(shape, "rank", None) is None:
        return None
    return TensorSpec(tuple(shape.as_list()), str(value.dtype.name))
