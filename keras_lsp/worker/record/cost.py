"""What a forward pass of each layer takes: its own formula, or the sum of what its first call called."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Tuple

from ..report import CostReport
from .flops import MOVING_OPS, layer_flops, operation_flops
from .graph import own_graph
from .memory import item_bytes
from .observe import Part, Seen
from .structures import Specs, leaves, specs_of

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from .observe import Registry


class Costs:
    def __init__(self, line: KerasLine, registry: Registry) -> None:
        self.line = line
        self.registry = registry
        self._known: Dict[int, Optional[CostReport]] = {}  # by number

    def of(self, seen: Seen) -> Optional[CostReport]:
        """None when it was not called, or nothing is known of what it does."""
        if seen.number not in self._known:
            self._known[seen.number] = None  # a layer that calls itself
            self._known[seen.number] = self._work_out(seen)
        return self._known[seen.number]

    def _work_out(self, seen: Seen) -> Optional[CostReport]:
        graph = self._graph(seen.layer)
        if graph is not None:
            return _total(map(self._of_node, graph), complete=True)
        if seen.parts is None:
            return _of_formula(seen.layer, seen.first) if seen.first is not None else None
        parts = seen.parts
        if seen.traced:
            # The tries before tracing were the same work. Other backends trace with made-up sizes.
            same_sizes = self.line.backend() == "tensorflow"
            parts = [part for part in parts if not part.symbolic] if same_sizes else []
        seen_all = not seen.traced and all(part.symbolic for part in parts)
        return _total((self._of_part(part) for part in parts), seen_all) if parts else None

    def _of_part(self, part: Part) -> Optional[CostReport]:
        if not isinstance(part.part, Seen):
            return _of_operation(part)
        if part.part.parts is None and part is not part.part.first:
            return _of_formula(part.part.layer, part)
        return self.of(part.part)

    def _graph(self, model: Any) -> Optional[List[Any]]:
        """The nodes in the graph of a functional or built Sequential model; None for other models.

        A graph is walked, not observed: Keras does not call the layers in it to know their shapes.
        """
        nodes = own_graph(model)
        return None if nodes is None else [node for node in nodes if not node.is_input]

    def _of_node(self, node: Any) -> Optional[CostReport]:
        """Nodes are Keras's own business and differ between its lines."""
        operation = node.operation if self.line.line == 3 else node.layer
        seen = self.registry.find(operation)
        if seen is not None and len(seen.flows) == 1:
            return self.of(seen)
        if self.line.line == 3:
            args, kwargs = node.arguments.args, node.arguments.kwargs
        else:
            args, kwargs = node.call_args, node.call_kwargs
        inputs: List[Tuple[str, Specs]] = [("", specs_of(self.line, value)) for value in args]
        inputs += [(name, specs_of(self.line, value)) for name, value in kwargs.items()]
        given = [(name, specs) for name, specs in inputs if leaves(specs)]
        return self._of_part(Part(seen or operation, given, specs_of(self.line, node.outputs), True))


def _of_formula(layer: Any, part: Part) -> CostReport:
    flops = layer_flops(layer, part.inputs, part.outputs)
    size = _bytes(part.outputs)
    return CostReport(flops, size, flops is not None and size is not None)


def _of_operation(part: Part) -> Optional[CostReport]:
    flops = operation_flops(part.part, part.inputs, part.outputs)
    if flops is None:
        return None
    # What only moves values keeps nothing; other results are kept as a layer's are.
    size = 0 if type(part.part).__name__ in MOVING_OPS else _bytes(part.outputs)
    return CostReport(flops, size, size is not None)


def _total(parts: Iterable[Optional[CostReport]], complete: bool) -> Optional[CostReport]:
    flops: List[int] = []
    sizes: List[int] = []
    for part in parts:
        complete = complete and part is not None and part.complete
        if part is not None and part.flops is not None:
            flops.append(part.flops)
        if part is not None and part.activation_bytes is not None:
            sizes.append(part.activation_bytes)
    if not flops and not sizes:
        return CostReport(0, 0) if complete else None
    return CostReport(sum(flops) if flops else None, sum(sizes) if sizes else None, complete)


def _bytes(outputs: Specs) -> Optional[int]:
    """Of one sample; None when a dimension other than the first is not known."""
    total = 0
    for leaf in leaves(outputs):
        if None in leaf.shape[1:]:
            return None
        total += item_bytes(leaf.dtype) * math.prod(size or 0 for size in leaf.shape[1:])
    return total
