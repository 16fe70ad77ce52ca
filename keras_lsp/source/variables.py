"""What names and expressions mean while a module is walked; drafts that become facts at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from keras_lsp.source.facts import (
    BuildEvent,
    Built,
    EventKind,
    LayerCall,
    LayerSlot,
    ModelKind,
    Step,
)

if TYPE_CHECKING:
    from keras_lsp.source.class_info import ClassInfo, Holder
    from keras_lsp.source.facts import MadeWeight
    from keras_lsp.source.held import Held
    from keras_lsp.text.span import Span


class Sort(Enum):
    """The kinds of values we follow."""

    OBJECT = "a layer or model"
    TENSOR = "a Keras tensor"
    TENSORS = "a container with Keras tensors in it"
    LAYER_LIST = "model.layers, or a slice of it"
    CONTAINER = "a list or dict of layers"
    HOLDER = "an object that keeps models in attributes"
    WEIGHTS = "a list of weights"
    WEIGHT = "one weight"


@dataclass(eq=False, slots=True)
class Variable:
    """One binding of a name."""

    name: str
    span: Span
    statement: Span
    scope: Scope
    value: Value
    blocks: tuple[int, ...]  # the blocks of statements around it, outermost first
    layers: tuple[LayerCall, ...] = ()
    complete: bool = False
    home: Scope | None = None  # of an attribute, `self.model`: the class that keeps it
    known_input: bool | None = None  # of a Sequential: whether its layers fix the input shape
    single_input: LayerCall | None = None  # of a functional model: its only Input, so the first of its layers


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class or function body. A name that is known to mean nothing to us maps to None."""

    span: Span
    parent: Scope | None = None
    names: dict[str, Variable | None] = field(default_factory=dict)
    is_class: bool = False
    is_expression: bool = False  # a comprehension or lambda
    title: str = ""  # name of the function or class
    info: ClassInfo | None = None  # the model class whose method this is
    self_name: str | None = None
    object_name: str | None = None  # what a method of any other class calls its object
    is_call: bool = False  # whether this is a `call`, whose names are tensors where nothing else is known
    shapes: dict[str, str | None] = field(default_factory=dict)  # of arrays, where the text says them
    tensor_names: set[str] = field(default_factory=set)
    containers: dict[str, Held] = field(default_factory=dict)  # names of lists and dicts of layers
    holders: dict[str, Holder] = field(default_factory=dict)  # names of objects that keep models
    began: dict[str, tuple[int, ...]] = field(default_factory=dict)  # the blocks in which those were made

    def lookup(self, name: str) -> Variable | None:
        """The variable a name means here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names and (not scope.is_class or scope is self):
                return scope.names[name]
            scope = scope.parent
        return None

    def shape(self, name: str) -> str | None:
        """The shape of the array a name stands for, as the text spells it."""
        scope: Scope | None = self
        while scope is not None and name not in scope.shapes and name not in scope.names:
            scope = scope.parent
        return scope.shapes.get(name) if scope is not None else None

    def container(self, name: str) -> Held | None:
        """What the list or dict holds that a name stands for."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope.containers.get(name) if scope is not None else None

    def holder(self, name: str) -> Holder | None:
        """What the object keeps that a name stands for, where it is no model."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope.holders.get(name) if scope is not None else None

    def forget_holder(self, name: str) -> None:
        """What the object keeps that a name stands for is no longer what its class says."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        if scope is not None:
            scope.holders.pop(name, None)

    def hides(self, name: str) -> bool:
        """Whether a function or comprehension gives `name` a meaning of its own."""
        scope: Scope | None = self
        while scope is not None and scope.parent is not None:
            if name in scope.names and not scope.is_class:
                return True
            scope = scope.parent
        return False

    def tensor_scope(self, name: str) -> Scope | None:
        """The `call` in which `name` is a tensor of which the text tells nothing more."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope if scope is not None and name in scope.tensor_names else None

    def method_scope(self, name: str) -> Scope | None:
        """The method whose object `name` is."""
        scope: Scope | None = self
        while scope is not None:
            if name == scope.self_name:
                return scope
            if name in scope.names and not scope.is_class:
                return None
            scope = scope.parent
        return None

    def holder_method(self, name: str) -> Scope | None:
        """The method of a class that is no model whose object `name` is."""
        scope: Scope | None = self
        while scope is not None:
            if name == scope.object_name:
                return scope
            if name in scope.names and not scope.is_class:
                return None
            scope = scope.parent
        return None

    def kept(self, attribute: str, method: Scope) -> Variable | None:
        """The variable that `self.<attribute>` is in a method: as given last in it, else by its class."""
        key = kept_name(attribute)
        scope: Scope | None = self
        while scope is not None:
            if key in scope.names:
                return scope.names[key]
            if scope is method.parent:
                return scope.names.get(attribute)
            scope = scope.parent
        return None


def kept_name(attribute: str) -> str:
    """What an attribute is called among the names of a scope: no name of the text looks like it."""
    return f".{attribute}"


class Path(NamedTuple):
    """Where an object was reached from: the root variable or `self`, and the steps from there."""

    root: str
    root_span: Span
    root_class: str | None
    steps: tuple[Step, ...] = ()


class Value(NamedTuple):
    """What an expression denotes, as far as we follow it."""

    sort: Sort
    kind: ModelKind = ModelKind.UNKNOWN
    call: LayerCall | None = None
    class_name: str | None = None  # a model class of this module
    slot: LayerSlot | None = None
    held: Held | None = None  # of a CONTAINER
    holder: Holder | None = None  # of a HOLDER
    given: tuple[tuple[str, LayerCall], ...] = ()  # what attributes of it keep that its constructor was given
    path: Path | None = None
    root: Variable | None = None  # the model variable this was reached from
    variable: Variable | None = None  # when the expression is just its name
    weights: WeightDraft | None = None
    is_new: bool = False  # whether the expression itself made the object
    part: tuple[tuple[LayerSlot | None, LayerCall], ...] | None = None  # of a slice of `.layers`, if known
    history: tuple[LayerCall, ...] = ()  # of tensors: the layers they came through, in order

    @property
    def is_whole(self) -> bool:
        """Whether this is the model itself, not a layer below it."""
        at_root = self.path is not None and not self.path.steps
        return at_root and self.root is not None and self.variable is self.root


@dataclass(eq=False, slots=True)
class EventDraft:
    """A BuildEvent whose effect is not yet known."""

    kind: EventKind
    variable: str
    span: Span
    statement: Span
    shape_text: str | None = None
    after: Built = Built.UNKNOWN

    def fact(self) -> BuildEvent:
        return BuildEvent(self.kind, self.variable, self.span, self.statement, self.shape_text, self.after)


@dataclass(eq=False, slots=True)
class WeightDraft:
    """A WeightUse whose index and state are not yet known."""

    span: Span
    owner_span: Span
    attribute: str
    attribute_span: Span
    owner: Value | None
    statement: Span
    insert_at: Span | None
    list_span: Span  # without the index
    index: int | None = None
    is_one: bool = False  # one weight, not a list of them
    made: MadeWeight | None = None
    state: Built = Built.UNKNOWN
    cause: EventDraft | None = None
