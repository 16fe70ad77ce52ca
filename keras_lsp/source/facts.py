"""What the text of one module says about models: frozen data, spans inside, no Keras, no LSP.

Names follow Keras's own terms. A *canonical name* is the spelling under `keras.` whatever the import
style (`tf.keras.layers.Dense`, `keras.src.layers.Dense` and `L.Dense` are all `keras.layers.Dense`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from keras_lsp.text.span import Span

Literal = str | int | float | bool | None | tuple["Literal", ...]


class Built(str, Enum):
    """What the text says about a model's state at one place; paths that disagree join to UNKNOWN."""

    NO = "not built"
    MARKED = "marked built"  # Keras 3 only: `model.build(shape)` on a subclass without its own build()
    YES = "built"
    UNKNOWN = "unknown"


class ModelKind(str, Enum):
    SUBCLASS = "subclass"
    SEQUENTIAL = "sequential"
    FUNCTIONAL = "functional"
    LAYER = "layer"
    HOLDER = "holder"  # no model: what it is asked for is what it keeps in attributes
    MODULE = "module"  # a `tf.Module`: holds layers, has no `.layers` and builds nothing by itself
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call. `name` is the parameter it binds to, None when that is not known."""

    name: str | None
    text: str
    span: Span
    value: Literal = None
    known: bool = False  # whether `value` is really the value (None is a value, too)
    keyword: bool = False  # written as name=value
    stands_for: str = ""  # what is no literal, as the literal that it comes to: "64" of `UNITS`
    by_default: bool = False  # it comes to that unless a caller, or a class derived from it, says otherwise


@dataclass(frozen=True, slots=True)
class LayerCall:
    """An expression that makes a layer or a model: `tf.keras.layers.Dense(64, activation="relu")`."""

    callee: str  # canonical name, or the class's own name when it is defined in this module
    class_name: str  # last part of callee
    span: Span
    callee_span: Span
    arguments: tuple[Argument, ...] = ()
    is_builtin: bool = True  # a class Keras offers, not one of the user's
    layers: tuple[LayerCall, ...] = ()  # of a Sequential: its layers in order, as far as the text gives them
    complete: bool = False  # whether `layers` is surely all of them

    def argument(self, name: str) -> Argument | None:
        return next((a for a in self.arguments if a.name == name), None)

    @property
    def given_name(self) -> str | None:
        """The literal given as `name=`."""
        argument = self.argument("name")
        return argument.value if argument and isinstance(argument.value, str) else None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A place in another file, for whoever goes there: its line, and what stands before it in that line."""

    path: str
    line: int
    before: str
    text: str


@dataclass(frozen=True, slots=True)
class LayerSlot:
    """`self.<path>` that holds a layer: "dense1", or "blocks[0]", "heads['a']" for container elements."""

    owner: str  # class name
    path: str
    definition: Span  # `self.dense1` as assigned, or the element's expression in a container
    call: LayerCall | None  # None when the text does not give the class
    source_line: Span  # the defining statement
    conditional: bool = False  # assigned on some paths only, or more than once
    repeated: bool = False  # made in a loop or comprehension: one text, many layers
    elsewhere: Elsewhere | None = None  # of a base class in another file; all spans are the base's name here

    @property
    def attribute(self) -> str:
        """The attribute below self: "blocks" for "blocks[0].conv"."""
        return self.path.replace("[", ".").split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class MadeWeight:
    """A weight that a class makes and keeps: `self.kernel = self.add_weight(shape=(3, 4))`."""

    owner: str  # class name
    attribute: str
    definition: Span  # `self.kernel` as assigned
    maker: str  # "add_weight", "keras.Variable": what its arguments are given to
    arguments: tuple[Argument, ...]  # those by position without a name: their order depends on the Keras
    source_line: Span  # the defining statement
    conditional: bool = False  # made on some paths only
    elsewhere: Elsewhere | None = None  # as of a `LayerSlot`


@dataclass(frozen=True, slots=True)
class MethodFacts:
    name: str
    span: Span
    name_span: Span
    parameters: tuple[str, ...]  # without self
    defaults: int = 0  # how many of them have a default


@dataclass(frozen=True, slots=True)
class ModelClass:
    """A class that is a Keras model or layer, directly or through classes of this module."""

    name: str
    span: Span
    name_span: Span
    kind: ModelKind  # SUBCLASS for models, LAYER for layers, MODULE
    bases: tuple[str, ...]  # canonical where known, else as written
    slots: tuple[LayerSlot, ...]
    methods: tuple[MethodFacts, ...]
    closed: bool = True  # False when layers may exist that the text does not show (unknown base, setattr)
    inherited: tuple[LayerSlot, ...] = ()  # slots of base classes in this module; `owner` names the class
    layers: tuple[LayerSlot, ...] | None = None  # what `.layers` holds, in order; None when not certain
    builds_itself: bool = True  # has a build() of its own or from a base; also when a base is not known
    initial: Built = Built.UNKNOWN  # of a new instance
    input_text: str | None = None  # the shape that its `call` says of its input, in a signature or annotation
    lengths: tuple[
        tuple[str, int], ...
    ] = ()  # attributes that hold lists with layers, and how long these are
    setters: tuple[tuple[str, str], ...] = ()  # properties, and the attribute that keeps what each is given
    passed: tuple[
        tuple[str, str], ...
    ] = ()  # attributes that keep what the constructor is given, and its parameters
    graph: tuple[LayerCall, ...] = ()  # layers with a name that its `__init__` makes for a graph of its own
    weights: tuple[MadeWeight, ...] = ()  # own ones first, then those of its bases

    def method(self, name: str) -> MethodFacts | None:
        return next((m for m in self.methods if m.name == name), None)

    def slot(self, path: str) -> LayerSlot | None:
        return next((s for s in (*self.slots, *self.inherited) if s.path == path), None)

    def weight(self, attribute: str) -> MadeWeight | None:
        """How the class makes the weight in an attribute."""
        return next((weight for weight in self.weights if weight.attribute == attribute), None)

    def length(self, attribute: str) -> int | None:
        """How many elements the list in an attribute has, where the text fixes it."""
        return dict(self.lengths).get(attribute)

    @property
    def has_own_build(self) -> bool:
        return self.method("build") is not None


@dataclass(frozen=True, slots=True)
class Binding:
    """A variable that holds a model, a layer, or a Keras tensor: `model = MyModel()`, `x = Dense(3)(x)`."""

    name: str
    span: Span  # the name where it is assigned
    statement: Span
    scope: Span  # the function, class or module body in which the name means this
    kind: ModelKind
    call: LayerCall | None
    is_tensor: bool = False  # the *output* of calling that layer, or an Input
    class_name: str | None = None  # a ModelClass of this module
    layers: tuple[LayerCall, ...] = ()  # Sequential: its layers in order, as far as the text gives them
    complete: bool = False  # whether `layers` is surely all of them


@dataclass(frozen=True, slots=True)
class HolderBinding:
    """A variable that holds an object of a class that is no model and keeps models: `trainer = Trainer()`."""

    name: str
    span: Span  # the name where it is assigned
    scope: Span  # as of a `Binding`
    holder: ModelClass  # what its attributes are; no model


class EventKind(str, Enum):
    CONSTRUCT = "construct"
    BUILD = "build"
    CALL = "call"
    FIT = "fit"  # fit, evaluate, predict, *_on_batch
    OTHER = "other"  # the model is handed to code we do not follow


@dataclass(frozen=True, slots=True)
class BuildEvent:
    """Something that happens to a model variable that may build it."""

    kind: EventKind
    variable: str
    span: Span  # the whole call
    statement: Span
    shape_text: str | None = None  # of the input it tells: what build is given, as written; of a call's array
    after: Built = Built.UNKNOWN


class StepKind(str, Enum):
    ATTRIBUTE = "attribute"  # .dense1
    LAYERS = "layers"  # .layers[i]
    GET_LAYER = "get_layer"  # .get_layer("name") / .get_layer(index=2)
    ELEMENT = "element"  # [0] or ["head"] on a container slot


@dataclass(frozen=True, slots=True)
class Step:
    kind: StepKind
    value: str | int | None  # attribute name, index, layer name; None when it is not a literal
    span: Span  # the step's own text: `.layers[0]`, `.dense1`
    value_span: Span | None = None  # `0` in `.layers[0]`, the string with its quotes in get_layer


@dataclass(frozen=True, slots=True)
class LayerPath:
    """An expression that denotes a layer, read from its root variable: `model.layers[0]`."""

    span: Span
    root: str  # "self" or a variable
    root_span: Span
    root_class: str | None  # ModelClass name, where the text gives it
    steps: tuple[Step, ...]
    slot: LayerSlot | None = None  # what it denotes, where the text alone decides that
    call: LayerCall | None = None
    is_store: bool = False


@dataclass(frozen=True, slots=True)
class WeightUse:
    """Reading weights: `model.layers[0].weights[0]`, `layer.kernel`, `model.trainable_variables`."""

    span: Span  # up to and with the index, without what follows (`.shape`, `.numpy()`)
    owner_span: Span  # what is before `.weights`
    attribute: str  # weights, trainable_weights, get_weights, kernel, bias, ...
    attribute_span: Span
    index: int | None  # literal index behind a list attribute
    root: str | None  # the model variable at the root
    layer: LayerPath | None  # None when the owner is the model itself or a loop variable
    statement: Span
    insert_at: Span | None  # the outermost simple place before which a fix can build the model
    state: Built  # of the root model, from the text
    cause: BuildEvent | None = None  # the last event before the use
    made: MadeWeight | None = None  # where the text says how the weight is made


class ReferenceKind(str, Enum):
    MODEL_CLASS = "class"  # a ModelClass name: definition, instantiation, base
    MODEL = "model"  # a variable holding a model or layer
    TENSOR = "tensor"  # a variable or parameter inside call() or functional code
    SLOT = "slot"  # `self.dense1` (span covers `self.dense1`)
    LAYER_PATH = "layer path"
    LAYERS = "layers"  # `model.layers`
    WEIGHTS = "weights"  # a list of weights: `layer.weights`
    WEIGHT = "weight"  # one weight: `layer.weights[0]`, `layer.kernel`
    CONSTRUCTOR = "constructor"  # the callee of a LayerCall: `tf.keras.layers.Dense`


@dataclass(frozen=True, slots=True)
class Reference:
    """One place in the text that means something to us. Exactly one of the payload fields fits `kind`.

    `span` is the smallest text a hover there is about; places nest, the innermost wins.
    """

    kind: ReferenceKind
    span: Span
    name: str  # as written: "dense1", "model", "weights"
    is_store: bool = False
    model_class: ModelClass | None = None
    binding: Binding | None = None
    slot: LayerSlot | None = None
    path: LayerPath | None = None
    weight: WeightUse | None = None
    call: LayerCall | None = None
    scope: Span | None = None  # for TENSOR: the function it lives in


@dataclass(frozen=True, slots=True)
class Problem:
    """A stretch of text that could not be parsed and was blanked; everything else keeps its facts."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class InputPragma:
    """An input that the text pins in a comment, see `source/pragmas.py`."""

    target: str  # class, function or variable
    span: Span  # of the comment
    text: str  # "(None, 32)"; for several arguments "query=(None, 16, 32), value=(None, 16, 32)"
    problem: str = ""  # why it cannot be read


@dataclass(frozen=True, slots=True)
class KerasImports:
    """How this module speaks of Keras."""

    used: bool = False
    prefix: str | None = None  # what to write before `.Input`: "tf.keras", "keras"; None when nothing fits
    layers_prefix: str | None = None  # what to write before `.Dense`
    names: tuple[tuple[str, str], ...] = ()  # local name -> canonical or dotted name ("np" -> "numpy")
    by_tensorflow: frozenset[str] = frozenset()  # those local names that are TensorFlow, or came with it
    legacy: bool = False  # imports tf_keras, or the text itself sets TF_USE_LEGACY_KERAS
    backend: str = ""  # where the text itself sets KERAS_BACKEND


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    keras: KerasImports = field(default_factory=KerasImports)
    classes: tuple[ModelClass, ...] = ()
    bindings: tuple[Binding, ...] = ()
    events: tuple[BuildEvent, ...] = ()
    paths: tuple[LayerPath, ...] = ()
    weight_uses: tuple[WeightUse, ...] = ()
    references: tuple[Reference, ...] = ()  # sorted by span
    holders: tuple[HolderBinding, ...] = ()
    problems: tuple[Problem, ...] = ()
    pragmas: tuple[InputPragma, ...] = ()
    fingerprint: str = ""  # of the syntax tree without positions and comments

    @property
    def input_shapes(self) -> dict[str, str]:
        """Class, function or variable -> the input pinned to it in a comment; the last one counts."""
        return {pragma.target: pragma.text for pragma in self.pragmas if not pragma.problem}

    def model_class(self, name: str | None) -> ModelClass | None:
        return next((c for c in self.classes if c.name == name), None)

    def class_at(self, offset: int) -> ModelClass | None:
        """The innermost model class whose text holds `offset`."""
        inside = [c for c in self.classes if c.span.touches(offset)]
        return min(inside, key=lambda c: c.span.length, default=None)

    def references_at(self, offset: int) -> tuple[Reference, ...]:
        """All references under a cursor, innermost first."""
        hits = [r for r in self.references if r.span.touches(offset)]
        return tuple(sorted(hits, key=lambda r: r.span.length))

    def binding_at(self, name: str, offset: int) -> Binding | None:
        """What `name` is bound to at `offset`: the last binding before it in the innermost scope."""
        return _bound_at(self.bindings, name, offset)

    def holder_at(self, name: str, offset: int) -> HolderBinding | None:
        """The same for an object that keeps models; what it was before or after does not count."""
        return _bound_at(self.holders, name, offset)


_Bound = TypeVar("_Bound", Binding, HolderBinding)


def _bound_at(bindings: tuple[_Bound, ...], name: str, offset: int) -> _Bound | None:
    found = [b for b in bindings if b.name == name and b.scope.touches(offset)]
    if not found:
        return None
    innermost = min(b.scope.length for b in found)
    local = [b for b in found if b.scope.length == innermost]
    before = [b for b in local if b.span.start <= offset]
    return max(before, key=lambda b: b.span.start) if before else local[0]
