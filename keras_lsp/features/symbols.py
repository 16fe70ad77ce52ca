"""The outline: model classes with their methods and layers, and the models of the module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import layer_card, locate, wording
from keras_lsp.features.results import Symbol, SymbolKind
from keras_lsp.source.facts import Binding, LayerSlot, ModelClass, ModelKind

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.worker.report import LayerReport


def document_symbols(snapshot: Snapshot, key: str) -> tuple[Symbol, ...]:
    view = snapshot.view(key)
    if view is None:
        return ()
    symbols = [_class_symbol(view, model_class) for model_class in view.facts.classes]
    symbols += [_model_symbol(view, binding) for binding in view.facts.bindings if _is_model(view, binding)]
    return tuple(sorted(symbols, key=lambda symbol: symbol.span))


def _is_model(view: DocumentView, binding: Binding) -> bool:
    """A model in a variable of the module itself; layers and tensors would drown them."""
    if binding.is_tensor or binding.kind in (ModelKind.LAYER, ModelKind.UNKNOWN):
        return False
    whole = binding.scope.start == 0 or view.document.text[: binding.scope.start].isspace()
    return whole and view.facts.class_at(binding.span.start) is None


def _class_symbol(view: DocumentView, model_class: ModelClass) -> Symbol:
    methods = [Symbol(m.name, SymbolKind.METHOD, m.span, m.name_span) for m in model_class.methods]
    slots = [_slot_symbol(view, slot) for slot in model_class.slots]
    at = model_class.name_span.start
    instances = view.replay.instances_of(model_class.name, at) if view.replay else ()
    detail = ", ".join(base.rsplit(".", 1)[-1] for base in model_class.bases)
    return Symbol(
        model_class.name,
        SymbolKind.CLASS,
        model_class.span,
        model_class.name_span,
        _shapes(instances) or detail,
        tuple(sorted([*methods, *slots], key=lambda symbol: symbol.name_span)),
    )


def _slot_symbol(view: DocumentView, slot: LayerSlot) -> Symbol:
    layers = locate.slot_layers(view.replay, slot) if view.replay else ()
    class_name = wording.one_of(layer.class_name for layer in layers)
    if not class_name and slot.call is not None:
        class_name = f"{slot.call.class_name}({layer_card.arguments_text(slot.call)})"
    detail = " ".join(part for part in (class_name, _shapes(layers)) if part)
    span = slot.source_line if slot.source_line.covers(slot.definition) else slot.definition
    return Symbol(locate.slot_title(slot), SymbolKind.LAYER, span, slot.definition, detail)


def _model_symbol(view: DocumentView, binding: Binding) -> Symbol:
    layers: tuple[LayerReport, ...] = ()
    if view.replay is not None:
        layers = view.replay.layers_at(binding.span) or locate.created_by(view.replay, binding.call)
    name = binding.class_name or (binding.call.class_name if binding.call else binding.kind.value)
    detail = " ".join(part for part in (name, _shapes(layers)) if part)
    span = binding.statement if binding.statement.covers(binding.span) else binding.span
    return Symbol(binding.name, SymbolKind.MODEL, span, binding.span, detail)


def _shapes(layers: tuple[LayerReport, ...]) -> str:
    return wording.one_of(text for layer in layers if (text := wording.flow_text(layer)))
