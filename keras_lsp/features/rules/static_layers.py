"""The layers of a model where the text alone settles all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.rules.guarded import guarded
from keras_lsp.source.facts import Binding, EventKind, LayerCall, LayerPath, ModelClass, ModelKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView


@dataclass(frozen=True, slots=True)
class SureLayers:
    class_name: str
    calls: tuple[LayerCall, ...]


def sure_layers(view: DocumentView, path: LayerPath) -> SureLayers | None:
    """All layers of the model at a path's root; None unless the text is sure and the replay silent."""
    if guarded(view, path.span):
        return None
    if view.current is not None and view.current.values_at(Span(path.span.start, path.root_span.end)):
        return None
    binding = view.facts.binding_at(path.root, path.span.start)
    if binding is None or binding.span.start > path.span.start or binding.is_tensor:
        return None
    if "." in path.root and _times_given(view, binding) != 1:
        return None  # an attribute that several methods give: nobody knows which came last
    if any(e.variable == path.root and e.kind is EventKind.OTHER for e in view.facts.events):
        return None
    layers = locate.sure_layers(binding)
    if layers is not None:
        return SureLayers("the model", layers)
    return _of_class(view.facts.model_class(binding.class_name))


def _times_given(view: DocumentView, binding: Binding) -> int:
    return sum(b.name == binding.name and b.scope == binding.scope for b in view.facts.bindings)


def _of_class(model_class: ModelClass | None) -> SureLayers | None:
    if model_class is None or model_class.kind is not ModelKind.SUBCLASS or model_class.layers is None:
        return None
    calls = [slot.call for slot in model_class.layers if slot.call is not None]
    return SureLayers(model_class.name, tuple(calls)) if len(calls) == len(model_class.layers) else None
