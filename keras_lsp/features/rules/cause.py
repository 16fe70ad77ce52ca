"""Why there are no weights at a place, in words, with the place that is to blame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features import locate, state, wording
from keras_lsp.features.results import Related
from keras_lsp.source import syntax
from keras_lsp.source.facts import Built, EventKind, LayerPath, WeightUse
from keras_lsp.worker.report import IN_STEP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import LayerReport


@dataclass(frozen=True, slots=True)
class Cause:
    """`build`: the call that only marks; `model`: the object it is called on, where the replay saw it."""

    text: str
    related: tuple[Related, ...] = ()
    build: Span | None = None
    model: LayerReport | None = None
    input: str = ""  # the input shape the replay knows, "(None, 32)"


def cause_of(view: DocumentView, use: WeightUse, layer: LayerReport | None) -> Cause:
    replay = view.current
    if replay is not None and layer is not None:
        return _seen_cause(view, replay, use, layer)
    event = use.cause
    if event is not None and event.kind is EventKind.BUILD and use.state is Built.MARKED:
        return _only_marks(view, event.span, None, "")
    root = f"`{use.root}`" if use.root else "it"
    related = []
    if event is not None:
        related.append(
            Related(event.span, f"{root} is made here and not called on an input before it is read")
        )
    return Cause(f"{root} has not been called on an input before this line", tuple(related))


def _seen_cause(view: DocumentView, replay: ReplayView, use: WeightUse, layer: LayerReport) -> Cause:
    marked = state.idle_build(replay, layer, before=use.span)
    if marked is not None:
        event, span = marked
        return _only_marks(view, span, replay.layer(event.layer), event.input)
    made = replay.span(layer.created)
    related = [Related(made, "made here, without weights")] if made is not None else []
    model = root_model(replay, use, layer)
    text = "nothing has called it on an input before this line"
    if layer.weights and not layer.projected and layer.built_how:
        text = f"its weights are made later, it is {layer.built_how}"
    return Cause(text, tuple(related), model=model, input=known_input(replay, model))


def root_model(replay: ReplayView, use: WeightUse, layer: LayerReport) -> LayerReport | None:
    """The model at the root of the expression: what a fix can call."""
    start = use.layer.root_span if use.layer else use.owner_span
    seen = replay.layers_at(start)
    if len(seen) == 1 and (seen[0].id == layer.id or layer.id in state.held_by(replay, seen[0].id)):
        return seen[0]
    return None


def known_input(replay: ReplayView, model: LayerReport | None) -> str:
    """The input a call was worked out with, or the one the program calls the model with further down.

    Not when it is built further down with `build`: Keras refuses to build twice.
    """
    if model is None or not model.weights:
        return ""
    in_step = model.projected_from.endswith(IN_STEP)  # then that is what the step gets, no input of a call
    if model.projected and not model.guessed and not in_step:
        return model.projected_from.split(", from ")[0].strip()
    if not model.calls or any(e.kind == "build" and e.layer == model.id for e in replay.report.events):
        return ""
    shape = syntax.literal(model.inputs[0]) if len(model.inputs) == 1 else None
    return str((None, *shape[1:])) if isinstance(shape, tuple) and shape else ""


def _only_marks(view: DocumentView, build: Span, model: LayerReport | None, shape: str) -> Cause:
    text = state.only_marks_text(view, build)
    note = "under Keras 3 this only marks the model as built: its layers get no weights"
    return Cause(text, (Related(build, note),), build, model, shape)


def subject(view: DocumentView, span: Span, layer: LayerReport | None, path: LayerPath | None) -> str:
    """How a message names a layer: "`model.layers[0]` (Dense, dense1)"."""
    text = f"`{wording.one_line(span.of(view.document.text))}`"
    details: Iterable[str] = ()
    if layer is not None and view.replay is not None:
        details = (layer.class_name, locate.attribute_names(view.replay).get(layer.id) or _given_name(layer))
    elif path is not None and path.slot is not None:
        details = (path.slot.call.class_name if path.slot.call else "", path.slot.path)
    elif path is not None and path.call is not None:
        details = (path.call.class_name, path.call.given_name or "")
    shown = [part for part in details if part and not _repeats(text, part)]
    return f"{text} ({', '.join(shown)})" if shown else text


def _given_name(layer: LayerReport) -> str:
    """The layer's name, unless Keras made it from the class's: "sequential" tells nothing."""
    automatic = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", layer.class_name).lower()
    return "" if layer.name == automatic else layer.name


def _repeats(text: str, part: str) -> bool:
    return text.endswith((f".{part}`", f"`{part}`", f'"{part}")`', f"'{part}')`"))
