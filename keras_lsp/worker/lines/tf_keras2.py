"""tf-keras 2, also as `tf.keras` of TensorFlow before 2.16: symbolic calls, variables without memory.

Variables above `REAL_VARIABLE_ELEMENTS` are handles without memory, made by a variable creator.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any, Callable, Iterator, List, Optional, Tuple

from ..report import StoredWeight, TensorSpec, WeightReport
from ..unknown.arrays import is_array
from .arguments import object_text
from .symbolic import KerasLine, NoteShape, keras_dtype, spec_of

# Below this a variable is made for real, so that lookups, Normalization and seeds work.
REAL_VARIABLE_ELEMENTS = 1 << 14
_VARIABLE = "/.ATTRIBUTES/VARIABLE_VALUE"  # ends the name of an array in a file of TensorFlow's
INITIALIZER = "_keras_lsp_initializer"  # attribute of a variable


class AnyShape(Tuple[Optional[int], ...]):
    """A shape that tf-keras, where it compares by itself, takes for the one it wants."""

    __slots__ = ()
    __hash__ = tuple.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple)

    def __ne__(self, other: object) -> bool:
        return not isinstance(other, tuple)


class StoredShape:
    """Stands for an array in a file where shapes are noted."""

    def __init__(self, stored: Any) -> None:
        self.shape = AnyShape(stored.shape)


class TfKeras2(KerasLine):
    line = 2
    loads_tensorflow = True

    def __init__(self, keras: Any) -> None:
        super().__init__(keras)
        self.tensorflow: Any = importlib.import_module("tensorflow")
        self.batches_class: Any = keras.utils.Sequence

    def is_variable(self, value: Any) -> bool:
        return isinstance(value, self.tensorflow.Variable)

    def is_symbolic(self, value: Any) -> bool:
        return bool(self.keras.backend.is_keras_tensor(value)) if self._is_tensor_like(value) else False

    def _is_tensor_like(self, value: Any) -> bool:
        return type(value).__name__ == "KerasTensor" or bool(self.tensorflow.is_tensor(value))

    def tensor(self, value: Any) -> Optional[TensorSpec]:
        if self._is_tensor_like(value) or is_array(value):
            return spec_of(value)
        return None

    def symbolic_input(self, spec: TensorSpec) -> Any:
        """With a name: else it would count among those that the program's own inputs are named by."""
        dtype = keras_dtype(spec.dtype)
        return self.keras.Input(tuple(spec.shape)[1:], batch_size=spec.shape[0], dtype=dtype, name="data")

    def tensor_of(self, array: Any) -> Any:
        return self.tensorflow.convert_to_tensor(array)

    def weight(self, variable: Any) -> WeightReport:
        if not hasattr(variable, "shape"):  # a lookup table: Keras lists it, and counts no parameters
            return WeightReport("table", "table", (0,), "string", False, named=((0, "entries"),))
        path = str(variable.name).split(":")[0]
        return WeightReport(
            path=path,
            name=path.rsplit("/", 1)[-1],
            shape=tuple(variable.shape.as_list()),
            dtype=str(variable.dtype.name),
            trainable=bool(variable.trainable),
            initializer=object_text(getattr(variable, INITIALIZER, None)),
        )

    def is_compiled(self, model: Any) -> bool:
        return bool(getattr(model, "_is_compiled", False))

    def load_shapes(self, load: Callable[[], None], note: Optional[NoteShape] = None) -> None:
        """No array is read, no variable gets a value; another shape is refused in TensorFlow's words."""
        hdf5, saving = self.hdf5_models(), self._source("saving.saving_lib")
        store = getattr(saving, "H5IOStore", None)
        if hdf5 is None:
            return  # of a version that reads files elsewhere
        shape_of = self._shape_of if note is None else StoredShape

        def shapes_of(group: Any) -> Any:
            names = hdf5.load_attributes_from_hdf5_group(group, "weight_names")
            return [shape_of(group[name]) for name in names]

        def set_values(pairs: Any) -> None:
            for variable, value in pairs:
                variable.assign(value)

        stand_ins: List[Tuple[Any, str, Any]] = [
            (hdf5, "load_subset_weights_from_hdf5_group", shapes_of),
            (hdf5.backend, "batch_set_value", set_values),
        ]
        stand_ins += ((cls, "assign", self._compared(cls.assign, note)) for cls in self._assigning())
        if store is not None:
            stand_ins.append((store, "get", self._shapes_in(store.get)))
        with contextlib.ExitStack() as undone:
            for owner, name, stand_in in stand_ins:
                undone.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, stand_in)
            load()

    def hdf5_models(self) -> Any:
        return self._source("saving.legacy.hdf5_format")

    def tensorflow_checkpoint(self, prefix: str) -> Tuple[StoredWeight, ...]:
        reader = self.tensorflow.train.load_checkpoint(prefix)
        dtypes = reader.get_variable_to_dtype_map()
        return tuple(
            StoredWeight(name[: -len(_VARIABLE)], tuple(map(int, shape)), str(dtypes[name].name))
            for name, shape in sorted(reader.get_variable_to_shape_map().items())
            if name.endswith(_VARIABLE)
        )

    def _assigning(self) -> List[Any]:
        """The classes of variables that have an `assign` of their own."""
        variables: Any = importlib.import_module("tensorflow.python.ops.resource_variable_ops")
        names = ("BaseResourceVariable", "ResourceVariable", "UninitializedVariable")
        return [cls for cls in (getattr(variables, name) for name in names) if "assign" in vars(cls)]

    def _compared(self, assign: Callable[..., Any], note: Optional[NoteShape]) -> Callable[..., Any]:
        def compared(variable: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
            is_stored = isinstance(value, StoredShape) or is_array(value)
            if not is_stored:  # by a layer that finishes what it loaded
                return assign(variable, value, *args, **kwargs)
            if tuple(value.shape) == tuple(variable.shape):
                return variable
            if note is not None:
                return note(variable, tuple(value.shape))
            with self.tensorflow.__internal__.FuncGraph("keras_lsp_load").as_default():
                spec = TensorSpec(tuple(value.shape), str(value.dtype))
                return assign(variable, self._placeholder(spec), *args, **kwargs)

        return compared

    def _shapes_in(self, get: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *place: {name: self._shape_of(array) for name, array in get(*place).items()}

    def _shape_of(self, stored: Any) -> Any:
        return self.array(TensorSpec(tuple(stored.shape), str(stored.dtype)))

    def _source(self, name: str) -> Any:
        """A module of tf-keras's own source, which has moved from one package to another; None without it."""
        root = self.model_class.__module__.rpartition(".engine.")[0]
        try:
            return importlib.import_module(f"{root}.{name}")
        except ImportError:
            return None

    def check_samples(self, arrays: Any) -> None:
        adapter: Any = importlib.import_module(
            self.model_class.__module__.rpartition(".")[0] + ".data_adapter"
        )
        adapter._check_data_cardinality(arrays)

    def compare(self, model: Any, targets: Any, outputs: Any) -> None:
        tf = self.tensorflow
        refused = tf.errors.OperatorNotAllowedInGraphError  # AutoGraph makes `if tensor:` work in `fit`
        graph = tf.__internal__.FuncGraph("keras_lsp_loss").as_default()
        with graph, contextlib.suppress(refused):
            given, made = (self.map_structure(self._placeholder, specs) for specs in (targets, outputs))
            if model.compiled_loss is not None:
                model.compiled_loss(given, made)
            if model.compiled_metrics is not None:
                model.compiled_metrics.update_state(given, made)

    def _placeholder(self, spec: TensorSpec) -> Any:
        return self.tensorflow.compat.v1.placeholder(keras_dtype(spec.dtype), spec.shape)

    def prepare(self) -> None:
        super().prepare()
        self.tensorflow.debugging.disable_traceback_filtering()
        self._zeros_for_handles()
        self._convert_only_what_needs_it()
        self._trace_no_second_recurrence()

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        ops: Any = importlib.import_module("tensorflow.python.framework.ops")
        graphs = ops._default_graph_stack
        with contextlib.ExitStack() as scopes:

            def enter() -> None:
                scopes.enter_context(self.tensorflow.variable_creator_scope(self._create_and_note))

            def reset() -> None:
                original()
                enter()  # a scope is the graph's, and `clear_session` begins with another one

            enter()
            original, graphs.reset = graphs.reset, reset
            try:
                yield
            finally:
                graphs.reset = original

    def _create_and_note(self, next_creator: Any, **arguments: Any) -> Any:
        """Keras hands on an initializer with the shape bound to it, and forgets it then."""
        variable = self._create(next_creator, **arguments)
        setattr(variable, INITIALIZER, getattr(arguments.get("initial_value"), "func", None))
        return variable

    def _create(self, next_creator: Any, **arguments: Any) -> Any:
        tf = self.tensorflow
        initial, shape, dtype = (arguments.get(key) for key in ("initial_value", "shape", "dtype"))
        if not callable(initial):
            return next_creator(**arguments)  # a concrete array: its memory exists already
        if shape is None:
            with tf.__internal__.FuncGraph("keras_lsp_shape").as_default():
                tensor = tf.convert_to_tensor(initial(), dtype=dtype)
            shape, dtype = tensor.shape, dtype or tensor.dtype
        shape = tf.TensorShape(shape)
        if not shape.is_fully_defined() or shape.num_elements() <= REAL_VARIABLE_ELEMENTS:
            return next_creator(**arguments)
        resource_variable_ops: Any = importlib.import_module("tensorflow.python.ops.resource_variable_ops")

        return resource_variable_ops.UninitializedVariable(
            trainable=arguments.get("trainable"),
            shape=shape,
            dtype=tf.as_dtype(dtype or tf.float32),
            name=arguments.get("name"),
            synchronization=arguments.get("synchronization") or tf.VariableSynchronization.AUTO,
            aggregation=arguments.get("aggregation") or tf.VariableAggregation.NONE,
            extra_handle_data=None,
            distribute_strategy=None,
        )

    def _zeros_for_handles(self) -> None:
        """Reading a handle without memory gives zeros of its shape, as a copy-free view."""
        resource_variable_ops: Any = importlib.import_module("tensorflow.python.ops.resource_variable_ops")

        line = self

        def numpy(variable: Any) -> Any:
            report = line.weight(variable)
            return line.array(TensorSpec(report.shape, report.dtype))

        resource_variable_ops.UninitializedVariable.numpy = numpy

    def _convert_only_what_needs_it(self) -> None:
        """Run `call` as it is written; AutoGraph's copy of it, which records nothing, if that raises."""
        # tf-keras asks `tensorflow.compat.v2`, whose modules are others than those of `tensorflow`.
        autograph: Any = importlib.import_module("tensorflow.compat.v2").__internal__.autograph
        original = autograph.tf_convert

        def tf_convert(function: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
            converted = original(function, context, *args, **kwargs)

            def run(*call_args: Any, **call_kwargs: Any) -> Any:
                layer = getattr(function, "__self__", None)
                self.watcher.began(layer)
                try:
                    outputs = function(*call_args, **call_kwargs)
                except Exception as plain:  # noqa: BLE001 - `if tensor:` and the like: the rewritten copy decides
                    self.watcher.began(layer)
                    try:
                        outputs = converted(*call_args, **call_kwargs)
                    except Exception as rewritten:
                        if type(rewritten) is type(plain):
                            raise plain from None  # which knows the user's lines
                        raise
                self.watcher.ended(layer, call_args, call_kwargs, outputs)
                return outputs

            return run

        autograph.tf_convert = tf_convert

    def _trace_no_second_recurrence(self) -> None:
        """LSTM and GRU trace themselves for a GPU and for gradients, too, which nothing here asks for.

        It is half of what a call of them costs.
        """
        utils = self._source("layers.rnn.gru_lstm_utils")
        if utils is not None:
            utils.function_register = lambda *_, **__: None
