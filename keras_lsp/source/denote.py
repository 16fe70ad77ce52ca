"""What attributes, elements and calls of known objects denote."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.source.facts import LayerCall, LayerSlot, ModelKind, Step, StepKind
from keras_lsp.source.foreign_slots import held_in
from keras_lsp.source.held import EACH, Held
from keras_lsp.source.variables import Sort, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.class_info import ClassInfo, Holder
    from keras_lsp.text.span import Span

# What a `tf.Module` lists of its weights.
MODULE_LISTS = frozenset({"variables", "trainable_variables", "non_trainable_variables"})
WEIGHT_LISTS = frozenset(
    {
        "weights",
        "trainable_weights",
        "non_trainable_weights",
        "variables",
        "trainable_variables",
        "non_trainable_variables",
    }
)
ONE_WEIGHT = frozenset(
    {
        "kernel",
        "bias",
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
        "embeddings",
        "recurrent_kernel",
        "depthwise_kernel",
        "pointwise_kernel",
    }
)


class Denoter:
    """Follows layers below layers, in the classes of one module."""

    def __init__(self, classes: Mapping[str, ClassInfo], calls: Calls) -> None:
        self._classes = classes
        self._calls = calls
        self.touched: set[str] = set()  # classes whose objects got attributes from outside

    def attribute(self, base: Value, name: str, span: Span) -> Value | None:
        """`base.<name>` where that is a layer, a container of layers or `.layers`; `span` is the step."""
        if name == "layers" and self._has_layers(base):
            return base._replace(sort=Sort.LAYER_LIST)
        info = self._classes.get(base.class_name or "")
        if info is None and base.call is not None:
            return self._not_of_this_file(base, base.call, name, span)
        held = info.attributes.get(name) if info else None
        stepped = self._stepped(base, Step(StepKind.ATTRIBUTE, name, span))
        if info is None or held is None or not held.entries:
            given = dict(base.given).get(name)
            if given is None and base.call is not None:
                given = self._calls.wrapped(base.call, name)
            return self.of_call(stepped, given, None) if given is not None else None
        if held.is_container:
            slot = info.slots_of(name)[0] if len(info.slots_of(name)) == 1 else None
            return stepped._replace(sort=Sort.CONTAINER, held=held, slot=slot, call=None, class_name=None)
        return self._held_object(stepped, info, held, name)

    def kept(self, base: Value, holder: Holder, name: str, span: Span) -> Value | None:
        """`base.<name>` of an object that is no model."""
        held = holder.attributes.get(name)
        if held is None or not held.entries:
            return None
        stepped = self._stepped(base, Step(StepKind.ATTRIBUTE, name, span))._replace(holder=None)
        slots = [slot for slot in holder.slots if slot.attribute == name]
        if held.is_container:
            slot = slots[0] if len(slots) == 1 else None
            return stepped._replace(sort=Sort.CONTAINER, held=held, slot=slot)
        return self._one_of(stepped, held, slots[0] if len(slots) == 1 else None)

    def _not_of_this_file(self, base: Value, call: LayerCall, name: str, span: Span) -> Value | None:
        """An attribute of a layer of Keras, or of an object whose class another file has."""
        stepped = self._stepped(base, Step(StepKind.ATTRIBUTE, name, span))
        inner = dict(base.given).get(name) or self._calls.wrapped(call, name)
        if inner is not None:
            return self.of_call(stepped, inner, None)
        slots = [slot for slot in self._calls.slots_of(call, span) if slot.attribute == name]
        if not slots:
            return None
        held = held_in(slots)[name]
        only = slots[0] if len(slots) == 1 else None
        if held.is_container:
            return stepped._replace(sort=Sort.CONTAINER, held=held, slot=only, call=None, class_name=None)
        return self.of_call(stepped, only.call if only is not None else None, only)

    def _has_layers(self, base: Value) -> bool:
        if base.kind is ModelKind.MODULE:
            return False
        if base.kind is ModelKind.LAYER:
            info = self._classes.get(base.class_name or "")
            return base.call is None and info is None
        return True

    def _stepped(self, base: Value, step: Step) -> Value:
        path = base.path._replace(steps=(*base.path.steps, step)) if base.path else None
        return base._replace(path=path, slot=None, given=())

    def _held_object(self, base: Value, info: ClassInfo, held: Held, path: str) -> Value:
        calls = {id(e.call): e.call for e in held.entries}
        call = held.entries[0].call if len(calls) == 1 else None
        slots = [s for s in info.slots_of(path) if s.path == path]
        return self.of_call(base, call, slots[0] if slots else None)

    def of_call(self, base: Value, call: LayerCall | None, slot: LayerSlot | None) -> Value:
        """`base`'s place taken by the layer that `call` makes."""
        kind = kind_of(call, self._classes)
        name = call.callee if call and call.callee in self._classes else None
        return base._replace(sort=Sort.OBJECT, kind=kind, call=call, class_name=name, slot=slot, held=None)

    def element(self, base: Value, key: str | int | None, span: Span, key_span: Span) -> Value:
        """`blocks[key]` of a container; `key` is None when it is no literal."""
        stepped = self._stepped(base, Step(StepKind.ELEMENT, key, span, key_span))
        held = base.held or Held(open=True)
        if isinstance(key, int) and key < 0 and held.length is not None:
            key += held.length
        if isinstance(key, int) and held.length is not None and not 0 <= key < held.length:
            return stepped._replace(sort=Sort.OBJECT, kind=ModelKind.LAYER, call=None, class_name=None)
        place = EACH if key is None else f"[{key!r}]"
        inner = held.element(place)
        if not inner.entries or (key is None and not all(e.repeated for e in held.entries)):
            return stepped._replace(sort=Sort.OBJECT, kind=ModelKind.LAYER, call=None, class_name=None)
        if any(entry.place for entry in inner.entries):
            return stepped._replace(sort=Sort.CONTAINER, held=replace(inner, is_container=True))
        return self._one_of(stepped, inner, self._slot_of(inner))

    def unpacked(self, base: Value, position: int) -> Value | None:
        """`a` of `a, b = base`: an object that is reached by no path."""
        inner = base.held.element(f"[{position}]") if base.held is not None else Held()
        if not inner.entries:
            return None
        if any(entry.place for entry in inner.entries):
            return Value(Sort.CONTAINER, held=replace(inner, is_container=True))
        return self._one_of(Value(Sort.OBJECT), inner, None)

    def _one_of(self, base: Value, held: Held, slot: LayerSlot | None) -> Value:
        """The one layer that is held, or what all that may be held there have in common."""
        calls = list({id(e.call): e.call for e in held.entries}.values())
        if len(calls) == 1:
            return self.of_call(base, calls[0], slot)
        made = [call for call in calls if call is not None]
        kinds = {kind_of(call, self._classes) for call in calls}
        if len(made) == len(calls) and len({call.callee for call in made}) == 1:
            return self.of_call(base, _common(made), slot)
        found = self.of_call(base, None, slot)
        return found if kinds == {ModelKind.LAYER} else found._replace(kind=ModelKind.UNKNOWN)

    def _slot_of(self, held: Held) -> LayerSlot | None:
        spans = {entry.span for entry in held.entries}
        slots = [s for info in self._classes.values() for s in info.facts.slots if s.definition in spans]
        made = [entry.call for entry in held.entries]
        same = [
            s for s in slots if any(s.call is call for call in made)
        ]  # a helper makes more than one there
        return next(iter([*same, *slots]), None)

    def each(self, base: Value) -> Value:
        """What a loop over `.layers` or over a container of layers gives."""
        if base.sort is Sort.CONTAINER and base.held is not None:
            nested = [e.place.count("[") > 1 for e in base.held.entries]
            if all(nested):
                return base._replace(held=base.held.each(), slot=None, path=None)
            if any(nested):
                return self.of_call(base, None, base.slot)._replace(path=None)
            return self._one_of(base, base.held.each(), base.slot)._replace(path=None)
        return Value(Sort.OBJECT, ModelKind.LAYER, root=base.root)

    def layer_at(self, base: Value, index: int | None, span: Span, key_span: Span) -> Value:
        """`model.layers[index]`."""
        if base.part is not None:  # of a slice
            stepped = self._stepped(base, Step(StepKind.ELEMENT, index, span, key_span))._replace(part=None)
            if index is None or not -len(base.part) <= index < len(base.part):
                return self._unknown(stepped)
            slot, call = base.part[index]
            return self.of_call(stepped, call, slot)
        stepped = self._stepped(base, Step(StepKind.LAYERS, index, span, key_span))
        return self._numbered(stepped, base, index)

    def cut(self, base: Value, bounds: slice | None, span: Span) -> Value:
        """A slice of `.layers` or of a container; None for bounds that the text does not say."""
        if base.sort is Sort.CONTAINER:
            stepped = self._stepped(base, Step(StepKind.ELEMENT, None, span))
            return stepped._replace(held=base.held.part(bounds) if base.held else None)
        stepped = self._stepped(base, Step(StepKind.LAYERS, None, span))
        layers = self._layers_in(base)
        return stepped._replace(part=layers[bounds] if layers is not None and bounds is not None else ())

    def _layers_in(self, base: Value) -> tuple[tuple[LayerSlot | None, LayerCall], ...] | None:
        if base.part is not None:
            return base.part
        slots, calls = self._ordered(base)
        return tuple(zip(slots, calls, strict=True))

    def get_layer(self, base: Value, key: str | int | None, span: Span, key_span: Span | None) -> Value:
        """`model.get_layer("name")` or `model.get_layer(index=2)`."""
        stepped = self._stepped(base, Step(StepKind.GET_LAYER, key, span, key_span))
        if isinstance(key, int):
            return self._numbered(stepped, base, key)
        return self._named(stepped, base, key) if isinstance(key, str) else self._unknown(stepped)

    def _at_root(self, base: Value) -> bool:
        """Whether `base` is the variable itself, not something below it or cut out of it."""
        return base.is_whole

    def _unknown(self, stepped: Value) -> Value:
        return stepped._replace(sort=Sort.OBJECT, kind=ModelKind.LAYER, call=None, class_name=None, slot=None)

    def _numbered(self, stepped: Value, base: Value, index: int | None) -> Value:
        slots, calls = self._ordered(base)
        if index == 0 and self._at_root(base) and base.root is not None and base.root.single_input:
            return self.of_call(stepped, base.root.single_input, None)
        if index is None or not -len(calls) <= index < len(calls):
            return self._unknown(stepped)
        return self.of_call(stepped, calls[index], slots[index])

    def _ordered(self, base: Value) -> tuple[list[LayerSlot | None], list[LayerCall]]:
        """`.layers` where the text alone decides it, as far as it does."""
        info = self._classes.get(base.class_name or "")
        if info is not None:
            slots = info.facts.layers if info.node.name not in self.touched else None
            named = [None if info.is_sequential else slot for slot in slots or ()]
            return named, [slot.call for slot in slots or () if slot.call]
        layers, complete = self._sequential(base)
        if complete:
            return [None] * len(layers), list(layers)
        return [], []

    def _sequential(self, base: Value) -> tuple[tuple[LayerCall, ...], bool]:
        if base.kind is not ModelKind.SEQUENTIAL:
            return (), False
        if base.root is not None and self._at_root(base):
            return base.root.layers, base.root.complete
        return (base.call.layers, base.call.complete) if base.call else ((), False)

    def _named(self, stepped: Value, base: Value, name: str) -> Value:
        info = self._classes.get(base.class_name or "")
        if info is not None:
            slots = [
                s for s in (*info.facts.slots, *info.facts.inherited) if s.call and s.call.given_name == name
            ]
            if len(slots) == 1 and not slots[0].repeated:
                return self.of_call(stepped, slots[0].call, slots[0])
            inner = [call for call in info.facts.graph if call.given_name == name and not slots]
            return self.of_call(stepped, inner[0], None) if inner else self._unknown(stepped)
        if base.root is not None and self._at_root(base):
            layers = base.root.layers
        else:
            layers = base.call.layers if base.call is not None else ()
        calls = [call for call in layers if call.given_name == name]
        return self.of_call(stepped, calls[0], None) if len(calls) == 1 else self._unknown(stepped)


def _common(calls: Sequence[LayerCall]) -> LayerCall:
    """Calls of one class as one: with the arguments that all of them have."""
    first = calls[0]
    said = [{(a.name, a.text, a.stands_for) for a in call.arguments} for call in calls]
    shared = set.intersection(*said)
    arguments = tuple(a for a in first.arguments if (a.name, a.text, a.stands_for) in shared)
    return replace(first, arguments=arguments, layers=(), complete=False)


def returned_value(held: Held, classes: Mapping[str, ClassInfo]) -> Value | None:
    """The one model or layer that a function surely returns; what else it did to it, nobody knows."""
    if len(held.entries) != 1 or held.open or held.is_container or held.entries[0].conditional:
        return None
    call = held.entries[0].call
    if call is None:
        return None
    name = call.callee if call.callee in classes else None
    return Value(Sort.OBJECT, kind_of(call, classes), call=call, class_name=name)


def kind_of(call: LayerCall | None, classes: Mapping[str, ClassInfo]) -> ModelKind:
    """What a call makes."""
    if call is None:
        return ModelKind.LAYER
    if call.callee in classes:
        return classes[call.callee].kind
    if call.callee == "keras.Sequential":
        return ModelKind.SEQUENTIAL
    if call.callee == "keras.Model" or call.callee.startswith("keras.applications."):
        return ModelKind.FUNCTIONAL
    return ModelKind.LAYER if call.is_builtin else ModelKind.SUBCLASS
