"""Which mistake each exception of the replay is, and where the text alone is sure.

A failure belongs to exactly one rule. Only certain failures of a current report count: what a hole had a
part in, and what a stale report saw, is nobody's mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.rules.guarded import guarded
from keras_lsp.features.weight_card import LISTS, listed
from keras_lsp.source.facts import Built, LayerPath, Step, StepKind, WeightUse
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.worker.report import CheckpointReport, LayerReport, ReplayFailure, Value

# Layers that make weights whatever their arguments are.
WEIGHTED = frozenset(
    {
        "BatchNormalization",
        "Conv1D",
        "Conv1DTranspose",
        "Conv2D",
        "Conv2DTranspose",
        "Conv3D",
        "Conv3DTranspose",
        "ConvLSTM2D",
        "Dense",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "EinsumDense",
        "Embedding",
        "GRU",
        "LSTM",
        "MultiHeadAttention",
        "PReLU",
        "SeparableConv1D",
        "SeparableConv2D",
        "SimpleRNN",
    }
)


_ADDS = re.compile(r"\A[\w.]+\.add\(")


@dataclass(frozen=True, slots=True)
class Case:
    """One failure of the replay, sorted: which rule it belongs to and what it is about."""

    code: str
    failure: ReplayFailure
    span: Span
    use: WeightUse | None = None
    path: LayerPath | None = None
    step: Step | None = None
    layer: LayerReport | None = None  # the layer or model whose weights or layers are asked for


def cases(view: DocumentView, code: str) -> Iterator[Case]:
    """The failures that belong to one rule, each place once."""
    seen: set[Span] = set()
    for case in _all_cases(view):
        if case.code == code and case.span not in seen:
            seen.add(case.span)
            yield case


def _all_cases(view: DocumentView) -> Iterator[Case]:
    replay = view.current
    if replay is None:
        return
    added: set[tuple[str, str, int | None]] = set()
    for failure in replay.report.failures:
        span = replay.span(failure.span)
        if not failure.certain or span is None:
            continue
        if _ADDS.search(span.of(view.document.text)):
            # A layer that does not fit stays in the model: what is added after it fails for the same reason.
            told = (failure.type, failure.message, failure.layer)
            if told in added:
                continue
            added.add(told)
        yield _sorted_out(view, replay, failure, span)


def _sorted_out(view: DocumentView, replay: ReplayView, failure: ReplayFailure, span: Span) -> Case:
    if failure.about == "target":
        return Case("KL408", failure, span)
    if refused_checkpoint(replay, span) is not None:
        return Case("KL506", failure, span)
    # Before Python 3.11 a failure spans the whole line, so it holds what it is about.
    uses = [use for use in view.facts.weight_uses if span.covers(use.span)]
    found: Iterator[Case | None] = iter(())
    if failure.type == "IndexError":
        listed_uses = [use for use in uses if use.attribute in LISTS]
        found = (_bad_index(replay, failure, span, use) for use in listed_uses)
    elif failure.type in ("AttributeError", "TypeError"):
        named_uses = [use for use in uses if use.attribute not in LISTS]
        found = (_bad_name(replay, failure, span, use) for use in named_uses)
    case = next((case for case in found if case is not None), None)
    if case is None and failure.type in ("IndexError", "ValueError"):
        paths = [path for path in view.facts.paths if span.overlaps(path.span)]
        steps = (_bad_step(replay, failure, span, path) for path in paths)
        case = next((case for case in steps if case is not None), None)
    return case or Case("KL001", failure, span)


def refused_checkpoint(replay: ReplayView, span: Span) -> CheckpointReport | None:
    """The file of weights that Keras refuses in a call."""
    refused = (found for found in replay.report.checkpoints if found.refused)
    return next((found for found in refused if _covers(span, replay.span(found.span))), None)


def _covers(span: Span, place: Span | None) -> bool:
    return place is not None and span.covers(place)


def _bad_index(replay: ReplayView, failure: ReplayFailure, span: Span, use: WeightUse) -> Case | None:
    empty = empty_owner(replay, use)
    if empty is not None:
        return Case("KL101" if lacks_weights(empty) else "KL304", failure, span, use, layer=empty)
    owners = replay.layers_at(use.owner_span)
    count = len(listed(owners[-1], use.attribute)) if owners else 0
    if not owners or use.index is None or -count <= use.index < count:
        return None
    return Case("KL304", failure, span, use, layer=owners[-1])


def _bad_name(replay: ReplayView, failure: ReplayFailure, span: Span, use: WeightUse) -> Case | None:
    empty = empty_owner(replay, use)
    if empty is None or not lacks_weights(empty):
        return None
    return Case("KL103", failure, span, use, layer=empty)


def _bad_step(replay: ReplayView, failure: ReplayFailure, span: Span, path: LayerPath) -> Case | None:
    for step in path.steps:
        owner = step_owner(replay, path, step)
        if owner is None:
            continue
        names = [layer.name for i in owner.layers if (layer := replay.layer(i)) is not None]
        if step.kind is StepKind.GET_LAYER and isinstance(step.value, str) and step.value not in names:
            return Case("KL301", failure, span, path=path, step=step, layer=owner)
        if isinstance(step.value, int) and step.kind in (StepKind.LAYERS, StepKind.GET_LAYER):
            count = len(owner.layers)
            if not -count <= step.value < count:
                return Case("KL303", failure, span, path=path, step=step, layer=owner)
    return None


def step_owner(replay: ReplayView, path: LayerPath, step: Step) -> LayerReport | None:
    """The one layer or model that a step is taken on."""
    owners = replay.layers_at(Span(path.span.start, step.span.start))
    return owners[0] if len(owners) == 1 else None


def empty_owner(replay: ReplayView, use: WeightUse) -> LayerReport | None:
    """The last layer that was read from here while it had no weights; a loop stops at the first error."""
    empty = [v for v in _owner_values(replay, use) if v.weights == 0]
    return replay.layer(empty[-1].layer) if empty else None


def always_empty(replay: ReplayView, use: WeightUse) -> tuple[LayerReport, ...]:
    """The layers read from here, when none of them ever had a weight here, nor may have had one."""
    values = _owner_values(replay, use)
    if not values or any(v.weights for v in values):
        return ()
    found = [replay.layer(i) for i in dict.fromkeys(v.layer for v in values)]
    return tuple(layer for layer in found if layer is not None and not layer.called_on_unknown)


def _owner_values(replay: ReplayView, use: WeightUse) -> list[Value]:
    return [v for v in locate.own_values(replay, use.owner_span) if v.kind == "layer"]


def lacks_weights(layer: LayerReport) -> bool:
    """Whether a layer that had no weights is one that has some once it is built."""
    if layer.weights:
        return True
    if layer.projected or layer.built or layer.class_name == "InputLayer":
        return False
    return layer.is_user_class or layer.kind != "layer" or layer.class_name in WEIGHTED


def reached(view: DocumentView, use: WeightUse) -> bool:
    """Whether a current replay knows what happens here: then the text alone has no say.

    Where the replay failed for a reason that may be its own, it knows nothing.
    """
    replay = view.current
    if replay is None or any(
        not failure.certain and (span := replay.span(failure.span)) is not None and span.covers(use.span)
        for failure in replay.report.failures
    ):
        return False
    values = (*locate.own_values(replay, use.owner_span), *locate.own_values(replay, use.span))
    return any(value.kind != "hole" for value in values)


def certainly_empty(view: DocumentView, use: WeightUse) -> bool | None:
    """Whether the text alone shows that there are no weights here.

    True: surely; None: only under Keras 3, and the Keras line is not known; False: not surely.
    """
    if reached(view, use) or guarded(view, use.span):
        return False
    if use.state is Built.NO:
        return True
    if use.state is not Built.MARKED or view.keras_line == 2:
        return False
    return True if view.keras_line == 3 else None
