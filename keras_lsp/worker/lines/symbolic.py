"""One face for Keras 3 and tf-keras 2: build without allocating weights, and ask objects what they are."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Sequence, Tuple

from ..report import Shape, StoredWeight, TensorSpec, Versions, WeightReport
from ..unknown.arrays import is_array, shape_tensor

# Zeros handed back for an eager call take real memory in the backend.
MAX_CONCRETE_ELEMENTS = 1 << 22


LIBRARIES = ("keras.", "tf_keras.", "tensorflow.", "keras_hub.", "keras_nlp.", "keras_cv.")


def is_library(cls: type) -> bool:
    """Whether a class is Keras's or of a library on top of it, not the user's."""
    return cls.__module__.startswith(LIBRARIES) or cls.__module__ in ("keras", "builtins")


def is_keras_alone(layer: Any) -> bool:
    """Whether no code of the user's own runs when this layer is called; what is in it aside."""
    return is_library(type(layer)) and type(layer).__name__ != "Lambda"


class CallWatcher:
    """Is told when the code of a layer's `call` begins, and what it got and gave when it came to its end."""

    def began(self, layer: Any) -> None:
        """A call that raises has no end; another try may follow."""

    def ended(self, layer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], outputs: Any) -> None:
        """The tensors are those that the code had in its hands."""


NoteShape = Callable[[Any, Shape], object]  # of a variable, and the shape that it is given


class KerasLine:
    """What both lines share. `keras` is the module whose classes the user's text uses."""

    line = 0
    loads_tensorflow = False  # files of weights and models in TensorFlow's own formats

    def __init__(self, keras: Any) -> None:
        self.keras = keras
        self.depth = 0  # how many layer calls are running; kept by the observer
        self.watcher = CallWatcher()
        self.layer_class: Any = keras.layers.Layer
        self.model_class: Any = keras.Model
        self.batches_class: Any = ()  # of data that gives its batches by their number

    def versions(self) -> Versions:
        tensorflow = sys.modules.get("tensorflow")
        return Versions(
            python=".".join(map(str, sys.version_info[:3])),
            keras=str(getattr(self.keras, "__version__", "")),
            keras_line=self.line,
            backend=self.backend(),
            tensorflow=str(getattr(tensorflow, "__version__", "")),
        )

    def backend(self) -> str:
        return "tensorflow"

    def is_layer(self, value: Any) -> bool:
        return isinstance(value, self.layer_class)

    def is_model(self, value: Any) -> bool:
        return isinstance(value, self.model_class)

    def is_variable(self, value: Any) -> bool:
        raise NotImplementedError

    def is_symbolic(self, value: Any) -> bool:
        raise NotImplementedError

    def is_concrete(self, value: Any) -> bool:
        """Whether it is an array or tensor that has its values."""
        return is_array(value) or (self.tensor(value) is not None and hasattr(value, "numpy"))

    def tensor(self, value: Any) -> Optional[TensorSpec]:
        """Shape and dtype of a tensor or array; None for anything else."""
        raise NotImplementedError

    def is_probe(self, value: Any) -> bool:  # noqa: ARG002 - some backends have none
        """Whether a tensor has made-up sizes where they are not known, while Keras finds out a shape."""
        return False

    def is_traced(self, value: Any) -> bool:  # noqa: ARG002 - only some backends have graphs
        """Whether it is a tensor without values in a graph of the backend that can be made by `traced`."""
        return False

    def traced(self, spec: TensorSpec, given: Sequence[Any]) -> Any:
        """A tensor of the backend's current graph, in place of what a call on the `given` ones makes."""
        raise NotImplementedError

    def symbolic_input(self, spec: TensorSpec) -> Any:
        raise NotImplementedError

    def open_batch(self, spec: TensorSpec) -> Any:
        """A symbolic input like some data, whose number of samples is open."""
        return self.symbolic_input(TensorSpec((None, *spec.shape[1:]), spec.dtype))

    def run_on_symbols(self, function: Callable[[Any], Any], inputs: Any) -> None:
        """Run code that expects tensors of the backend, on nested symbolic inputs.

        Raises whatever `function` raises.
        """
        function(inputs)

    def array(self, spec: TensorSpec) -> Any:
        """A NumPy array of that shape without its memory; unknown dimensions are 1."""
        numpy: Any = importlib.import_module("numpy")
        shape = tuple(1 if size is None else size for size in spec.shape)
        if spec.dtype == "string":
            return numpy.broadcast_to(numpy.full((), ""), shape)
        return numpy.broadcast_to(numpy.zeros((), spec.dtype), shape)

    def concrete(self, spec: TensorSpec) -> Any:
        """A tensor of zeros as an eager call would give it; without values where those take much memory."""
        array = self.array(spec)
        if array.size > MAX_CONCRETE_ELEMENTS:
            return shape_tensor(array.shape, array.dtype)
        return self.tensor_of(array)

    def tensor_of(self, array: Any) -> Any:
        """The backend's tensor with an array's values."""
        raise NotImplementedError

    def map_structure(self, function: Callable[[Any], Any], structure: Any) -> Any:
        """`function` on every leaf of nested lists, tuples and dicts."""
        if isinstance(structure, dict):
            return {key: self.map_structure(function, item) for key, item in structure.items()}
        if isinstance(structure, tuple) and hasattr(structure, "_fields"):
            return type(structure)(*(self.map_structure(function, item) for item in structure))
        if isinstance(structure, (list, tuple)):
            return type(structure)([self.map_structure(function, item) for item in structure])
        return function(structure)

    def weight(self, variable: Any) -> WeightReport:
        raise NotImplementedError

    def weights(self, layer: Any) -> List[Any]:
        """The layer's weights as its `weights` gives them; [] where asking raises (tf-keras 2, unbuilt)."""
        return self._variables(layer, "weights")

    def trainable_weights(self, layer: Any) -> List[Any]:
        """Those of `weights` that training changes: a frozen tf-keras 2 layer has none, whatever they say."""
        return self._variables(layer, "trainable_weights")

    def _variables(self, layer: Any, which: str) -> List[Any]:
        return _listed(layer, which)

    def private_names(self) -> FrozenSet[str]:
        """Attributes that Keras itself puts on every layer and model: none of them is the user's.

        Not before the fork: a tf-keras 2 model has counters, and making them is an operation.
        """
        made = (base(name="keras_lsp_baseline") for base in (self.layer_class, self.model_class))
        return frozenset(name for layer in made for name in vars(layer))

    def on_data(self) -> contextlib.AbstractContextManager[None]:
        """The context in which a call on symbols stands for one on data."""
        return contextlib.nullcontext()

    def is_compiled(self, model: Any) -> bool:
        """Whether `compile` gave the model a loss or metrics."""
        raise NotImplementedError

    def runs_eagerly(self, model: Any) -> bool:
        """Whether a loss of the user's own has values in its hands when it runs."""
        tensorflow = sys.modules.get("tensorflow")
        everywhere = tensorflow is not None and tensorflow.config.functions_run_eagerly()
        return everywhere or bool(getattr(model, "run_eagerly", False))

    def load_shapes(self, load: Callable[[], None], note: Optional[NoteShape] = None) -> None:
        """Load weights of which only the shapes count, where this line can do that.

        Raises what Keras raises where they do not go with the model's. Another shape is noted instead, where
        there is something that does.
        """

    def load_hdf5_model(self, load: Callable[[], Any]) -> Any:
        """The model of an HDF5 file as `load` makes it, without its arrays; raises what Keras raises.

        None under a Keras that reads such files in another way.
        """
        module = self.hdf5_models()
        names = ("load_weights_from_hdf5_group", "load_optimizer_weights_from_hdf5_group")
        if not all(hasattr(module, name) for name in names):
            return None
        with contextlib.ExitStack() as undone:
            for name in names:
                undone.callback(setattr, module, name, getattr(module, name))
                setattr(module, name, lambda *_, **__: [])
            return load()

    def hdf5_models(self) -> Any:
        """Keras's own module that reads whole models from HDF5 files; None where this is not known."""
        raise NotImplementedError

    def tensorflow_checkpoint(self, _prefix: str) -> Tuple[StoredWeight, ...]:
        """What TensorFlow's own files of weights hold, where this line loads from such."""
        return ()

    def check_samples(self, arrays: Any) -> None:
        """Raises what Keras raises of an (x, y) with unlike numbers of samples."""
        raise NotImplementedError

    def compare(self, model: Any, targets: Any, outputs: Any) -> None:
        """Run the model's losses and metrics on tensors like these nested specs; raises what they raise."""
        raise NotImplementedError

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """The context in which the whole replay runs."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Once in a process, before any replay. Runs no operation: the zygote does this before it forks."""
        # AutoGraph rewrites whatever a tf.function calls unless its module is on this list, as Keras's are.
        config: Any = sys.modules.get("tensorflow.python.autograph.core.config")
        if config is not None:
            ours = config.DoNotConvert(__name__.rsplit(".", 2)[0])
            config.CONVERSION_RULES = (ours, *config.CONVERSION_RULES)


def _listed(layer: Any, which: str) -> List[Any]:
    try:
        return list(getattr(layer, which))
    except Exception:  # noqa: BLE001 - user classes may override `weights` with anything
        return []


def keras_dtype(name: str) -> str:
    """A dtype by Keras's name: NumPy's texts are `str32` or `bytes8`, by the bits of the longest."""
    return "string" if name.startswith(("str", "bytes")) else name


def spec_of(value: Any) -> Optional[TensorSpec]:
    try:
        shape = plain_shape(value.shape)
    except Exception:  # noqa: BLE001 - TensorShape of unknown rank raises ValueError, user tensors anything
        return None
    dtype = value.dtype
    name = getattr(dtype, "name", None)
    return TensorSpec(shape, str(name if isinstance(name, str) else dtype).replace("torch.", ""))


def plain_shape(shape: Any) -> Shape:
    """In numbers: TensorFlow 1 and some backends have objects of their own for sizes."""
    return tuple(map(_size, shape))


def _size(size: Any) -> Optional[int]:
    if size is None or type(size) is int:
        return size
    try:
        return int(size)
    except Exception:  # noqa: BLE001 - JAX has symbols for unknown dimensions, which are no numbers
        return None


def structure_text(line: KerasLine, structure: Any) -> str:
    """Nested tensors as their shapes, the way Python would print them: `{'a': (None, 3)}`."""

    def text(item: Any) -> str:
        spec = line.tensor(item)
        if spec is not None:
            return shape_text(spec.shape)
        if isinstance(item, dict):
            return "{{{}}}".format(", ".join(f"{key!r}: {text(value)}" for key, value in item.items()))
        if isinstance(item, (list, tuple)):
            inner = ", ".join(text(value) for value in item)
            return f"[{inner}]" if isinstance(item, list) else f"({inner})"
        return type(item).__name__

    return text(structure)


def shape_text(shape: Tuple[Optional[int], ...]) -> str:
    """A shape as Python prints a tuple: `(None, 64)`, `(None,)`, `()`."""
    return "({}{})".format(", ".join(str(size) for size in shape), "," if len(shape) == 1 else "")
