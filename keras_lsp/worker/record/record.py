"""Keeps what instrumented expressions were: distinct values per span, in order, capped."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple

from ..report import NodeFact, SpanPair, Value
from ..unknown.hole import Hole, Touches, named, reason_of
from ..unknown.loops import Loops
from .facts import NUMBERS, Fact, ModelNumbers

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from .instrument import Instrumented, Target
    from .observe import Registry

MAX_ITEMS = 64
MAX_NODES = 50_000

# Stages of a replay: what the program did, what a call on its known input makes, what a guessed one makes.
PROGRAM, PROJECTION, GUESS = range(3)
PLAIN_TYPES = frozenset(
    {int, float, str, bool, bytes, complex, type(None), type, type(len), type(lambda: 0), slice}
)


class Recorder:
    """The functions that instrumented text calls, and what they saw."""

    def __init__(self, line: KerasLine, registry: Registry) -> None:
        self.line = line
        self.registry = registry
        self.stage = PROGRAM
        self.loops = Loops(lambda: len(registry.seen))
        self.tainted: Set[str] = set()  # names whose value came from a hole
        self._tainted_loads: Set[int] = set()
        self.instrumented: Optional[Instrumented] = None
        self._facts: Dict[Tuple[SpanPair, int], Fact] = {}
        self._numbers = ModelNumbers()
        self.truncated = False

    def taint(self, names: Iterable[str]) -> None:
        """From now on reading one of these names counts as using a hole."""
        loads = self.instrumented.loads if self.instrumented is not None else {}
        for name in names:
            if name not in self.tainted:
                self.tainted.add(name)
                self._tainted_loads.update(loads.get(name, ()))

    def clear(self, names: Iterable[str]) -> None:
        """These names were bound anew to something known."""
        loads = self.instrumented.loads if self.instrumented is not None else {}
        for name in self.tainted.intersection(names):
            self.tainted.discard(name)
            self._tainted_loads.difference_update(loads.get(name, ()))

    def seen_model(self, span: SpanPair) -> bool:
        """Whether the expression at `span` begins with a layer, or with layers or weights in a list."""
        return any(
            start == span[0] and end < span[1] and any(_is_model_part(value) for value in fact.values)
            for ((start, end), _), fact in self._facts.items()
        )

    def ran(self, span: SpanPair) -> bool:
        """Whether anything inside `span` was recorded."""
        return any(span[0] <= start and end <= span[1] for (start, end), _ in self._facts)

    def record(self, value: Any, index: int) -> Any:
        if index in self._tainted_loads or (self.instrumented and index in self.instrumented.data_questions):
            Touches.count += 1
        if type(value) not in PLAIN_TYPES and self.instrumented is not None:
            if type(value) is list and not value and index not in self.instrumented.member_lists:
                return value
            self._note(self.instrumented.spans[index], value)
        elif type(value) in NUMBERS and self.instrumented is not None:
            self._note_number(self.instrumented.spans[index], value)
        return value

    def assign(self, value: Any, index: int) -> Any:
        if self.instrumented is not None:
            targets = self.instrumented.targets[index]
            value = self._named(value, targets)
            for target in targets:
                self._note_target(target, value)
        return value

    def loop(self, iterable: Any, index: int) -> Iterator[Any]:
        for value in self.loops.rounds(iterable, index):
            if self.instrumented is not None:
                targets = self.instrumented.targets[index]
                value = self._named(value, targets)  # noqa: PLW2901 - the loop's variable is what we hand on
                for target in targets:
                    self._note_target(target, value)
            yield value

    def _named(self, value: Any, targets: List[Target]) -> Any:
        """Unknown values take the names they are bound to, one for each target where they are unpacked."""
        kind = type(value)
        if not Hole.made or len(targets) != 1 or kind not in (Hole, tuple, int):
            return value
        target = targets[0]
        if isinstance(target, list):
            if kind is Hole or (kind is tuple and len(value) == len(target)):
                return tuple(self._named(value[place], [inner]) for place, inner in enumerate(target))
        elif target is not None and self.instrumented is not None and kind is not tuple:
            return named(value, self.instrumented.text_at(target))
        return value

    def facts(self) -> Tuple[NodeFact, ...]:
        for fact in self._facts.values():
            fact.join_probes()
        return tuple(
            NodeFact(span, tuple(fact.values), fact.count, stage != PROGRAM, stage == GUESS, fact.last)
            for (span, stage), fact in self._facts.items()
        )

    def _note_target(self, target: Target, value: Any) -> None:
        if target is None or type(value) in PLAIN_TYPES:
            return
        if isinstance(target, list):
            if isinstance(value, (list, tuple)) and len(value) == len(target):
                for inner, item in zip(target, value):
                    self._note_target(inner, item)
            return
        self._note(target, value)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Nothing is recorded in here."""
        instrumented, self.instrumented = self.instrumented, None
        try:
            yield
        finally:
            self.instrumented = instrumented

    def _note(self, span: SpanPair, raw: Any) -> None:
        try:
            value = self.describe(raw, 0)
        except Exception:  # noqa: BLE001 - looking at a user's object runs its code; the program must not notice
            return
        if value is None:
            return
        self._numbers.note(span, value)
        # A hole that is only looked at has no part in what follows.
        self._keep(span, value, value.kind == "tensor" and self.line.is_probe(raw))

    def _note_number(self, span: SpanPair, number: Any) -> None:
        # Inside calls other backends than TensorFlow put made-up sizes where a dimension is not known.
        if self.line.depth and self.line.backend() != "tensorflow":
            return
        value = self._numbers.of(span, number)
        if value is not None:
            self._keep(span, value)

    def _keep(self, span: SpanPair, value: Value, probe: bool = False) -> None:
        key = (span, self.stage)
        fact = self._facts.get(key)
        if fact is None:
            if len(self._facts) >= MAX_NODES:
                self.truncated = True
                return
            fact = self._facts[key] = Fact()
        if probe:
            fact.add_probe(value)
        else:
            fact.add(value)

    def describe(self, raw: Any, depth: int) -> Optional[Value]:
        """The value as plain data; None when it says nothing about a model."""
        line = self.line
        kind = type(raw)
        if kind is Hole:
            return Value("hole", text=reason_of(raw))
        if kind is list or kind is tuple or kind is dict or isinstance(raw, (list, tuple, dict)):
            return self._describe_container(raw, depth)
        if line.is_layer(raw):
            return self._describe_layer(raw)
        if line.is_variable(raw):
            return Value("weight", weight=line.weight(raw))
        spec = line.tensor(raw)
        return None if spec is None else Value("tensor", tensor=spec)

    def _describe_layer(self, layer: Any) -> Value:
        # While a call runs the state is in between, and counting the weights of big models costs.
        weights = 0 if self.line.depth else len(self.line.weights(layer))
        return Value("layer", layer=self.registry.number(layer), built=bool(layer.built), weights=weights)

    def _describe_container(self, raw: Any, depth: int) -> Optional[Value]:
        if depth > 2:
            return None
        is_dict = isinstance(raw, dict)
        members = list(raw.values() if is_dict else raw)[:MAX_ITEMS]
        items = [self.describe(member, depth + 1) for member in members if type(member) not in PLAIN_TYPES]
        if len(items) != len(members) or any(item is None for item in items):
            return None
        described = tuple(item for item in items if item is not None)
        if is_dict:
            if not described:
                return None
            return Value(
                "dict", items=described, keys=tuple(str(key) for key in raw)[:MAX_ITEMS], length=len(raw)
            )
        return Value("list", items=described, length=len(raw))


def _is_model_part(value: Value) -> bool:
    """A layer, a weight, or a list of these; an empty list is recorded only where one is expected."""
    return value.kind in ("layer", "weight") or (
        value.kind == "list" and all(map(_is_model_part, value.items))
    )
