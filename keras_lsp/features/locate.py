"""What is under the cursor, and which layers the replay saw there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.source.facts import LayerCall, LayerSlot, ModelKind, Reference, ReferenceKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.source.facts import Binding
    from keras_lsp.worker.report import LayerReport, Value


def locate(view: DocumentView, offset: int) -> Reference | None:
    """The innermost reference at `offset`.

    One that holds the character right of the cursor is preferred to one that only ends there, so that
    on the bracket of `model.layers[0]` the layer is meant and not the list.
    """
    touching = view.facts.references_at(offset)
    return next((r for r in touching if offset < r.span.end), touching[0] if touching else None)


def expression(reference: Reference) -> Span:
    """The span whose value the reference is about; a hover may cover only a part of it."""
    if reference.kind is ReferenceKind.LAYER_PATH and reference.path is not None:
        return reference.path.span
    if reference.kind is ReferenceKind.WEIGHT and reference.weight is not None:
        return reference.weight.span
    return reference.span


def layer_call(reference: Reference) -> LayerCall | None:
    """The constructor call that the text shows for what the reference denotes."""
    slot = layer_slot(reference)
    candidates = (
        reference.call,
        reference.path.call if reference.path else None,
        slot.call if slot else None,
        reference.binding.call if reference.binding else None,
    )
    return next((call for call in candidates if call is not None), None)


def layer_slot(reference: Reference) -> LayerSlot | None:
    return reference.slot or (reference.path.slot if reference.path else None)


def layers_for(view: DocumentView, reference: Reference) -> tuple[LayerReport, ...]:
    """The layer objects a reference denotes, as far as the replay saw them; () without a replay."""
    replay = view.replay
    if replay is None:
        return ()
    if reference.kind is ReferenceKind.MODEL_CLASS:
        model_class = reference.model_class
        if model_class is None:
            return replay.instances_of(reference.name)
        return replay.instances_of(model_class.name, model_class.name_span.start)
    if reference.kind is ReferenceKind.CONSTRUCTOR:
        return made_by(replay, reference.call)
    if reference.kind is ReferenceKind.LAYERS:
        return replay.layers_at(list_owner(view, reference))
    seen = replay.layers_at(expression(reference)) or _elements(replay, expression(reference))
    if seen:
        return seen
    slot = layer_slot(reference)
    if slot is not None:
        return slot_layers(replay, slot)
    if reference.binding is not None and not reference.binding.is_tensor:
        return replay.layers_at(reference.binding.span) or created_by(replay, reference.binding.call)
    return created_by(replay, reference.path.call if reference.path else None)


def list_owner(view: DocumentView, reference: Reference) -> Span:
    """`model` of `model.layers`."""
    span = reference.span
    dot = span.of(view.document.text).rfind(".")
    return Span(span.start, span.start + max(dot, 0))


def _elements(replay: ReplayView, span: Span) -> tuple[LayerReport, ...]:
    """The layers in a list or dict that an expression was."""
    items = [item for value in replay.values_at(span) for item in value.items]
    ids = dict.fromkeys(item.layer for item in items if item.kind == "layer")
    return tuple(layer for i in ids if (layer := replay.layer(i)) is not None)


def slot_layers(replay: ReplayView, slot: LayerSlot) -> tuple[LayerReport, ...]:
    """The layers a slot holds, over all instances of its class."""
    defined = replay.layers_at(slot.definition)
    if defined:
        return defined
    owners = replay.instances_of(slot.owner, slot.definition.start)
    ids = [i for owner in owners for path, i in owner.attributes.items() if holds(slot, path)]
    held = tuple(layer for i in dict.fromkeys(ids) if (layer := replay.layer(i)) is not None)
    return held or created_by(replay, slot.call)


def holds(slot: LayerSlot, path: str) -> bool:
    """Whether the layer at an attribute path is in this slot: `blocks[*]` takes in `blocks[0]`."""
    if "*" not in slot.path:
        return path == slot.path
    return re.fullmatch(re.escape(slot.path).replace(r"\*", r"[^\[\]]+"), path) is not None


def slot_title(slot: LayerSlot) -> str:
    """How a slot is called: `dense1`, and `blocks` for all that is in `blocks[*]`."""
    return slot.path.removesuffix("[*]")


def sure_layers(binding: Binding) -> tuple[LayerCall, ...] | None:
    """`.layers` of a Sequential, which hides its input; None where the text is not sure of all of them."""
    if binding.kind is not ModelKind.SEQUENTIAL or not binding.complete or binding.class_name is not None:
        return None
    return tuple(call for call in binding.layers if call.class_name not in ("Input", "InputLayer"))


def created_by(replay: ReplayView, call: LayerCall | None) -> tuple[LayerReport, ...]:
    return replay.created_at(call.span) if call is not None else ()


def made_at(view: DocumentView, layers: Iterable[LayerReport]) -> list[Span]:
    """The slot that holds each layer of this text where there is one, else the constructor call itself."""
    if view.replay is None:
        return []
    slots = slots_by_call(view)
    made = (view.replay.span(layer.created) for layer in layers)
    return [slots.get(span, span) for span in made if span is not None]


def slots_by_call(view: DocumentView) -> dict[Span, Span]:
    """Constructor call -> the definition of the slot that takes what it makes."""
    return {s.call.span: s.definition for c in view.facts.classes for s in c.slots if s.call}


def made_by(replay: ReplayView, call: LayerCall | None) -> tuple[LayerReport, ...]:
    """What a call made, or gave that Keras's own code made, as `keras.applications.ResNet50()` does."""
    return created_by(replay, call) or (replay.layers_at(call.span) if call is not None else ())


def own_values(replay: ReplayView, span: Span) -> tuple[Value, ...]:
    """What the program itself saw at `span`, without what was only worked out for it."""
    return tuple(v for node in replay.nodes_at(span) if not node.projected for v in node.values)


def attributes(owner: LayerReport) -> dict[str, int]:
    """The attribute paths of a user's class that hold layers; Keras's own bookkeeping is nobody's concern."""
    if not owner.is_user_class:
        return {}
    return {path: i for path, i in owner.attributes.items() if not path.startswith("_self_")}


def attribute_names(replay: ReplayView) -> dict[int, str]:
    """Layer id -> the attribute path that holds it, `dense1` or `blocks[0]`; the shortest wins."""
    names: dict[int, str] = {}
    for owner in replay.report.layers:
        for path, layer_id in attributes(owner).items():
            known = names.get(layer_id)
            if known is None or len(path) < len(known):
                names[layer_id] = path
    return names


def names_below(replay: ReplayView, owner: LayerReport) -> dict[int, str]:
    """Layer id -> how it is reached from `owner`: `blocks[0].dense` by attributes, `encoder/dense_1` where a
    model of Keras's own has no attribute for it, only a name."""
    names: dict[int, str] = {}
    waiting = [(owner, "")]
    for holder, way in waiting:
        held = attributes(holder)
        steps = [(i, f"{way}.{path}" if way else path) for path, i in held.items()]
        for layer_id in holder.layers:
            inner = replay.layer(layer_id)
            if inner is not None and layer_id not in held.values():
                steps.append((layer_id, f"{way}/{inner.name}" if way else inner.name))
        for layer_id, name in steps:
            found = replay.layer(layer_id)
            if found is not None and layer_id not in names and found is not owner:
                names[layer_id] = name
                waiting.append((found, name))
    return names
