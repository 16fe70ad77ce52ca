"""Where a layer, a model or a class was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import locate, weight_card
from keras_lsp.features.results import Location
from keras_lsp.source.facts import Reference, ReferenceKind

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.source.facts import ModelClass, WeightUse
    from keras_lsp.text.span import Span


_OF_SLOTS = (ReferenceKind.SLOT, ReferenceKind.LAYER_PATH)


def definition(snapshot: Snapshot, key: str, offset: int) -> tuple[Location, ...]:
    view = snapshot.view(key)
    reference = locate.locate(view, offset) if view else None
    if view is None or reference is None:
        return ()
    slot = locate.layer_slot(reference)
    if slot is not None and slot.elsewhere is not None and reference.kind in _OF_SLOTS:
        return (Location(key, slot.definition, slot.elsewhere),)
    made = reference.weight.made if reference.weight is not None else None
    if made is not None and made.elsewhere is not None:
        return (Location(key, made.definition, made.elsewhere),)
    return tuple(Location(key, span) for span in dict.fromkeys(_spans(view, reference)))


def type_definition(snapshot: Snapshot, key: str, offset: int) -> tuple[Location, ...]:
    """The class of a layer or model, where it is of this file; for Keras's own see `keras_source`."""
    view = snapshot.view(key)
    reference = locate.locate(view, offset) if view else None
    if view is None or reference is None or reference.kind is ReferenceKind.TENSOR:
        return ()
    return tuple(Location(key, found.name_span) for found in _classes(view, reference))


def implementation(snapshot: Snapshot, key: str, offset: int) -> tuple[Location, ...]:
    """What runs when a layer or model is called: `call` of its class, where that is of this file."""
    view = snapshot.view(key)
    reference = locate.locate(view, offset) if view else None
    if view is None or reference is None or reference.kind is ReferenceKind.TENSOR:
        return ()
    found = ((model_class, model_class.method("call")) for model_class in _classes(view, reference))
    return tuple(Location(key, call.name_span if call else one.name_span) for one, call in found)


def _classes(view: DocumentView, reference: Reference) -> list[ModelClass]:
    """The classes of this file that what is meant may be of; the class itself where that is meant."""
    if reference.kind is ReferenceKind.MODEL_CLASS and reference.model_class is not None:
        return [reference.model_class]
    names = {layer.class_name for layer in locate.layers_for(view, reference) if layer.is_user_class}
    call, binding = locate.layer_call(reference), reference.binding
    if not names:
        names = {call.callee} if call is not None else {(binding.class_name if binding else None) or ""}
    found = (view.facts.model_class(name) for name in sorted(names))
    return [model_class for model_class in found if model_class is not None]


def keras_source(snapshot: Snapshot, key: str, offset: int, *, of_type: bool) -> str | None:
    """The dotted name, in the Keras that counts here, of the class at a place; `of_type`: that it is of."""
    view = snapshot.view(key)
    reference = locate.locate(view, offset) if view else None
    if view is None or reference is None or reference.kind is ReferenceKind.TENSOR:
        return None
    if not of_type and reference.kind is not ReferenceKind.CONSTRUCTOR:
        return None
    layers = locate.layers_for(view, reference)
    names = [f"keras.layers.{layer.class_name}" for layer in layers if not layer.is_user_class]
    call = locate.layer_call(reference)
    if call is not None and call.is_builtin:
        names = [call.callee]
    name = names[0] if len(set(names)) == 1 else ""
    if not name.startswith("keras."):
        return None
    return f"tf_{name}" if view.keras_line == 2 else name


def _spans(view: DocumentView, reference: Reference) -> list[Span]:
    kind = reference.kind
    if kind is ReferenceKind.MODEL_CLASS:
        return _class_span(view, reference)
    if kind is ReferenceKind.CONSTRUCTOR:
        return _class_span(view, reference)
    if kind is ReferenceKind.TENSOR:
        return [reference.binding.span] if reference.binding else []
    if kind in (ReferenceKind.WEIGHT, ReferenceKind.WEIGHTS):
        use = reference.weight
        if use is not None and use.made is not None:
            return [use.made.definition]
        return (locate.made_at(view, weight_card.owners(view, use)) or _said(use)) if use else []
    slot = locate.layer_slot(reference)
    if slot is not None:
        return [slot.definition]
    if kind is ReferenceKind.MODEL and reference.binding is not None:
        return [reference.binding.span]
    created = locate.made_at(view, locate.layers_for(view, reference))
    call = locate.layer_call(reference)
    return created or ([call.span] if call else [])


def _class_span(view: DocumentView, reference: Reference) -> list[Span]:
    name = reference.call.class_name if reference.call else reference.name
    model_class = reference.model_class or view.facts.model_class(name)
    return [model_class.name_span] if model_class else []


def _said(use: WeightUse) -> list[Span]:
    """The layer of a weight, as the text alone knows it."""
    layer = use.layer
    if layer is None or (layer.slot is None and layer.call is None):
        return []
    if layer.slot is not None:
        return [layer.slot.definition]
    return [layer.call.span] if layer.call is not None else []
