"""What two replays of one text agree on, when code asked about things that a replay does not know.

Both had to answer, with other numbers and other truth values. What came out the same does not depend on the
answers. A dimension that differs is told by what it depends on, `(None, len(vocab) + 2)`, and what differs in
kind is told as not known. Pure functions on reports.
"""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from keras_lsp.worker.report import (
    GraphReport,
    LayerReport,
    NodeFact,
    ReplayFailure,
    ReplayReport,
    TensorSpec,
    Value,
    WeightReport,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from keras_lsp.worker.report import Shape, SpanPair

UNKNOWN = "?"
# A few names in a reason; a text may ask about dozens of things.
MAX_NAMES = 3
LARGEST_REST = 64
LARGEST_FACTOR = 64
LARGEST_MULTIPLE = 1 << 20


def merged(first: ReplayReport, second: ReplayReport) -> ReplayReport:
    """One report from two samples of the same text. `first` is sample 0."""
    if _troubles(second) < _troubles(first):
        return _Merge(second, first).report()
    return _Merge(first, second).report()


def _troubles(report: ReplayReport) -> int:
    """How much did not run: the sample in which more did is the better description."""
    return len({failure.span for failure in report.failures}) + len(report.holes)


class _Merge:
    def __init__(self, base: ReplayReport, other: ReplayReport) -> None:
        self.base = base
        self.other = other
        answers = {unknown.text: unknown.value for unknown in other.unknowns}
        self.answers = [
            (unknown.value, answer, unknown.text)
            for unknown in base.unknowns
            if unknown.value is not None and (answer := answers.get(unknown.text)) is not None
        ]
        self.partner = _pairs(base.layers, other.layers)
        self.by_id = {layer.id: layer for layer in base.layers}
        self.used: dict[str, None] = {}  # texts that named a number, in order

    def report(self) -> ReplayReport:
        nodes = {_node_key(node): node for node in self.other.nodes}
        failures = {(failure.type, failure.span) for failure in self.other.failures if failure.certain}
        warnings = set(self.other.warnings)
        return dataclasses.replace(
            self.base,
            layers=tuple(self.layer(layer) for layer in self.base.layers),
            nodes=tuple(self.node(node, nodes.get(_node_key(node))) for node in self.base.nodes),
            events=tuple(
                dataclasses.replace(event, input=self.text(event.input, self._event_input(index)))
                for index, event in enumerate(self.base.events)
            ),
            failures=tuple(
                _with_certainty(failure, (failure.type, failure.span) in failures)
                for failure in self.base.failures
            ),
            warnings=tuple(warning for warning in self.base.warnings if warning in warnings),
        )

    # -- numbers and texts

    def expression(self, ours: int, theirs: int) -> str:
        """What two different numbers are in terms of one answer: it, a multiple or a part, plus a number."""
        for ours_answer, theirs_answer, text in self.answers:
            if (ours, theirs) == (ours_answer, theirs_answer):
                self.used[text] = None
                return text
        for ours_answer, theirs_answer, text in self.answers:
            if ours_answer != theirs_answer:
                factor = Fraction(ours - theirs, ours_answer - theirs_answer)
                rest = ours - factor * ours_answer
                if _is_plain(factor, rest):
                    self.used[text] = None
                    return _line(text, factor, int(rest))
        return UNKNOWN

    def shape(self, ours: Shape, theirs: Shape) -> tuple[Shape, tuple[tuple[int, str], ...]] | None:
        """What both agree on, and names for the axes where they do not; None when the rank is not known."""
        if len(ours) != len(theirs):
            return None
        pairs = list(enumerate(zip(ours, theirs, strict=True)))
        names = tuple(
            (axis, UNKNOWN if a is None or b is None else self.expression(a, b))
            for axis, (a, b) in pairs
            if a != b
        )
        return tuple(a if a == b else None for _, (a, b) in pairs), names

    def text(self, ours: str, theirs: str | None) -> str:
        """The same text with differing numbers named; "" when it differs in more than its numbers."""
        if ours == theirs:
            return ours
        mine = re.split(r"(\d+)", ours)
        other = re.split(r"(\d+)", theirs or "")
        if mine[::2] != other[::2]:
            return ""
        parts = [
            a if a == b else self.expression(int(a), int(b)) if place % 2 else a
            for place, (a, b) in enumerate(zip(mine, other, strict=True))
        ]
        return "".join(parts)

    def name(self, ours: str, theirs: str) -> str:
        """Keras numbers the names it makes, also by layers of which nobody knows how many there are."""
        return ours if ours == theirs else re.sub(r"\d+", UNKNOWN, ours)

    # -- layers

    def reason(self, layer: LayerReport) -> str:
        """All that is not known, first what was asked for where the layer or its parts were made."""
        parts = (self.by_id[number] for number in layer.layers if number in self.by_id)
        places = range(len(self.base.unknowns))
        near = (number for one in (layer, *parts) for number in one.asked if number in places)
        every = dict.fromkeys((*near, *places))
        return _reason(self.base.unknowns[number].text for number in every)

    def layer(self, layer: LayerReport) -> LayerReport:
        other = self.partner.get(layer.id)
        if other is None:
            return _emptied(layer, self.reason(layer))
        self.used.clear()
        weights = self.weights(layer.weights, other.weights)
        inputs, outputs = self.ends(layer, other)
        same = (
            weights == layer.weights
            and outputs in (layer.outputs, layer.drawn[1:])
            and len(layer.layers) == len(other.layers)
        )
        how = self.text(layer.built_how, other.built_how)
        same = same and (how == layer.built_how or bool(outputs))
        depends = "" if same else _reason(self.used) if self.used else self.reason(layer)
        return dataclasses.replace(
            layer,
            name=self.name(layer.name, other.name),
            config={key: self.text(text, other.config.get(key)) or "…" for key, text in layer.config.items()},
            weights=weights,
            inputs=inputs,
            outputs=outputs,
            flows=tuple(
                dataclasses.replace(
                    flow,
                    inputs=self.text(flow.inputs, _at(other.flows, place, "inputs")) or "…",
                    outputs=self.text(flow.outputs, _at(other.flows, place, "outputs")) or "…",
                )
                for place, flow in enumerate(layer.flows)
            ),
            trainable_parameters=_agreed(layer.trainable_parameters, other.trainable_parameters),
            non_trainable_parameters=_agreed(layer.non_trainable_parameters, other.non_trainable_parameters),
            bytes=_agreed(layer.bytes, other.bytes),
            cost=layer.cost if layer.cost == other.cost else None,
            built=layer.built and other.built,
            built_how=how,
            projected_from=self.text(layer.projected_from, other.projected_from),
            depends_on=depends,
            graph=self.graph(layer.graph, other.graph),
        )

    def graph(self, ours: GraphReport | None, theirs: GraphReport | None) -> GraphReport | None:
        """None where even its form is not known; a shape that is not known is no shape."""
        if ours is None or theirs is None or not self._same_steps(ours, theirs):
            return None
        edges = tuple(
            dataclasses.replace(mine, tensor=self.tensor(mine.tensor, other.tensor))
            for mine, other in zip(ours.edges, theirs.edges, strict=True)
        )
        return dataclasses.replace(ours, edges=edges)

    def _same_steps(self, ours: GraphReport, theirs: GraphReport) -> bool:
        if len(ours.steps) != len(theirs.steps) or len(ours.edges) != len(theirs.edges):
            return False
        steps = zip(ours.steps, theirs.steps, strict=True)
        edges = zip(ours.edges, theirs.edges, strict=True)
        return all(
            (a.kind, a.operation) == (b.kind, b.operation) and self._same_layer(a.layer, b.layer)
            for a, b in steps
        ) and all((a.source, a.target) == (b.source, b.target) for a, b in edges)

    def weights(
        self, ours: tuple[WeightReport, ...], theirs: tuple[WeightReport, ...]
    ) -> tuple[WeightReport, ...]:
        """() when not even their number is known."""
        if len(ours) != len(theirs):
            return ()
        met = []
        for mine, other in zip(ours, theirs, strict=True):
            shape = self.shape(mine.shape, other.shape)
            if shape is None or (mine.name, mine.dtype) != (other.name, other.dtype):
                return ()
            path = self.name(mine.path, other.path)
            met.append(dataclasses.replace(mine, path=path, shape=shape[0], named=shape[1]))
        return tuple(met)

    def texts(self, ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
        if len(ours) != len(theirs):
            return ()
        met = [self.text(mine, other) for mine, other in zip(ours, theirs, strict=True)]
        return tuple(met) if all(met) else ()

    def ends(self, ours: LayerReport, theirs: LayerReport) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Inputs and outputs; where calls tell too little, those that a model was drawn with."""
        inputs, outputs = self.texts(ours.inputs, theirs.inputs), self.texts(ours.outputs, theirs.outputs)
        drawn = self.texts(ours.drawn, theirs.drawn)
        if drawn and (not inputs or not outputs or (_is_open(inputs + outputs) and not _is_open(drawn))):
            return drawn[:1], drawn[1:]
        return inputs, outputs

    # -- expressions

    def node(self, node: NodeFact, other: NodeFact | None) -> NodeFact:
        if other is None or len(other.values) != len(node.values):
            return dataclasses.replace(node, values=(self.hole(),), last=0)
        pairs = zip(node.values, other.values, strict=True)
        return dataclasses.replace(node, values=tuple(self.value(a, b) for a, b in pairs))

    def value(self, ours: Value, theirs: Value) -> Value:
        if ours.kind != theirs.kind or ours.keys != theirs.keys or len(ours.items) != len(theirs.items):
            return self.hole()
        if ours.length != theirs.length or not self._same_layer(ours.layer, theirs.layer):
            return self.hole()
        tensor = self.tensor(ours.tensor, theirs.tensor)
        weight = self.weights(_optional(ours.weight), _optional(theirs.weight))
        text = self.text(ours.text, theirs.text)
        lost = (ours.tensor and tensor is None) or (ours.weight and not weight) or (ours.text and not text)
        if lost:
            return self.hole()
        return dataclasses.replace(
            ours,
            tensor=tensor,
            weight=weight[0] if weight else None,
            items=tuple(self.value(a, b) for a, b in zip(ours.items, theirs.items, strict=True)),
            text=text,
        )

    def tensor(self, ours: TensorSpec | None, theirs: TensorSpec | None) -> TensorSpec | None:
        if ours is None or theirs is None or ours.dtype != theirs.dtype:
            return None
        shape = self.shape(ours.shape, theirs.shape)
        return None if shape is None else TensorSpec(shape[0], ours.dtype, shape[1])

    def hole(self) -> Value:
        return Value("hole", text=_reason(unknown.text for unknown in self.base.unknowns))

    def _same_layer(self, ours: int | None, theirs: int | None) -> bool:
        if ours is None or theirs is None:
            return ours is theirs
        partner = self.partner.get(ours)
        return partner is not None and partner.id == theirs

    def _event_input(self, index: int) -> str | None:
        events = self.other.events
        return events[index].input if index < len(events) else None


def _pairs(ours: Sequence[LayerReport], theirs: Sequence[LayerReport]) -> dict[int, LayerReport]:
    """For each layer of ours the same one in the other sample: made at the same place, as often."""
    seen: dict[Hashable, int] = {}

    def key(layer: LayerReport, number: dict[Hashable, int]) -> Hashable:
        made = (layer.qualified_name, layer.created)
        number[made] = number.get(made, 0) + 1
        return (*made, number[made])

    others = {key(layer, seen): layer for layer in theirs}
    counted: dict[Hashable, int] = {}
    found = {layer.id: others.get(key(layer, counted)) for layer in ours}
    return {number: layer for number, layer in found.items() if layer is not None}


def _is_open(texts: tuple[str, ...]) -> bool:
    return any(UNKNOWN in text for text in texts)


def _reason(texts: Iterable[str]) -> str:
    names = list(texts)
    shown = ", ".join(f"`{name}`" for name in names[:MAX_NAMES])
    return f"depends on {shown}{' and more' if len(names) > MAX_NAMES else ''}, which a replay does not know"


def _is_plain(factor: Fraction, rest: Fraction) -> bool:
    """Whether it looks like what code does with one number, and not like a chance."""
    if factor == 1:
        return rest.denominator == 1
    if rest.denominator != 1 or abs(rest) > LARGEST_REST:
        return False
    whole = factor.denominator == 1 and 1 < factor <= (LARGEST_FACTOR if rest else LARGEST_MULTIPLE)
    return whole or (factor.numerator == 1 and factor.denominator <= LARGEST_FACTOR)


def _line(text: str, factor: Fraction, rest: int) -> str:
    """`3 * n + 1`. A part is spelled `n / 2`: all answers are even, so nobody saw how it is rounded."""
    operand = f"({text})" if factor != 1 and re.search(r"\s[-+*/%]", text) else text
    if factor.denominator > 1:
        operand = f"{operand} / {factor.denominator}"
    elif factor > 1:
        operand = f"{factor.numerator} * {operand}"
    return operand if not rest else f"{operand} {'+' if rest > 0 else '-'} {abs(rest)}"


def _agreed(ours: int | None, theirs: int | None) -> int | None:
    return ours if ours == theirs else None


def _optional(weight: WeightReport | None) -> tuple[WeightReport, ...]:
    return () if weight is None else (weight,)


def _at(members: Sequence[Any], place: int, attribute: str) -> str | None:
    return getattr(members[place], attribute) if place < len(members) else None


def _node_key(node: NodeFact) -> tuple[SpanPair, bool, bool]:
    return node.span, node.projected, node.guessed


def _with_certainty(failure: ReplayFailure, certain: bool) -> ReplayFailure:
    return dataclasses.replace(failure, certain=failure.certain and certain)


def _emptied(layer: LayerReport, reason: str) -> LayerReport:
    """A layer that only one sample made: that there is one, and of which class, is all that is known."""
    return dataclasses.replace(
        layer,
        name="",
        config={},
        weights=(),
        inputs=(),
        outputs=(),
        flows=(),
        trainable_parameters=None,
        non_trainable_parameters=None,
        bytes=None,
        cost=None,
        graph=None,
        built_how="",
        projected_from="",
        depends_on=reason,
    )
