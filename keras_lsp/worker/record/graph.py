"""What feeds what inside a model or layer: Keras's own graph where it has one, else what its first call did.

Nothing is inferred from the order of layers but in a Sequential, which is a chain by definition. A tensor
that comes from nowhere we saw makes its step one of `unknown`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from ..lines.symbolic import is_library
from ..report import EdgeReport, GraphReport, SpanPair, StepReport, TensorSpec
from .observe import Seen

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from .observe import Registry

MAX_WALK = 2_000  # operations of the backend between two layers
MAX_THROUGH = 4
# How a backend moves a tensor about without changing it: not worth a word.
SILENT = frozenset({"Identity", "IdentityN", "StopGradient", "ReadVariableOp", "Const", "NoOp", "Cast"})


def own_graph(model: Any) -> Optional[List[Any]]:
    """The nodes in the graph of a functional or built Sequential model, in order; None for other models."""
    # A built Sequential of Keras 3 has its graph in an inner model.
    nodes = getattr(getattr(model, "_functional", None) or model, "_nodes_by_depth", None)
    if not isinstance(nodes, dict) or not _runs_library_call(type(model)):
        return None
    return [node for depth in sorted(nodes, reverse=True) for node in nodes[depth]]


def _runs_library_call(cls: type) -> bool:
    return is_library(next((base for base in cls.__mro__ if "call" in base.__dict__), cls))


class Source(NamedTuple):
    """A step that a tensor comes from, what it gave, and through which operations of the backend."""

    step: int
    tensor: Any
    through: Tuple[str, ...] = ()


class Graphs:
    def __init__(self, line: KerasLine, registry: Registry) -> None:
        self.line = line
        self.registry = registry

    def of(self, seen: Seen) -> Optional[GraphReport]:
        """None when nothing is known of what runs inside, or nothing does."""
        nodes = own_graph(seen.layer)
        if nodes is not None:
            return self._of_nodes(seen.layer, nodes)
        if isinstance(seen.layer, self.line.keras.Sequential):
            return self._of_chain(seen.layer)
        if seen.trail is None or not seen.trail.steps:
            return None
        return _Walk(self.line, seen).graph()

    # -- Keras's own graph

    def _of_nodes(self, model: Any, nodes: List[Any]) -> GraphReport:
        places = {id(node): index for index, node in enumerate(nodes)}
        calls: Dict[int, int] = {}
        steps, edges = [], []
        for index, node in enumerate(nodes):
            operation = self._operation(node)
            calls[id(operation)] = calls.get(id(operation), 0) + 1
            steps.append(
                _step(
                    self.registry.number(operation),
                    operation,
                    calls[id(operation)],
                    self.registry.places.get(id(node)) or self.registry.places.get(id(operation)),
                )
            )
            for tensor in self._taken(node):
                source = places.get(id(self._maker(tensor)))
                if source is not None:
                    edges.append(EdgeReport(source, index, self.line.tensor(tensor)))
        for tensor in self._leaves(model.outputs):
            source = places.get(id(self._maker(tensor)))
            if source is not None:
                steps.append(StepReport(kind="result"))
                edges.append(EdgeReport(source, len(steps) - 1, self.line.tensor(tensor)))
        return GraphReport("model", tuple(steps), tuple(edges))

    def _operation(self, node: Any) -> Any:
        return node.operation if self.line.line == 3 else node.layer

    def _taken(self, node: Any) -> List[Any]:
        if node.is_input:
            return []
        return list(node.arguments.keras_tensors if self.line.line == 3 else node.keras_inputs)

    def _maker(self, tensor: Any) -> Any:
        history = getattr(tensor, "_keras_history", None)
        if history is None:
            return None
        operation = history.operation if self.line.line == 3 else history.layer
        return None if operation is None else operation._inbound_nodes[history.node_index]

    def _leaves(self, structure: Any) -> List[Any]:
        if isinstance(structure, dict):
            structure = list(structure.values())
        if isinstance(structure, (list, tuple)):
            return [leaf for item in structure for leaf in self._leaves(item)]
        return [structure]

    # -- a chain whose shapes nobody asked for

    def _of_chain(self, model: Any) -> Optional[GraphReport]:
        try:
            layers = list(model.layers)
        except Exception:  # noqa: BLE001 - a user class may override `layers`
            return None
        if not layers:
            return None
        steps = tuple(_step(self.registry.number(layer), layer, 1, None) for layer in layers)
        edges = tuple(EdgeReport(index, index + 1) for index in range(len(layers) - 1))
        return GraphReport("order", steps, edges)


def _step(number: Optional[int], operation: Any, call: int, place: Optional[SpanPair]) -> StepReport:
    if number is None:
        name = str(getattr(operation, "name", ""))
        return StepReport("operation", None, type(operation).__name__, name, call, place)
    return StepReport("layer", number, call=call, span=place)


class _Walk:
    """From each step of a call back to what gave it its tensors."""

    def __init__(self, line: KerasLine, seen: Seen) -> None:
        self.line = line
        self.trail = seen.trail
        self.steps: List[StepReport] = []
        self.edges: Dict[Tuple[int, int, Optional[TensorSpec]], EdgeReport] = {}
        self.unknown: Set[int] = set()
        self._makers: Dict[Any, int] = {}  # key of a tensor -> step
        self._calls: Dict[int, int] = {}
        self._same_sizes = line.backend() == "tensorflow"  # other backends trace with made-up sizes

    def graph(self) -> GraphReport:
        assert self.trail is not None  # noqa: S101 - the only caller has looked
        for name, tensor in self.trail.arguments:
            self._makers[_key(tensor)] = len(self.steps)
            self.steps.append(StepReport("argument", name=name))
        for taken in self.trail.steps:
            index = len(self.steps)
            self._calls[id(taken.part)] = call = self._calls.get(id(taken.part), 0) + 1
            known = isinstance(taken.part, Seen)
            number = taken.part.number if known else None
            self.steps.append(_step(number, taken.part, call, taken.place))
            for tensor in taken.given:
                self._join(tensor, index)
            for tensor in taken.made:
                self._makers[_key(tensor)] = index
        for name, tensor in self.trail.results:
            self.steps.append(StepReport("result", name=name))
            self._join(tensor, len(self.steps) - 1)
        return GraphReport(
            "call",
            tuple(self.steps),
            tuple(self.edges.values()),
            tuple(sorted(self.unknown)),
            self.trail.truncated or not self.trail.ended,
        )

    def _join(self, tensor: Any, target: int) -> None:
        sources = list(self._sources(tensor))
        if not sources and not _is_constant(tensor):
            self.unknown.add(target)
        for source in sources:
            spec = self._spec(source.tensor)
            edge = EdgeReport(source.step, target, spec, source.through)
            self.edges.setdefault((source.step, target, spec), edge)

    def _spec(self, tensor: Any) -> Optional[TensorSpec]:
        if not (self._same_sizes or self.line.is_symbolic(tensor)):
            return None
        return self.line.tensor(tensor)

    def _sources(self, tensor: Any) -> Iterator[Source]:
        """Where a tensor comes from; through the backend's operations, where these tell their inputs."""
        found = self._makers.get(_key(tensor))
        if found is not None:
            yield Source(found, tensor)
            return
        met: Set[Any] = {_key(tensor)}
        waiting: List[Tuple[Any, Tuple[str, ...]]] = [(tensor, ())]
        while waiting and len(met) < MAX_WALK:
            current, through = waiting.pop()
            operation = _operation_of(current)
            if operation is None:
                continue
            if operation.type not in SILENT and len(through) < MAX_THROUGH:
                through = (operation.type, *through)
            for given in operation.inputs:
                key = _key(given)
                if key in self._makers:
                    yield Source(self._makers[key], given, through)
                elif key not in met:
                    met.add(key)
                    waiting.append((given, through))


def _operation_of(tensor: Any) -> Any:
    """The operation of a TensorFlow graph that made a tensor; None for tensors of other kinds."""
    if not hasattr(tensor, "graph"):
        return None
    operation = getattr(tensor, "op", None)
    return operation if hasattr(operation, "inputs") and hasattr(operation, "type") else None


def _is_constant(tensor: Any) -> bool:
    """Whether it is made from nothing that a call gets: numbers, random values, weights."""
    first = _operation_of(tensor)
    waiting, met = [first], 0
    while waiting and met < MAX_WALK:
        operation, met = waiting.pop(), met + 1
        if operation is None or operation.type.startswith("Placeholder"):
            # What a graph takes in is a weight of the model, or a tensor of the code around it.
            handle = operation is not None and operation.outputs[0].dtype.name == "resource"
            if not handle:
                return False
            continue
        waiting.extend(given.op for given in operation.inputs)
    return met < MAX_WALK


def _key(tensor: Any) -> Any:
    graph = getattr(tensor, "graph", None)
    return id(tensor) if graph is None else (id(graph), tensor.name)
