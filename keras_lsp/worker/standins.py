"""Stand-ins: what must not do its work in a replay keeps its effect on a model's state and loses the rest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable, List, Optional

from .hole import Hole, uncertain
from .observe import below
from .report import ReplayEvent, TensorSpec
from .symbolic import KerasLine, is_library, structure_text

if TYPE_CHECKING:
    from types import FrameType

    from .observe import Observer


TRAINING_METHODS = ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch")
SILENT_METHODS = ("save", "export", "load_weights", "save_weights", "summary")

# Functions that would download, read or write: (module of Keras, function, what it would have given).
BLOCKED_FUNCTIONS = (
    ("get_file", "a downloaded file"),
    ("load_model", "a saved model"),
    ("image_dataset_from_directory", "images in a folder"),
    ("text_dataset_from_directory", "texts in a folder"),
    ("audio_dataset_from_directory", "sounds in a folder"),
    ("load_img", "an image file"),
    ("plot_model", "a picture"),
)
DATASETS = (
    "mnist",
    "fashion_mnist",
    "cifar10",
    "cifar100",
    "imdb",
    "reuters",
    "boston_housing",
    "california_housing",
)

# Modules that cannot change a model: not imported at all, they are slow or have side effects.
HARMLESS_MODULES = frozenset(
    {
        "matplotlib",
        "seaborn",
        "plotly",
        "IPython",
        "wandb",
        "mlflow",
        "tensorboard",
        "tqdm",
        "neptune",
        "comet_ml",
    }
)


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
        self._block_gradients()
        self.observer.on_outer_call = self._call

    # -- methods of models

    def _training_method(self, name: str) -> Callable[..., Any]:
        stand_ins = self

        def method(model: Any, x: Any = None, *_args: Any, **_kwargs: Any) -> Any:
            with stand_ins.event("fit", model, x):
                specs = stand_ins._specs_of_data(x)
                if specs is None or stand_ins._has_own_step(model):
                    stand_ins._note_unknown(model, name, sys._getframe(1))
                    return uncertain("the data is not known in a replay")
                outputs = model(stand_ins.line.map_structure(stand_ins._open_batch, specs))
            if name in ("predict", "predict_on_batch"):
                return stand_ins._predictions(specs, outputs)
            return Hole(f"`{name}` does not run in a replay")

        method.__name__ = name
        return method

    def _note_unknown(self, layer: Any, what: str, frame: FrameType) -> None:
        """The program calls this layer, and so what is in it; on what is not known."""
        line = self.observer.source.line(self.observer.source.caller(frame))
        text = (
            f"{what if ' ' in what else f'`{what}`'} on line {line} gives it data that a replay does not know"
        )
        for called in (layer, *below(layer)):
            entry = self.observer.registry.find(called)
            if entry is not None and not entry.unknown_call:
                entry.unknown_call = text

    def _has_own_step(self, model: Any) -> bool:
        """Whether `fit` does what only the user's own `train_step` knows; it need not even call the model."""
        return any("train_step" in vars(base) for base in type(model).__mro__ if not is_library(base))

    def _specs_of_data(self, x: Any) -> Any:
        """The nested TensorSpecs of arrays, tensors or a `tf.data` dataset of (x, y); None when unknown."""
        element = getattr(x, "element_spec", None)
        if element is not None:
            inputs = element[0] if isinstance(element, tuple) else element
            return self._all_known(self.line.map_structure(_element, inputs))
        if x is None or isinstance(x, Hole):
            return None
        return self._all_known(self.line.map_structure(self.line.tensor, x))

    def _all_known(self, specs: Any) -> Any:
        unknown: List[Any] = []
        self.line.map_structure(
            lambda spec: unknown.append(spec) if spec is None or not spec.shape else None, specs
        )
        return None if unknown else specs

    def _open_batch(self, spec: TensorSpec) -> Any:
        return self.line.symbolic_input(TensorSpec((None, *spec.shape[1:]), spec.dtype))

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
        """A call on concrete data becomes a symbolic call of the same shapes; zeros come back."""
        concrete = [False]

        def symbolic(value: Any) -> Any:
            tensor = self.line.tensor(value) if self.line.is_concrete(value) else None
            if tensor is None or not tensor.shape:
                return value
            concrete[0] = True
            return self.line.symbolic_input(tensor)

        with self.event("call", layer, args[0] if args else None):
            if _has_hole(args) or _has_hole(kwargs):
                self._note_unknown(layer, "a call", sys._getframe(1))
                return uncertain("called on something a replay does not know")
            new_args, new_kwargs = self.line.map_structure(symbolic, (args, kwargs))
            if not concrete[0]:
                return original(layer, *args, **kwargs)
            try:
                result = original(layer, *new_args, **new_kwargs)
            except Exception:  # noqa: BLE001 - code that needs values fails on symbols only: ask with the data itself
                return original(layer, *args, **kwargs)
            return self.line.map_structure(self._zeros, result)

    def _zeros(self, value: Any) -> Any:
        spec = self.line.tensor(value) if self.line.is_symbolic(value) else None
        return value if spec is None else self.line.concrete(spec)

    def observed_method(self, receiver: Any, name: str, span: Any) -> Callable[..., Any]:
        """`receiver.build` that notes what it did to the receiver's state."""
        method = getattr(receiver, name)
        if not self.line.is_layer(receiver):
            return method  # type: ignore[no-any-return]  # whatever the user's attribute is

        def observed(*args: Any, **kwargs: Any) -> Any:
            if _has_hole(args) or _has_hole(kwargs):
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


def block_functions(line: KerasLine) -> None:
    """Once per process: what would download, read or write gives holes, under every name Keras has for it."""
    keras = line.keras
    originals = {}
    for name, what in BLOCKED_FUNCTIONS:
        for owner in (keras.utils, getattr(keras, "models", None), getattr(keras, "saving", None)):
            function = getattr(owner, name, None)
            if callable(function):
                originals[id(function)] = (name, _blocked(name, what))
    for name in DATASETS:
        module = getattr(getattr(keras, "datasets", None), name, None)
        function = getattr(module, "load_data", None)
        if callable(function):
            stand_in = _blocked("load_data", f"the {name} data", pairs=True)
            originals[id(function)] = ("load_data", stand_in)
    _replace_everywhere(originals)


def _blocked(name: str, what: str, pairs: bool = False) -> Callable[..., Any]:
    def function(*_args: Any, **_kwargs: Any) -> Any:
        hole = Hole(f"`{name}` gives {what}, which a replay does not load")
        return ((hole, hole), (hole, hole)) if pairs else hole

    function.__name__ = name
    return function


def _element(value: Any) -> Optional[TensorSpec]:
    """Shape and dtype of one entry of a `tf.data` element_spec."""
    shape = getattr(value, "shape", None)
    if shape is None or getattr(shape, "rank", None) is None:
        return None
    return TensorSpec(tuple(shape.as_list()), str(value.dtype.name))


def _has_hole(value: Any) -> bool:
    if isinstance(value, Hole):
        return True
    if isinstance(value, dict):
        return any(_has_hole(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_has_hole(item) for item in value)


def _replace_everywhere(originals: Any) -> None:
    """Put stand-ins in every Keras and TensorFlow module that has the original under its name."""
    names = {name for name, _ in originals.values()}
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith(("keras", "tf_keras", "tensorflow.keras")):
            continue
        space = getattr(module, "__dict__", {})
        for name in names & space.keys():
            found = originals.get(id(space[name]))
            if found is not None:
                space[name] = found[1]
