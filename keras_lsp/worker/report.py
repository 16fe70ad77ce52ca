"""What one replay saw, as plain data that crosses the wire as JSON.

Shared by the worker (any Python the user's Keras runs on: standard library only, 3.9 syntax) and
the server. Spans are `[start, end]` code-point offsets into the replayed text. Shapes are lists of
ints, None for unknown dimensions, with the batch axis.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Dict, Optional, Tuple

SpanPair = Tuple[int, int]
Shape = Tuple[Optional[int], ...]


@dataclass(frozen=True)
class TensorSpec:
    shape: Shape
    dtype: str


@dataclass(frozen=True)
class WeightReport:
    path: str  # Keras's own path, "my_model/dense/kernel"
    name: str  # the role: kernel, bias, gamma, ...
    shape: Shape
    dtype: str
    trainable: bool
    initializer: str = ""  # class name of the initializer, "" when not known


@dataclass(frozen=True)
class LayerReport:
    """A layer or model object as it was when the replay ended.

    `weights` are Keras's, in Keras's order, also those of sublayers. When the program leaves the layer
    unbuilt but an input shape is known, `projected` is True and weights, inputs and outputs tell what a
    call with `projected_from` would make; the program itself does not have them.
    """

    id: int
    class_name: str
    qualified_name: str
    name: str
    kind: str  # subclass | sequential | functional | layer
    is_user_class: bool
    created: Optional[SpanPair]  # the constructor call in the replayed text
    config: Dict[str, str] = field(default_factory=dict)  # arguments that differ from the default, as text
    built: bool = False
    weights: Tuple[WeightReport, ...] = ()
    own_weights: int = 0  # how many of `weights` are not a sublayer's
    inputs: Tuple[str, ...] = ()  # distinct input structures, as text: "(None, 32)", "{'a': (None, 3)}"
    outputs: Tuple[str, ...] = ()
    layers: Tuple[int, ...] = ()  # ids of `.layers`, in Keras's order
    attributes: Dict[str, int] = field(default_factory=dict)  # attribute path -> id of the layer it holds
    trainable_parameters: int = 0
    non_trainable_parameters: int = 0
    bytes: int = 0
    calls: int = 0
    projected: bool = False
    projected_from: str = ""  # "(None, 32), from `build` on line 14"
    guessed: bool = False  # the projection's input is a guess: nobody says one
    built_how: str = ""  # "called on (None, 32) on line 15"; why it has weights, or why not


@dataclass(frozen=True)
class Value:
    """One value an expression had. `kind` says which of the other fields count."""

    kind: str  # tensor | layer | weight | list | dict | number | none | hole | other
    tensor: Optional[TensorSpec] = None
    layer: Optional[int] = None  # id; for a weight the layer that owns it
    built: bool = False  # of a layer, at that moment
    weights: int = 0  # of a layer, at that moment: len(layer.weights)
    weight: Optional[WeightReport] = None
    items: Tuple[Value, ...] = ()  # of a list, at most 64
    keys: Tuple[str, ...] = ()  # of a dict
    length: int = 0
    text: str = ""  # number: its text; hole: the reason; other: the class name


@dataclass(frozen=True)
class NodeFact:
    """What the replay saw at one expression: distinct values in order, at most 8."""

    span: SpanPair
    values: Tuple[Value, ...]
    count: int = 1
    projected: bool = False  # seen only while working out what a call would make
    guessed: bool = False  # and that call's input is a guess


@dataclass(frozen=True)
class ReplayEvent:
    """Something that changed a model's state, where the user's text did it."""

    kind: str  # build | call | fit | compile | load_weights | save_weights
    layer: int
    span: SpanPair
    built_before: bool
    weights_before: int
    built_after: bool
    weights_after: int
    expected_weights: int = 0  # how many a call makes, where a projection found that out
    input: str = ""  # "(None, 32)"


@dataclass(frozen=True)
class ReplayFailure:
    """An exception the user's program would raise. `certain` is False when a hole had a part in it."""

    type: str
    message: str  # the useful sentence, without Keras's wrapping
    span: Optional[SpanPair]  # innermost node of the user's text; None when it has none
    chain: Tuple[SpanPair, ...] = ()  # user frames, outermost first
    certain: bool = True
    layer: Optional[int] = None  # the layer whose call or attribute raised


@dataclass(frozen=True)
class ReplayWarning:
    category: str
    message: str
    span: Optional[SpanPair]


@dataclass(frozen=True)
class Hole:
    """Why something is not known: which names, where, in words a model author understands."""

    names: Tuple[str, ...]
    span: SpanPair
    reason: str


@dataclass(frozen=True)
class Versions:
    python: str
    keras: str  # version of the Keras the text really uses
    keras_line: int  # 3, or 2 for tf-keras and tf.keras under TF_USE_LEGACY_KERAS
    backend: str = ""
    tensorflow: str = ""


@dataclass(frozen=True)
class ReplayReport:
    versions: Versions
    layers: Tuple[LayerReport, ...] = ()
    nodes: Tuple[NodeFact, ...] = ()
    events: Tuple[ReplayEvent, ...] = ()
    failures: Tuple[ReplayFailure, ...] = ()
    warnings: Tuple[ReplayWarning, ...] = ()
    holes: Tuple[Hole, ...] = ()
    timings: Dict[str, float] = field(default_factory=dict)  # seconds by phase
    truncated: bool = False  # a size cap was hit: what is not here is not known


@dataclass(frozen=True)
class PackedReport:
    """A report as it travels: a weight belongs to its layer and all that hold it, but is sent once."""

    report: ReplayReport  # its layers have no weights
    weights: Tuple[WeightReport, ...] = ()
    of_layers: Tuple[Tuple[int, ...], ...] = ()  # for each layer, indices into `weights`


def pack(report: ReplayReport) -> PackedReport:
    indices: Dict[WeightReport, int] = {}
    of_layers = tuple(
        tuple(indices.setdefault(weight, len(indices)) for weight in layer.weights) for layer in report.layers
    )
    layers = tuple(replace(layer, weights=()) for layer in report.layers)
    return PackedReport(replace(report, layers=layers), tuple(indices), of_layers)


def unpack(packed: PackedReport) -> ReplayReport:
    """Raises ValueError when the parts do not fit together."""
    report, weights = packed.report, packed.weights
    if len(packed.of_layers) != len(report.layers):
        raise ValueError("a report lists the weights of other layers than it has")
    if any(not 0 <= index < len(weights) for indices in packed.of_layers for index in indices):
        raise ValueError("a report speaks of a weight that it does not list")
    layers = tuple(
        replace(layer, weights=tuple(weights[index] for index in indices))
        for layer, indices in zip(report.layers, packed.of_layers)
    )
    return replace(report, layers=layers)
