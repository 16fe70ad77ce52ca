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

IN_STEP = " in the model's own `train_step`"  # ends `projected_from` of what only the step makes


@dataclass(frozen=True)
class TensorSpec:
    shape: Shape
    dtype: str
    named: Tuple[Tuple[int, str], ...] = ()  # axes that depend on what is not known: (1, "len(vocab) + 2")


@dataclass(frozen=True)
class WeightReport:
    path: str  # Keras's own path, "my_model/dense/kernel"
    name: str  # the role: kernel, bias, gamma, ...
    shape: Shape
    dtype: str
    trainable: bool
    initializer: str = ""  # "GlorotUniform", "TruncatedNormal(stddev=0.02)"; "" when not known
    owner: Optional[int] = None  # id of the layer whose own weight it is, in the weights of layers
    named: Tuple[Tuple[int, str], ...] = ()  # as of a TensorSpec


@dataclass(frozen=True)
class CallReport:
    """Calls of one layer that gave and got the same structures; dtypes are told where not float32."""

    inputs: str  # "(None, 32)", "{'ids': (None, 8) int32}", "(None, 32), mask=(None, 8) bool"
    outputs: str
    count: int = 1
    spans: Tuple[SpanPair, ...] = ()  # the distinct call expressions of the text, at most 8


@dataclass(frozen=True)
class CostReport:
    """What one forward pass of a layer's first call takes, per sample: per entry of the first axis.

    A multiplication with its addition counts as two. Nothing is guessed: `complete` is False where a part
    could not be counted, and the numbers then say "at least".
    """

    flops: Optional[int]
    activation_bytes: Optional[int]  # of the outputs of all layers called
    complete: bool = True


@dataclass(frozen=True)
class StepReport:
    """One thing that runs inside a model or layer. `kind` says which of the other fields count."""

    kind: str = "layer"  # layer | operation | argument | result
    layer: Optional[int] = None  # id
    operation: str = ""  # class of an operation that is no layer: "Add", "GetItem"
    name: str = ""  # of an operation; of an argument as `call` has it, "inputs['ids']"
    call: int = 1  # which call of that layer in here, from 1
    span: Optional[SpanPair] = None  # the call expression, where it stands in the text


@dataclass(frozen=True)
class EdgeReport:
    """A tensor on its way; `source` and `target` are indices of steps."""

    source: int
    target: int
    tensor: Optional[TensorSpec] = None  # None: the shape is not known
    through: Tuple[str, ...] = ()  # operations of the backend on the way, as it calls them: "ConcatV2"


@dataclass(frozen=True)
class GraphReport:
    """What feeds what inside a model or layer, its steps in order of execution."""

    origin: str  # model: Keras's own graph; call: what its first call did; order: a chain, shapes not known
    steps: Tuple[StepReport, ...] = ()
    edges: Tuple[EdgeReport, ...] = ()
    unknown: Tuple[int, ...] = ()  # indices of steps that also take something whose origin was not seen
    incomplete: bool = False  # there is more than was seen


@dataclass(frozen=True)
class UntrackedReport:
    """A model or layer uses or holds a layer that is not among its sublayers, as Keras lists them."""

    holder: int  # id of that model or layer
    path: str  # where it is held, "stages[0][1]", "helper.dense"; "" when nowhere in the holder
    reason: str  # a clause without a full stop


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
    trainable_parameters: Optional[int] = 0  # None, as the next two: depends on what is not known
    non_trainable_parameters: Optional[int] = 0
    bytes: Optional[int] = 0
    calls: int = 0
    projected: bool = False
    projected_from: str = ""  # "(None, 32), from `build` on line 14"
    guessed: bool = False  # the projection's input is a guess: nobody says one
    guess: str = ""  # that input with numbers, as a pragma spells it, where sizes are free and have names
    built_how: str = ""  # "called on (None, 32) on line 15"; why it has weights, or why not
    occurrence: int = 1  # 1 for the first object that `created` made, 2 for the next: a loop makes several
    paths: Tuple[Tuple[int, str], ...] = ()  # (id of an outermost holder, path): (3, "blocks[2].conv")
    flows: Tuple[CallReport, ...] = ()  # distinct calls in order, at most 8
    built_by: str = ""  # constructor | call | build | fit: what made the program's weights; "" when nothing
    built_at: Optional[SpanPair] = None  # the expression that did
    untracked: Tuple[UntrackedReport, ...] = ()
    leftover_in: Tuple[int, ...] = ()  # ids of the holders that still list it, though it was replaced there
    cost: Optional[CostReport] = None
    asked: Tuple[int, ...] = ()  # places in `unknowns`: what the statements asked for that made and called it
    depends_on: str = ""  # a clause: what of this layer is not known, because of what
    graph: Optional[GraphReport] = None  # None where nothing runs inside, or nothing is known of it
    called_on_unknown: bool = False  # so that a real run may have built it
    defined: Optional[SpanPair] = None  # its class statement, where the text has several of that name
    drawn: Tuple[str, ...] = ()  # inputs and outputs of its own graph, where that knows them before any call


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
    last: int = 0  # index of the value it had last; -1 when that one is past the cap


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
    about: str = ""  # "samples": how many there are; "target": what the output is compared with


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
class Unknown:
    """Something that code asked about and a replay does not know, so that it had to be answered somehow."""

    text: str  # as the user would write it: "len(vocab)"
    reason: str
    value: Optional[int] = None  # the number that this replay put in its place; None for a truth value


@dataclass(frozen=True)
class StoredWeight:
    """One array in a file of weights."""

    path: str  # in the file: "layers/dense/vars/0"
    shape: Shape
    dtype: str


@dataclass(frozen=True)
class DifferingWeight:
    """A weight of a model of which a file holds one of another shape."""

    path: str  # the model's, as in a WeightReport
    shape: Shape
    stored: Shape  # in the file
    layer: Optional[int] = None  # id of the layer whose own weight it is


@dataclass(frozen=True)
class CheckpointReport:
    """A file that the program loads weights from."""

    span: SpanPair  # the call of `load_weights`
    file: str  # its name, without a folder
    weights: Tuple[StoredWeight, ...] = ()
    complete: bool = True  # False: there are more
    refused: bool = False  # Keras raises, since the file does not go with the model
    differing: Tuple[DifferingWeight, ...] = ()  # the first of them, where Keras gets as far as to compare
    differing_count: int = 0  # of all


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
    unknowns: Tuple[Unknown, ...] = ()
    checkpoints: Tuple[CheckpointReport, ...] = ()
    files: Tuple[str, ...] = ()  # of the workspace, that it depends on: modules, and weights also if missing
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
