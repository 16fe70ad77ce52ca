"""`build()` for a class that makes its layers in the constructor, from the shapes that they really get.

Without one, `build(shape)` of such a class makes no weights, only a call does (KL102), so weights cannot be
loaded into it before.
https://keras.io/guides/making_new_layers_and_models_via_subclassing/#best-practice-deferring-weight-creation-until-the-shape-of-the-inputs-is-known
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix
from keras_lsp.features.rewrites.methods import behind, class_node
from keras_lsp.features.rules.tree import method
from keras_lsp.source.facts import ModelKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import LayerReport

_SHAPE = r"\((?:None|\d+)(?:, (?:None|\d+))*,?\)"
_SHAPES = re.compile(rf"{_SHAPE}(?:, {_SHAPE})*")
_ONE_SHAPE = re.compile(_SHAPE)
_MOST_LINES = 24


def rewrites(view: DocumentView, span: Span) -> Iterator[Fix]:
    model_class = view.facts.class_at(span.start)
    replay = view.current
    kinds = (ModelKind.SUBCLASS, ModelKind.LAYER)
    if model_class is None or replay is None or model_class.kind not in kinds or model_class.builds_itself:
        return
    node = class_node(view, model_class)
    init = method(node, "__init__") if node is not None else None
    instances = replay.instances_of(model_class.name, model_class.name_span.start)
    if init is None or not instances or any(instance.guessed for instance in instances):
        return
    found = {_body(view, replay, instance) for instance in instances}
    body = found.pop()
    if found or not body or len(body) > _MOST_LINES:  # made in several ways: no text is right for all
        return
    lines = ("def build(self, input_shape):", *(f"\t{line}" for line in body), "\tself.built = True")
    edit = behind(view, init, lines)
    if edit is not None:
        yield Fix(f"Add `build()` to `{model_class.name}`, with the shapes its layers get", (edit,))


def _body(view: DocumentView, replay: ReplayView, holder: LayerReport) -> tuple[str, ...]:
    """A line for each layer with weights, in the order called; empty where that does not make them all."""
    if len(holder.inputs) != 1 or _ONE_SHAPE.fullmatch(holder.inputs[0]) is None or holder.own_weights:
        return ()
    lines: list[str] = []
    held = {layer_id: path for path, layer_id in holder.attributes.items()}
    made: set[str] = set()
    for layer_id in _order(holder, held):
        layer = replay.layer(layer_id)
        if layer is None or not layer.weights:
            continue
        made |= {weight.path for weight in layer.weights}
        if layer.built_by == "constructor":
            continue
        shapes = _shapes(replay, layer)
        if shapes is None or "." in held[layer_id] or not _builds(view, layer):
            return ()
        given = ", ".join("input_shape" if shape == holder.inputs[0] else shape for shape in shapes)
        lines.append(f"self.{held[layer_id]}.build({given})")
    complete = {weight.path for weight in holder.weights} <= made
    return tuple(lines) if complete else ()


def _order(holder: LayerReport, held: dict[int, str]) -> Iterator[int]:
    steps = holder.graph.steps if holder.graph is not None else ()
    called = dict.fromkeys(step.layer for step in steps if step.layer in held)
    yield from (layer_id for layer_id in called if layer_id is not None)
    yield from (layer_id for layer_id in held if layer_id not in called)


def _builds(view: DocumentView, layer: LayerReport) -> bool:
    """Whether `build` of a layer makes its weights."""
    if not layer.is_user_class:
        return layer.kind in ("layer", "sequential")
    model_class = view.facts.model_class(layer.class_name)
    return model_class is not None and model_class.has_own_build


def _shapes(replay: ReplayView, layer: LayerReport) -> tuple[str, ...] | None:
    """What `build` of a layer takes: a shape for each input. None where that is not sure."""
    if not layer.flows or _SHAPES.fullmatch(layer.flows[0].inputs) is None:
        return None
    shapes = tuple(match[0] for match in _ONE_SHAPE.finditer(layer.flows[0].inputs))
    several_work = replay.report.versions.keras_line == 3 and not layer.is_user_class
    return shapes if len(shapes) == 1 or several_work else None
