"""What to show for the place under the cursor."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features import card, layer_card, locate, said_input, weight_card, wording
from keras_lsp.features.card import Card
from keras_lsp.features.checkpoint_card import hover_checkpoint
from keras_lsp.features.keras_hover import hover_keras
from keras_lsp.features.keras_name import dotted_at
from keras_lsp.features.results import Hover
from keras_lsp.features.rules.named_rule import hover_rule
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.source.facts import LayerCall, ModelClass, ModelKind, Reference, ReferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import LayerReport, Value

_KINDS = {
    ModelKind.SUBCLASS: "subclassed model",
    ModelKind.SEQUENTIAL: "Sequential",
    ModelKind.FUNCTIONAL: "functional model",
    ModelKind.LAYER: "layer",
    ModelKind.MODULE: "tf.Module",
    ModelKind.UNKNOWN: "",
}


def hover(snapshot: Snapshot, key: str, offset: int) -> Hover | None:
    view = snapshot.view(key)
    if view is None:
        return None
    reference = locate.locate(view, offset)
    shown = _card(view, reference) if reference is not None else None
    if reference is None or shown is None:
        seen = _hover_seen(view, offset) if reference is None else None
        if seen is not None:
            return seen
        return hover_rule(view, offset) or hover_checkpoint(view, offset) or hover_keras(view, offset)
    markdown, plain = card.markdown(shown), card.plain(shown)
    documented = hover_keras(view, offset) if reference.kind is ReferenceKind.CONSTRUCTOR else None
    if documented is not None:
        markdown, plain = f"{markdown}\n\n---\n\n{documented.markdown}", f"{plain}\n\n{documented.text}"
    return Hover(reference.span, markdown, plain)


def _hover_seen(view: DocumentView, offset: int) -> Hover | None:
    """A name that the text alone makes nothing of: `head` in `for head in heads.values()`, `base.output`."""
    found = dotted_at(view, offset) if view.replay is not None else None
    if found is None or view.replay is None:
        return None
    _, word = found
    layers = view.replay.layers_at(word)
    name = word.of(view.document.text)
    if layers:
        shown = (
            layer_card.several_card(view, layers, name, word)
            if len(layers) > 1
            else layer_card.layer_card(view, layers[0], word, name)
        )
    else:
        texts = _shapes(view.replay.values_at(word) or view.replay.values_at(_attribute(view, word)))
        if not texts:
            return None
        shown = _shapes_card(view, name, texts)
    return Hover(word, card.markdown(shown), card.plain(shown))


def _attribute(view: DocumentView, word: Span) -> Span:
    """The expression that ends with `.word`; the word itself where there is none."""
    tree = tree_of(view)
    spans = map(tree.span, tree.every(ast.Attribute))
    return next((span for span in spans if span.end == word.end), word)


def _card(view: DocumentView, reference: Reference) -> Card | None:
    kind = reference.kind
    if kind is ReferenceKind.WEIGHT and reference.weight is not None:
        return weight_card.weight_card(view, reference.weight)
    if kind is ReferenceKind.WEIGHTS and reference.weight is not None:
        return weight_card.weights_card(view, reference.weight)
    if kind is ReferenceKind.TENSOR:
        return _tensor_card(view, reference)
    if kind is ReferenceKind.CONSTRUCTOR and reference.call is not None:
        made = _input_card(view, reference.call)
        if made is not None:
            return made
    layers = locate.layers_for(view, reference)
    if kind is ReferenceKind.LAYERS:
        if layers:
            return _layers_card(view, layers)
        return _static_layers_card(view, reference) or _unseen_card(view, reference, "layers")
    if kind is ReferenceKind.MODEL_CLASS and not layers:
        return _static_class_card(view, reference.model_class)
    return _layer_card(view, reference, layers)


def _input_card(view: DocumentView, call: LayerCall) -> Card | None:
    """`keras.Input` makes a tensor and not a layer; None for other calls, and where none was seen."""
    if call.callee != "keras.Input" or view.replay is None:
        return None
    texts = _shapes(view.replay.values_at(call.span))
    if not texts:
        return None
    return Card(
        title="Input",
        name=call.given_name or "",
        notes=layer_card.stale_note(view),
        summary=wording.one_of(texts),
        configuration=layer_card.arguments_text(call),
        quote=layer_card.quote(view, call.span),
        origin=layer_card.origin(view),
    )


def _layer_card(view: DocumentView, reference: Reference, layers: tuple[LayerReport, ...]) -> Card | None:
    here = _moment(reference)
    slot = locate.layer_slot(reference)
    name = _shown_name(reference)
    if len(layers) > 1:
        whole = reference.kind is ReferenceKind.SLOT and slot is not None
        return layer_card.several_card(view, layers, slot.attribute if whole and slot else name, here)
    if layers:
        if not name and view.replay is not None:
            name = locate.attribute_names(view.replay).get(layers[0].id, "")
        return layer_card.layer_card(view, layers[0], here, name)
    call = locate.layer_call(reference)
    made_at = slot.source_line if slot else call.span if call else None
    if reference.binding is not None and reference.binding.class_name is not None:
        model_class = view.facts.model_class(reference.binding.class_name)
        told = said_input.of_binding(view, reference.binding)
        return _static_class_card(view, model_class, reference.name, made_at, told)
    if call is None and slot is None:
        return _unseen_card(view, reference, "Layer" if reference.path is not None else "Model")
    shown = layer_card.static_card(view, call, name or (call.given_name or "" if call else ""), made_at, slot)
    if reference.binding is not None and not reference.binding.is_tensor:
        return replace(shown, summary=said_input.of_binding(view, reference.binding))
    return shown


def _unseen_card(view: DocumentView, reference: Reference, title: str) -> Card | None:
    """What is not known of a model of this text, or of a layer of it: because of what."""
    root = reference.path.root_span if reference.path is not None else reference.span
    of_model = any(r.kind is ReferenceKind.MODEL for r in view.facts.references_at(root.start))
    if not of_model:
        return None
    name = reference.name if reference.kind is ReferenceKind.MODEL else ""
    if view.replay is None:
        return Card(title, name, origin=(layer_card.why_no_more(view, None),)) if view.reason else None
    values = view.replay.values_at(locate.expression(reference))
    if holes := _holes(values):
        return Card(title, name, origin=(f"Shapes and weights are not known: {holes[0]}",))
    if values or reference.kind is ReferenceKind.MODEL:
        return None
    return Card(title, origin=(layer_card.why_no_more(view, locate.expression(reference)),))


def _holes(values: Iterable[Value]) -> list[str]:
    """Why values are not known."""
    return [value.text.rstrip(".") for value in values if value.kind == "hole" and value.text]


def _moment(reference: Reference) -> Span | None:
    """The expression whose state counts; a class or a definition stands for all moments."""
    if reference.is_store or reference.kind in (ReferenceKind.MODEL_CLASS, ReferenceKind.CONSTRUCTOR):
        return None
    return locate.expression(reference)


def _shown_name(reference: Reference) -> str:
    """What the user calls it: the slot's path or the variable; "" leaves it to Keras's name."""
    slot = locate.layer_slot(reference)
    if slot is not None:
        return locate.slot_title(slot)
    return reference.name if reference.kind is ReferenceKind.MODEL else ""


def _layers_card(view: DocumentView, models: tuple[LayerReport, ...]) -> Card | None:
    """`model.layers`: every layer with the index that reads it."""
    if len(models) != 1:
        return None
    model = models[0]
    subs = layer_card.sublayers(view, model)
    return Card(
        title="layers",
        about=f"of {model.class_name} `{model.name}`, {len(subs)}",
        notes=(*layer_card.stale_note(view), *layer_card.state_note(view, model, None)),
        table=layer_card.layers_table(subs),
        origin=layer_card.origin(view, model),
    )


def _static_layers_card(view: DocumentView, reference: Reference) -> Card | None:
    """The layers of a class or of a Sequential, where the text is sure of all of them."""
    binding = reference.binding
    if binding is None or binding.name != _list_owner_text(view, reference):
        return None
    model_class = view.facts.model_class(binding.class_name)
    if (sure := locate.sure_layers(binding)) is not None:
        calls = [("", call) for call in sure]
        about = f"of Sequential, {len(calls)}"
    elif model_class is not None and model_class.layers is not None:
        slots = model_class.layers
        calls = [(locate.slot_title(slot), slot.call) for slot in slots if slot.call is not None]
        about = f"of {model_class.name}, {len(calls)}"
    else:
        return None
    rows = [
        (str(i), name or call.given_name or "", call.class_name, layer_card.arguments_text(call))
        for i, (name, call) in enumerate(calls)
    ]
    return Card("layers", about=about, table=card.folded(rows), origin=(layer_card.why_no_more(view, None),))


def _list_owner_text(view: DocumentView, reference: Reference) -> str:
    return locate.list_owner(view, reference).of(view.document.text)


def _tensor_card(view: DocumentView, reference: Reference) -> Card | None:
    values = tensor_values(view, reference)
    texts = _shapes(values)
    if texts:
        return _shapes_card(view, reference.name, texts)
    call = locate.layer_call(reference)
    if holes := _holes(values):
        return Card("tensor", reference.name, origin=(f"Shape not known: {holes[0]}",))
    if call is None and (view.replay is not None or not view.reason):
        return None
    about = f"output of {call.class_name}" if call else ""
    why = layer_card.why_no_more(view, reference.span)
    return Card("tensor", reference.name, about, configuration=layer_card.arguments_text(call), origin=(why,))


def _shapes_card(view: DocumentView, name: str, texts: list[str]) -> Card:
    single = len(texts) == 1
    return Card(
        title="tensor",
        name=name,
        about="" if single else f"{len(texts)} shapes",
        notes=layer_card.stale_note(view),
        summary=texts[0] if single else "",
        table=None if single else card.folded([(text,) for text in texts]),
        origin=layer_card.origin(view),
    )


def _shapes(values: Iterable[Value]) -> list[str]:
    """Distinct shapes with types, in the order seen."""
    return list(dict.fromkeys(text for v in values if (text := wording.value_text(v, with_dtype=True))))


def tensor_values(view: DocumentView, reference: Reference) -> tuple[Value, ...]:
    """What a tensor variable was; a parameter is what the first reading of it was."""
    if view.replay is None:
        return ()
    values = view.replay.values_at(reference.span)
    if values or reference.scope is None:
        return values
    for other in view.facts.references:
        if other.kind is ReferenceKind.TENSOR and other.name == reference.name:
            if other.span.start <= reference.span.start or not reference.scope.covers(other.span):
                continue
            return () if other.is_store else view.replay.values_at(other.span)
    return ()


def _static_class_card(
    view: DocumentView,
    model_class: ModelClass | None,
    name: str = "",
    made_at: Span | None = None,
    told: str = "",
) -> Card | None:
    if model_class is None:
        return None
    rows = [
        (
            locate.slot_title(slot),
            slot.call.class_name if slot.call else "?",
            layer_card.arguments_text(slot.call),
        )
        for slot in model_class.slots
    ]
    reason = layer_card.why_no_more(view, None)
    return Card(
        title=model_class.name,
        name=name,
        about=_KINDS[model_class.kind],
        summary=told or said_input.of_class(view, model_class),
        table=card.folded(rows),
        quote=layer_card.quote(view, made_at or model_class.name_span),
        origin=(reason if view.replay is None else _why_none(model_class),),
    )


def _why_none(model_class: ModelClass) -> str:
    if model_class.kind is ModelKind.MODULE:
        return "A replay tells of Keras's models and layers; this is what the text says"
    return "Nothing in this file makes one that could be replayed"
