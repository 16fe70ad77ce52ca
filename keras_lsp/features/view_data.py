"""What a model view shows, as plain data with spans in code points: of a replay, or of the text alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_lsp.text.span import Span


@dataclass(frozen=True, slots=True)
class ViewStep:
    """One thing that runs, or is held, inside a layer. `key` is its own there, and holds over replays."""

    kind: str  # layer | operation | argument | result
    key: str
    label: str  # how the text calls it: `blocks[2]`, else its name
    layer: int | None = None  # id
    call: int = 1  # which call of that layer in here
    calls: int = 1  # of how many
    span: Span | None = None  # the call expression


@dataclass(frozen=True, slots=True)
class ViewEdge:
    source: int  # indices of steps
    target: int
    shape: str  # "(None, 64)", with the dtype where it is not float32; "" when not known
    through: tuple[str, ...] = ()  # operations of the backend on the way


@dataclass(frozen=True, slots=True)
class ViewWeight:
    name: str
    shape: str
    dtype: str
    trainable: bool
    initializer: str = ""


@dataclass(frozen=True, slots=True)
class ViewLayer:
    """A layer or model. Numbers are None where they are not known; a cost is for one sample."""

    id: int
    class_name: str
    name: str
    kind: str  # subclass | sequential | functional | layer
    family: str
    is_user_class: bool
    made: Span | None = None  # the constructor call
    called: tuple[Span, ...] = ()  # where the text calls it; without a replay where it is assigned
    config: str = ""  # "units=64, activation='relu'"
    flow: str = ""  # "(None, 32) → (None, 64)"
    output: str = ""
    built: bool = False
    projected: bool = False  # weights and shapes are what a call would make
    guessed: bool = False  # and its input is a guess
    parameters: int | None = None
    non_trainable: int | None = None
    bytes: int | None = None
    flops: int | None = None
    activation_bytes: int | None = None
    cost_complete: bool = True  # False: the costs are "at least"
    weights: tuple[ViewWeight, ...] = ()  # its own
    notes: tuple[str, ...] = ()  # sentences: why something is as it is, or is not known
    # What is inside. origin: model | call | order | held (no order is known) | "" (nothing inside)
    origin: str = ""
    steps: tuple[ViewStep, ...] = ()
    edges: tuple[ViewEdge, ...] = ()
    unknown: tuple[int, ...] = ()  # steps that also take something whose origin was not seen
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class ViewModel:
    """Something that can be shown on its own."""

    id: int  # of its layer
    key: str  # holds over replays
    title: str  # the variable that holds it, else its class
    inner: bool = False  # it is also inside another one


@dataclass(frozen=True, slots=True)
class ViewFailure:
    message: str  # "ValueError: …"
    span: Span | None


@dataclass(frozen=True, slots=True)
class ViewHole:
    reason: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class ModelView:
    origin: str  # replay | text
    models: tuple[ViewModel, ...] = ()
    layers: tuple[ViewLayer, ...] = ()
    failures: tuple[ViewFailure, ...] = ()  # what the program raises
    holes: tuple[ViewHole, ...] = ()  # what a replay does not know
    here: tuple[int, ...] = field(default=())  # ids of the layers a place in the text is about
