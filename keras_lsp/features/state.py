"""Whether a layer has weights at a place, and which `build` call is to blame when it has none."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import locate, wording
from keras_lsp.source import syntax

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import LayerReport, ReplayEvent


def weights_exist(view: DocumentView, layer: LayerReport, here: Span) -> bool:
    """Whether `layer` may have had weights when the program was at `here`.

    In a class body a place is reached many times, first when nothing is built: only module-level code
    has one state.
    """
    if view.replay is None or view.facts.class_at(here.start) is not None:
        return True
    seen = [v for v in locate.own_values(view.replay, here) if v.kind == "layer" and v.layer == layer.id]
    return not seen or any(value.weights > 0 for value in seen)


def idle_build(
    replay: ReplayView, layer: LayerReport, before: Span | None = None
) -> tuple[ReplayEvent, Span] | None:
    """The last `build` call that marked `layer`, or a model that holds it, as built and made no weights.

    With `before`, only calls written above that place count.
    """
    found = None
    for event in replay.report.events:
        span = replay.span(event.span)
        if span is None or not only_marks(event) or (before is not None and span.start >= before.start):
            continue
        if layer.id == event.layer or layer.id in held_by(replay, event.layer):
            found = (event, span)
    return found


def only_marks(event: ReplayEvent) -> bool:
    return event.kind == "build" and event.built_after and not event.weights_after


def held_by(replay: ReplayView, layer_id: int) -> set[int]:
    """Ids of all layers below one."""
    found: set[int] = set()
    queue = [layer_id]
    while queue:
        layer = replay.layer(queue.pop())
        below = {*layer.layers, *layer.attributes.values()} - found if layer else set()
        found |= below
        queue += below
    return found


def only_marks_text(view: DocumentView, build: Span) -> str:
    """`model.build(...)` on line 22 only marks the model as built under Keras 3."""
    callee = callee_text(build.of(view.document.text))
    return f"`{callee}(...)` on {view.document.spot(build.start)} only marks the model as built under Keras 3"


def callee_text(call: str) -> str:
    """`model.build` of `model.build((None, 32))`."""
    node = syntax.expression(call)
    return wording.one_line(syntax.spelled(node.func)) if isinstance(node, ast.Call) else "build"
