"""The model view without a replay: classes with what they hold, models with their layers. No shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import layer_card
from keras_lsp.features.layer_family import family
from keras_lsp.features.view_data import ModelView, ViewEdge, ViewLayer, ViewModel, ViewStep
from keras_lsp.source.facts import ModelKind

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import Binding, LayerCall, ModelClass
    from keras_lsp.text.span import Span

_MAX_LAYERS = 2_000


def view_of_text(view: DocumentView) -> ModelView:
    return _Reader(view).view_of_text()


class _Reader:
    def __init__(self, view: DocumentView) -> None:
        self.facts = view.facts
        self.layers: list[ViewLayer | None] = []

    def view_of_text(self) -> ModelView:
        models: list[tuple[int, ViewModel]] = []
        used = self._classes_used()
        for model_class in self.facts.classes:
            number = self._of_class(model_class, None, (), model_class.name_span)
            name = model_class.name
            inner = model_class.kind is ModelKind.LAYER or name in used
            if number is not None:
                models.append((model_class.span.start, ViewModel(number, name, name, inner)))
        for binding in self.facts.bindings:
            number = self._of_binding(binding)
            if number is not None:
                models.append((binding.span.start, ViewModel(number, binding.name, binding.name)))
        models.sort(key=lambda model: (model[1].inner, model[0]))
        layers = tuple(layer for layer in self.layers if layer is not None)
        if all(model.inner for _, model in models):
            models = [(place, ViewModel(m.id, m.key, m.title)) for place, m in models]
        return ModelView("text", tuple(model for _, model in models), layers)

    def _classes_used(self) -> set[str]:
        """Classes that are inside another one."""
        return {slot.call.class_name for cls in self.facts.classes for slot in cls.slots if slot.call}

    def _of_class(
        self, model_class: ModelClass, call: LayerCall | None, above: tuple[str, ...], place: Span
    ) -> int | None:
        number = self._reserve()
        if number is None:
            return None
        steps = []
        for slot in (*model_class.inherited, *model_class.slots):
            inner = self._of_call(slot.call, slot.definition, (*above, model_class.name))
            if inner is not None:
                steps.append(ViewStep("layer", slot.path, slot.path, inner))
        notes = [] if model_class.closed else ["It may hold layers that the text does not show."]
        self.layers[number] = ViewLayer(
            number,
            model_class.name,
            call.given_name or "" if call else "",
            "subclass" if model_class.kind is ModelKind.SUBCLASS else "layer",
            "model" if model_class.kind is ModelKind.SUBCLASS else "custom",
            is_user_class=True,
            made=call.span if call else place,
            called=(place,),
            config=layer_card.arguments_text(call),
            notes=tuple(notes),
            origin="held" if steps else "",
            steps=tuple(steps),
        )
        return number

    def _of_call(self, call: LayerCall | None, place: Span, above: tuple[str, ...]) -> int | None:
        inner = self.facts.model_class(call.class_name) if call and not call.is_builtin else None
        if inner is not None and inner.name not in above:
            return self._of_class(inner, call, above, place)
        if call is not None and call.layers:
            return self._of_chain("", call, call.layers, call.complete, call.span)
        number = self._reserve()
        if number is not None:
            builtin = call is not None and call.is_builtin
            self.layers[number] = ViewLayer(
                number,
                call.class_name if call else "Layer",
                call.given_name or "" if call else "",
                "layer",
                family(call.class_name) if call and builtin else "other" if call is None else "custom",
                is_user_class=call is not None and not builtin,
                made=call.span if call else place,
                called=(place,),
                config=layer_card.arguments_text(call),
            )
        return number

    def _of_binding(self, binding: Binding) -> int | None:
        if binding.is_tensor or binding.call is None:
            return None
        if binding.kind is ModelKind.SEQUENTIAL:
            return self._of_chain(
                binding.name, binding.call, binding.layers, binding.complete, binding.call.span
            )
        if binding.kind is ModelKind.FUNCTIONAL:
            return self._of_functional(binding, binding.call)
        return None

    def _of_chain(
        self, name: str, call: LayerCall, layers: tuple[LayerCall, ...], complete: bool, made: Span
    ) -> int | None:
        number = self._reserve()
        if number is None:
            return None
        steps = [
            ViewStep("layer", f"{index} {inner.class_name}", inner.given_name or str(index), i)
            for index, inner in enumerate(layers)
            if (i := self._of_call(inner, inner.span, ())) is not None
        ]
        edges = tuple(ViewEdge(i, i + 1, "") for i in range(len(steps) - 1))
        self.layers[number] = ViewLayer(
            number,
            call.class_name,
            call.given_name or name,
            "sequential",
            "model",
            is_user_class=False,
            made=made,
            notes=() if complete else ("It may have layers that the text does not show.",),
            origin="order" if steps else "",
            steps=tuple(steps),
            edges=edges,
            incomplete=not complete,
        )
        return number

    def _of_functional(self, binding: Binding, call: LayerCall) -> int | None:
        """Its layers are made where it is made; which of them feed which, only Keras knows."""
        number = self._reserve()
        if number is None:
            return None
        near = [
            other
            for other in self.facts.bindings
            if other.is_tensor
            and other.call is not None
            and other.scope == binding.scope
            and other.span.start < binding.span.start
        ]
        steps = [
            ViewStep("layer", f"{index} {other.name}", other.name, i)
            for index, other in enumerate(near)
            if (i := self._of_call(other.call, other.span, ())) is not None
        ]
        self.layers[number] = ViewLayer(
            number,
            call.class_name,
            call.given_name or binding.name,
            "functional",
            "model",
            is_user_class=False,
            made=call.span,
            notes=("These layers are made near it in the text; which of them it uses is not known.",),
            origin="held" if steps else "",
            steps=tuple(steps),
            incomplete=True,
        )
        return number

    def _reserve(self) -> int | None:
        if len(self.layers) >= _MAX_LAYERS:
            return None
        self.layers.append(None)
        return len(self.layers) - 1
