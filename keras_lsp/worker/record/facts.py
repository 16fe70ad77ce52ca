"""The values one expression had, and which plain numbers say something about a model."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ..report import SpanPair, TensorSpec, Value

MAX_DISTINCT = 8
MAX_PROBES = 64
NUMBERS = frozenset({int, float})
MODEL_PARTS = frozenset({"layer", "weight", "tensor"})


class Fact:
    """Distinct values in order, how many there were, and which came last."""

    __slots__ = ("count", "last", "probes", "values")

    def __init__(self) -> None:
        self.values: List[Value] = []
        self.count = 0
        self.last = 0
        self.probes: List[TensorSpec] = []  # of two runs of the same code, on other sizes

    def add_probe(self, value: Value) -> None:
        if value.tensor is not None and len(self.probes) < MAX_PROBES:
            self.probes.append(value.tensor)

    def join_probes(self) -> None:
        """What two runs on made-up sizes agree on is known, the rest is open."""
        half, odd = divmod(len(self.probes), 2)
        for one, two in zip(self.probes[:half], self.probes[half:]):
            if not odd and len(one.shape) == len(two.shape) and one.dtype == two.dtype:
                shape = tuple(a if a == b else None for a, b in zip(one.shape, two.shape))
                self.add(Value("tensor", tensor=TensorSpec(shape, one.dtype)))
        self.probes = []

    def add(self, value: Value) -> None:
        self.count += 1
        if value in self.values:
            self.last = self.values.index(value)
        elif len(self.values) < MAX_DISTINCT:
            self.last = len(self.values)
            self.values.append(value)
        else:
            self.last = -1


class ModelNumbers:
    """Numbers that come out of a model: `model.count_params()`, `len(model.layers)`, `x.shape[-1]`.

    All other numbers of a program are its own business, and there are many.
    """

    def __init__(self) -> None:
        self._begins: Dict[int, int] = {}  # start of an expression that was a model's part -> its end
        self._latest: Optional[SpanPair] = None

    def note(self, span: SpanPair, value: Value) -> None:
        """An expression was something else than a plain number."""
        if value.kind in MODEL_PARTS or (value.kind == "list" and value.items):
            start, end = span
            self._begins[start] = min(end, self._begins.get(start, end))
            self._latest = span

    def of(self, span: SpanPair, number: Any) -> Optional[Value]:
        """Arguments are recorded just before the call that takes them, so `len(…)` follows its model."""
        start, end = span
        follows = self._latest is not None and start < self._latest[0] and self._latest[1] < end
        if not follows and self._begins.get(start, end) >= end:
            return None
        self._latest = span
        return Value("number", text=repr(number))

    def shape(self, raw: Any) -> Optional[Value]:
        """A shape, as `x.shape` gives it; the unknown dimensions are of kind `none`."""
        if not raw or not all(size is None or type(size) is int for size in raw):
            return None
        items = tuple(Value("none") if size is None else Value("number", text=str(size)) for size in raw)
        return Value("list", items=items, length=len(raw))
