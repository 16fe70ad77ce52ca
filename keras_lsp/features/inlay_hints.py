"""Output shapes beside the code that makes them: `x: (None, 64) = self.dense1(inputs)`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features import locate, typed, wording
from keras_lsp.features.results import InlayHint
from keras_lsp.source.facts import ReferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView, Snapshot
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import Value

    Callers = dict[int, tuple[Span, Span | None]] | None  # None where labels are all that is wanted

_RETURN = re.compile(r"(?m)^[^\S\r\n]*return\b[ \t]*\(*[ \t]*")
_ANNOTATION = re.compile(r"[ \t]*:(?!=)")
_ADD = re.compile(r"\.\s*add\s*\(\s*\Z")


def inlay_hints(
    snapshot: Snapshot, key: str, span: Span, *, labels_only: bool = False
) -> tuple[InlayHint, ...]:
    """`labels_only`: without tooltip and target, for clients that ask for those of a hint later."""
    view = snapshot.view(key)
    if view is None or view.replay is None or not snapshot.settings.hints:
        return ()
    hints = hints_of(view, view.replay, span, labels_only=labels_only)
    return _with_counts(hints, view, view.replay, span) if snapshot.settings.parameter_hints else hints


def _with_counts(
    hints: tuple[InlayHint, ...], view: DocumentView, replay: ReplayView, span: Span
) -> tuple[InlayHint, ...]:
    """The hints with parameter counts: behind the shape where one stands there, else of their own."""
    found = {hint.offset: hint for hint in hints}
    for offset, count in _counts(view, replay, span).items():
        shape = found.get(offset)
        label = f"{shape.label} · {count}" if shape is not None else f" {count}"
        found[offset] = (
            replace(shape, label=label)
            if shape is not None
            else InlayHint(offset, label, _dated(replay, count))
        )
    return tuple(found[offset] for offset in sorted(found))


def _counts(view: DocumentView, replay: ReplayView, span: Span) -> dict[int, str]:
    counts: dict[int, str] = {}
    for call in (reference.call for reference in view.facts.references):
        if call is None or not span.touches(call.span.end) or call.span.end in counts:
            continue
        layers = [layer for layer in replay.created_at(call.span) if layer.weights]
        said = wording.one_of(map(wording.parameters_text, layers))
        if said:
            counts[call.span.end] = f"~{said}" if all(layer.guessed for layer in layers) else said
    return counts


def hints_of(
    view: DocumentView, replay: ReplayView, span: Span, *, labels_only: bool = False
) -> tuple[InlayHint, ...]:
    hints: dict[int, InlayHint] = {}
    callers = None if labels_only else _callers(view, replay)
    for hint in (
        *_assigned(view, replay, span, callers),
        *_returned(view, replay, span, callers),
        *_listed(view, replay, span),
    ):
        hints.setdefault(hint.offset, hint)
    return tuple(hints[offset] for offset in sorted(hints))


def _callers(view: DocumentView, replay: ReplayView) -> Callers:
    """End of the text of a call of a layer -> the outermost such call, and where that layer was made.

    None where the call means layers that were made in different places.
    """
    found: dict[int, tuple[Span, Span | None]] = {}
    slots = locate.slots_by_call(view)
    for layer in replay.report.layers:
        made = replay.span(layer.created)
        if made is None:
            continue
        target = slots.get(made, made)
        for pair in (pair for flow in layer.flows for pair in flow.spans):
            call = replay.span(pair)
            if call is None:
                continue
            known = found.get(call.end)
            if known is None or known[0].start > call.start:
                found[call.end] = (call, target)
            elif known[0] == call and known[1] != target:
                found[call.end] = (call, None)
    return found


def _maker(callers: Callers, expression: Span) -> Span | None:
    """Where the layer was made whose call is what an expression, or a statement, ends with."""
    call, target = (callers or {}).get(expression.end, (expression, None))
    return target if expression.covers(call) else None


def _assigned(view: DocumentView, replay: ReplayView, span: Span, callers: Callers) -> Iterator[InlayHint]:
    for reference in view.facts.references:
        if reference.kind is not ReferenceKind.TENSOR or not reference.is_store:
            continue
        if span.touches(reference.span.end):
            label = _label(replay, reference.span)
            if label:
                tooltip = _tooltip(replay, reference.span, callers)
                colon = "" if _ANNOTATION.match(view.document.text, reference.span.end) else ":"
                target = _maker(callers, reference.binding.statement) if reference.binding else None
                yield InlayHint(reference.span.end, f"{colon} {label}", tooltip, target)


def _returned(view: DocumentView, replay: ReplayView, span: Span, callers: Callers) -> Iterator[InlayHint]:
    """The value of each `return`, behind the expression: the widest one the replay saw start there."""
    widest = replay.widest
    begun_before = (place.start for place in widest.values() if place.start < span.start <= place.end)
    lines = view.document.lines
    start = lines.line_span(lines.line_of(min(begun_before, default=span.start))).start
    code = typed.code_mask(view.document.text)
    for match in _RETURN.finditer(code, start, span.end + 1):
        place = widest.get(match.end())
        if place is not None and span.touches(place.end):
            label = _label(replay, place)
            if label:
                tooltip = _tooltip(replay, place, callers)
                yield InlayHint(place.end, f" → {label}", tooltip, _maker(callers, place))


def _listed(view: DocumentView, replay: ReplayView, span: Span) -> Iterator[InlayHint]:
    """Entries of a Sequential: written in its list, or given to `.add`."""
    for model in replay.report.layers:
        made = replay.span(model.created) if model.kind == "sequential" else None
        if made is None:
            continue
        for layer_id in model.layers:
            layer = replay.layer(layer_id)
            entry = replay.span(layer.created) if layer else None
            if layer is None or entry is None or not span.touches(entry.end):
                continue
            before = view.document.text[max(0, entry.start - 40) : entry.start]
            written = made.covers(entry) and made != entry
            if layer.outputs and (written or _ADD.search(before)):
                note = f"a call on {layer.projected_from} gives" if layer.projected else "output"
                guess = "~" if layer.guessed else ""
                tooltip = f"{layer.class_name} `{layer.name}`, {note}: {', '.join(layer.outputs)}"
                yield InlayHint(
                    entry.end,
                    f" → {guess}{wording.one_of(layer.outputs)}",
                    _dated(replay, tooltip),
                    entry,
                )


def _label(replay: ReplayView, place: Span) -> str:
    nodes = replay.nodes_at(place)
    if len(nodes) == 1 and len(nodes[0].values) == 1:
        (value,) = nodes[0].values
        label = wording.value_text(value)
    else:
        values = replay.values_at(place)
        if any(value.kind == "layer" for value in values):
            return ""
        shapes = _distinct(wording.value_text(value) for value in values)
        label = wording.one_of(shapes) if shapes else ""
    return f"~{label}" if label and all(node.guessed for node in nodes) else label


def _tooltip(replay: ReplayView, place: Span, callers: Callers) -> str:
    if callers is None:
        return ""
    values, nodes = replay.values_at(place), replay.nodes_at(place)
    tooltip = ", ".join(_distinct(wording.value_text(value, with_dtype=True) for value in _tensors(values)))
    if all(node.guessed for node in nodes):
        tooltip += "; a guess: nothing here says what the input is"
    elif all(node.projected for node in nodes):
        tooltip += "; the program itself does not come here, this is what a call would give"
    return _dated(replay, tooltip)


def _dated(replay: ReplayView, tooltip: str) -> str:
    return f"{tooltip}; of the text before your last edit" if replay.stale else tooltip


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _tensors(values: tuple[Value, ...]) -> Iterator[Value]:
    return (value for value in values if value.kind in ("tensor", "list", "dict"))
