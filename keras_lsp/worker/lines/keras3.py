"""Keras 3 on any backend, symbolically.

Inside `StatelessScope(initialize_variables=False)` variables know shape and dtype and have no value until one
asks (keras/src/backend/common/stateless_scope.py).
"""

from __future__ import annotations

import contextlib
import importlib
import math
from typing import Any, Callable, FrozenSet, Iterator, List, Optional, Sequence

from ..report import TensorSpec, WeightReport
from ..unknown.arrays import is_array
from . import rebuilding, shortcuts
from .arguments import object_text
from .losses import Losses
from .symbolic import (
    MAX_CONCRETE_ELEMENTS,
    KerasLine,
    NoteShape,
    is_library,
    keras_dtype,
    plain_shape,
    spec_of,
)


class Keras3(KerasLine):
    line = 3

    def __init__(self, keras: Any) -> None:
        super().__init__(keras)
        common = importlib.import_module("keras.src.backend.common.variables")
        self.variable_class: Any = getattr(common, "KerasVariable", None) or common.Variable
        self._standardize_dtype: Any = common.standardize_dtype
        self._is_tensor: Any = importlib.import_module("keras.src.backend").is_tensor
        self._losses = Losses(self)
        self.batches_class: Any = getattr(keras.utils, "PyDataset", None) or keras.utils.Sequence

    def backend(self) -> str:
        return str(self.keras.backend.backend())

    def is_variable(self, value: Any) -> bool:
        return isinstance(value, self.variable_class)

    def is_symbolic(self, value: Any) -> bool:
        return isinstance(value, self.keras.KerasTensor)

    def tensor(self, value: Any) -> Optional[TensorSpec]:
        if isinstance(value, self.keras.KerasTensor) or self._is_tensor(value) or is_array(value):
            return spec_of(value)
        return None

    def is_probe(self, value: Any) -> bool:
        """Keras traces Torch code twice on the meta device, with 83 and 89 for what is not known.

        keras/src/backend/torch/core.py, `compute_output_spec`.
        """
        return str(getattr(value, "device", "")) == "meta" and self.backend() == "torch"

    def is_traced(self, value: Any) -> bool:
        if self.backend() != "tensorflow" or isinstance(value, self.keras.KerasTensor):
            return False
        return self._is_tensor(value) and not hasattr(value, "numpy") and hasattr(value, "graph")

    def traced(self, spec: TensorSpec, given: Sequence[Any]) -> Any:
        """Zeros when the graph runs, as many as there are samples; what is too large never runs."""
        tensorflow: Any = importlib.import_module("tensorflow")
        if math.prod(size or 1 for size in spec.shape) > MAX_CONCRETE_ELEMENTS:
            return tensorflow.compat.v1.placeholder(spec.dtype, spec.shape)
        samples = next((tensorflow.shape(tensor)[0] for tensor in given if tensor.shape[0] is None), 1)
        sizes = [samples if place == 0 else 1 for place in range(len(spec.shape))]
        sizes = [free if size is None else size for size, free in zip(spec.shape, sizes)]
        zeros = tensorflow.zeros(sizes, spec.dtype)
        return tensorflow.raw_ops.PlaceholderWithDefault(input=zeros, shape=spec.shape)

    def symbolic_input(self, spec: TensorSpec) -> Any:
        return self.keras.KerasTensor(spec.shape, dtype=keras_dtype(spec.dtype))

    def run_on_symbols(self, function: Callable[[Any], Any], inputs: Any) -> None:
        def run(tensors: Any) -> Any:
            function(tensors)
            return tensors  # what it gives may be anything

        importlib.import_module("keras.src.backend").compute_output_spec(run, inputs)

    def tensor_of(self, array: Any) -> Any:
        return self.keras.ops.convert_to_tensor(array)

    def weight(self, variable: Any) -> WeightReport:
        return WeightReport(
            path=str(variable.path),
            name=str(variable.name),
            shape=plain_shape(variable.shape),
            dtype=str(variable.dtype),
            trainable=bool(variable.trainable),
            initializer=object_text(getattr(variable, "_initializer", None)),
        )

    def _variables(self, layer: Any, which: str) -> List[Any]:
        """What is no variable in such a list is the user's own idea of weights."""
        return [weight for weight in super()._variables(layer, which) if self.is_variable(weight)]

    def private_names(self) -> FrozenSet[str]:
        names = super().private_names()
        # The first layer made fixes the default policy; the program may still call `set_floatx`.
        state: Any = importlib.import_module("keras.src.backend.common.global_state")
        state.set_global_attribute("dtype_policy", None)
        return names

    def prepare(self) -> None:
        super().prepare()
        # Frames inside Keras carry the user's line; filtered tracebacks would lose it.
        self.keras.config.disable_traceback_filtering()
        self._accept_arrays_as_initial_values()
        self._build_user_classes_in_one_pass()
        self._call_user_classes_on_symbols()
        self._run_graphs_on_data()
        self._leave_out_checkpoint_tracking()
        self._losses.install()
        shortcuts.install(self.keras)
        rebuilding.install()

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        with self.keras.StatelessScope(initialize_variables=False) as scope:
            add_update = scope.add_update

            def add_known(update: Any) -> None:
                # A tensor of a graph means nothing outside of it, and shapes do not change.
                if not self.is_traced(update[1]):
                    add_update(update)

            scope.add_update = add_known
            with _everywhere(scope):
                yield

    def is_compiled(self, model: Any) -> bool:
        return bool(getattr(model, "compiled", False))

    def load_shapes(self, load: Callable[[], None], note: Optional[NoteShape] = None) -> None:
        """No array is read, no variable gets a value; one of another shape is refused in Keras's words."""
        saving: Any = importlib.import_module("keras.src.saving.saving_lib")
        assign, read = self.variable_class.assign, getattr(saving, "safe_get_h5_dataset", None)

        def compared(variable: Any, value: Any) -> Any:
            shape = tuple(getattr(value, "shape", ()))
            if shape == tuple(variable.shape):
                return value
            return assign(variable, value) if note is None else note(variable, shape)

        def shape_only(*args: Any) -> Any:
            found = read(*args)  # type: ignore[misc]  # only where there is such a function
            return self.array(TensorSpec(tuple(found.shape), str(found.dtype)))

        def set_each(_holder: Any, variables: Any, values: Any, *_: Any, **__: Any) -> None:
            for variable, value in zip(variables, values):
                variable.assign(value)

        with contextlib.ExitStack() as undone:

            def put(owner: Any, name: str, stand_in: Any) -> None:
                undone.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, stand_in)

            put(self.variable_class, "assign", compared)
            if read is not None:  # where there is none, what comes from a file is read when it is assigned
                put(saving, "safe_get_h5_dataset", shape_only)
            if note is not None:
                legacy = self.hdf5_models()
                if hasattr(legacy, "_set_weights"):  # which compares by itself
                    put(legacy, "_set_weights", set_each)
            load()

    def hdf5_models(self) -> Any:
        return importlib.import_module("keras.src.legacy.saving.legacy_h5_format")

    def check_samples(self, arrays: Any) -> None:
        utils: Any = importlib.import_module("keras.src.trainers.data_adapters.data_adapter_utils")
        utils.check_data_cardinality(arrays)

    def compare(self, model: Any, targets: Any, outputs: Any) -> None:
        def compared(target: Any, output: Any) -> Any:
            loss = model.compute_loss(x=None, y=target, y_pred=output) if model._compile_loss else None
            if model._compile_metrics is not None:
                model._compile_metrics.update_state(target, output)
            return output if loss is None else loss

        backend: Any = importlib.import_module("keras.src.backend")
        symbols = (self.map_structure(self.symbolic_input, specs) for specs in (targets, outputs))
        backend.compute_output_spec(compared, *symbols)

    def on_data(self) -> contextlib.AbstractContextManager[None]:
        return self._losses.kept()

    def _accept_arrays_as_initial_values(self) -> None:
        """A stateless scope refuses variables made from an array; an initializer that gives it is allowed."""
        original = self.variable_class.__init__
        standardize = self._standardize_dtype

        def __init__(
            variable: Any, initializer: Any, shape: Any = None, dtype: Any = None, *args: Any, **kwargs: Any
        ) -> None:
            if not callable(initializer) and not isinstance(initializer, str):
                tensor = variable._convert_to_tensor(initializer, dtype=dtype)
                dtype = standardize(tensor.dtype) if dtype is None else dtype
                initializer, shape = (lambda *_, **__: tensor), tuple(tensor.shape)
            original(variable, initializer, shape, dtype, *args, **kwargs)

        self.variable_class.__init__ = __init__

    def _build_user_classes_in_one_pass(self) -> None:
        """Keras traces a user class without `build` twice, to build and to call: a call is enough."""
        utils = importlib.import_module("keras.src.utils")
        original = self.layer_class._maybe_build
        if not hasattr(utils, "is_default") or not hasattr(self.layer_class, "_post_build"):
            return

        def _maybe_build(layer: Any, call_spec: Any) -> Any:
            if layer.built or is_library(type(layer)) or not utils.is_default(layer.build):
                return original(layer, call_spec)
            with layer._open_name_scope():
                layer.built = True
                layer._post_build()
            return None

        self.layer_class._maybe_build = _maybe_build

    def _leave_out_checkpoint_tracking(self) -> None:
        """TensorFlow's second tracking, next to Keras's own, serves checkpoints and SavedModels only.

        It is a fourth of what making layers costs.
        """
        if self.backend() == "tensorflow":
            trackable = importlib.import_module("keras.src.backend.tensorflow.trackable")
            trackable.KerasAutoTrackable.__setattr__ = object.__setattr__

    def _run_graphs_on_data(self) -> None:
        """Data of another shape than the model was drawn for goes through its layers one by one.

        On symbols a functional or Sequential model asks its layers for shapes only: they then do not look
        whether the input is one they can take, and no axis is added or dropped.
        """
        functional: Any = importlib.import_module("keras.src.models.functional").Functional
        tree = importlib.import_module("keras.src.tree")
        backend: Any = importlib.import_module("keras.src.backend")
        original = functional.compute_output_spec
        line = self

        def compute_output_spec(model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            given, drawn = tree.flatten(inputs), tree.flatten(model._inputs)
            if not line._losses.active or len(given) != len(drawn) or all(map(_goes_into, given, drawn)):
                return original(model, inputs, *args, **kwargs)
            return backend.compute_output_spec(model.call, inputs, *args, **kwargs)

        functional.compute_output_spec = compute_output_spec

    def _call_user_classes_on_symbols(self) -> None:
        """Run a user's `call` on KerasTensors themselves: each layer in it answers by its shape rule.

        Keras traces `call` on backend tensors, which costs several times as much. Code that needs those
        (`tf.*` functions on the inputs) raises here; then Keras traces, and what it says counts.
        """
        layer_module = importlib.import_module("keras.src.layers.layer")
        tree = importlib.import_module("keras.src.tree")
        original = self.layer_class.compute_output_spec
        make_node = getattr(layer_module, "Node", None)
        keras_tensor = self.keras.KerasTensor
        direct: List[int] = []  # depths of the user classes whose `call` runs on symbols right now

        def compute_output_spec(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if is_library(type(layer)):
                return original(layer, *args, **kwargs)
            direct.append(self.depth)
            self.watcher.began(layer)
            losses = self._losses.mark()
            try:
                outputs = layer.call(*args, **kwargs)
            except Exception:  # noqa: BLE001 - whatever it is, tracing gives the answer that counts
                self._losses.undo(losses)
                return original(layer, *args, **kwargs)
            finally:
                direct.pop()
            leaves = tree.flatten(outputs)
            if not leaves or not all(isinstance(leaf, keras_tensor) for leaf in leaves):
                self._losses.undo(losses)
                return original(layer, *args, **kwargs)
            self.watcher.ended(layer, args, kwargs, outputs)
            return tree.map_structure(lambda leaf: keras_tensor(leaf.shape, dtype=leaf.dtype), outputs)

        def node(*args: Any, **kwargs: Any) -> Any:
            # In a real run the layers that a `call` calls meet backend tensors and get no nodes, so their
            # `.output` raises. What those layers call in turn (a Sequential building itself) needs nodes.
            if direct and self.depth == direct[-1] + 1:
                return None
            return make_node(*args, **kwargs)  # type: ignore[misc]  # checked below

        self.layer_class.compute_output_spec = compute_output_spec
        if make_node is not None:
            layer_module.Node = node  # type: ignore[attr-defined]  # a module global of Keras


@contextlib.contextmanager
def _everywhere(scope: Any) -> Iterator[None]:
    """Keras keeps its scope for one thread, until `clear_session`; strategies run steps in others."""
    state: Any = importlib.import_module("keras.src.backend.common.global_state")
    original = state.get_global_attribute

    def get_global_attribute(name: str, default: Any = None, set_to_default: bool = False) -> Any:
        found = original(name, default, set_to_default)
        return scope if found is None and name == "stateless_scope" else found

    state.get_global_attribute = get_global_attribute
    try:
        yield
    finally:
        state.get_global_attribute = original


def _goes_into(given: Any, drawn: Any) -> bool:
    """Whether a tensor is of the shape that a model was drawn for; sizes that are not known may be any."""
    shape, wanted = getattr(given, "shape", None), drawn.shape
    if shape is None or len(shape) != len(wanted):
        return False
    return all(None in (size, want) or size == want for size, want in zip(shape, wanted))
