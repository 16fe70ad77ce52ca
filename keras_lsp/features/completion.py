"""What can be written at the cursor: indices, slots, names of layers; indices of weights; Keras's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import card, layer_card, locate, weight_card, wording
from keras_lsp.features.denote import Denoted, denote
from keras_lsp.features.keras_completion import complete_keras
from keras_lsp.features.results import Completion, CompletionKind
from keras_lsp.features.typed import Typed, Typing, typed_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.source.facts import LayerCall, LayerSlot, ModelClass
    from keras_lsp.worker.report import LayerReport, WeightReport


def complete(snapshot: Snapshot, key: str, offset: int) -> tuple[Completion, ...]:
    view = snapshot.view(key)
    if view is None:
        return ()
    return _of_model(view, offset) or complete_keras(view, offset)


def _of_model(view: DocumentView, offset: int) -> tuple[Completion, ...]:
    """What the user's models and layers have at the cursor."""
    typed = typed_at(view.document.text, offset)
    target = denote(view, typed, offset) if typed else None
    if typed is None or target is None:
        return ()
    if typed.typing is Typing.ATTRIBUTE:
        return () if target.path else _attributes(view, typed, target)
    if typed.typing is Typing.ELEMENT_INDEX:
        return _indexed(typed, _elements(view, target), CompletionKind.LAYER)
    if target.path:
        return ()
    if typed.typing is Typing.LAYER_INDEX:
        return _layer_indices(view, typed, target)
    if typed.typing is Typing.LAYER_NAME:
        return _layer_names(view, typed, target)
    return _weight_indices(view, typed, target)


def _layer_indices(view: DocumentView, typed: Typed, target: Denoted) -> tuple[Completion, ...]:
    models = _with_layers(target)
    if models:
        subs = layer_card.sublayers(view, models[0])
        entries = [(_layer_detail(x, x.name), _layer_documentation(view, x)) for x in subs]
    else:
        entries = [(_call_detail(call, name), "") for call, name in static_layers(target)]
    return _indexed(typed, entries, CompletionKind.LAYER)


def _elements(view: DocumentView, target: Denoted) -> list[tuple[str, str]]:
    """The layers of a list in an attribute, where there is a layer at each of its places."""
    entries: list[tuple[str, str]] = []
    for owner in target.layers[:1]:
        while (number := owner.attributes.get(f"{target.path}[{len(entries)}]")) is not None:
            layer = view.replay.layer(number) if view.replay else None
            if layer is None:
                return []
            entries.append((_layer_detail(layer), _layer_documentation(view, layer)))
    length = target.model_class.length(target.path) if target.model_class and not entries else None
    for place in range(length or 0):
        path = f"{target.path}[{place}]"
        calls = [slot.call for slot in _slots(target.model_class) if locate.holds(slot, path) and slot.call]
        entries.append((wording.one_of(map(_call_detail, calls)), ""))
    return entries


def _weight_indices(view: DocumentView, typed: Typed, target: Denoted) -> tuple[Completion, ...]:
    if not target.layers:
        return ()
    weights = weight_card.listed(target.layers[0], typed.attribute)
    notes = "\n".join(layer_card.state_note(view, target.layers[0], None))
    return _indexed(typed, [(_weight_detail(weight), notes) for weight in weights], CompletionKind.WEIGHT)


def _indexed(
    typed: Typed, entries: Sequence[tuple[str, str]], kind: CompletionKind
) -> tuple[Completion, ...]:
    """0 and up in Keras's order, and -1 for the last."""
    width = len(str(len(entries)))
    items = [
        Completion(str(i), kind, typed.replace, str(i), detail, documentation, sort=f"{i:0{width}}")
        for i, (detail, documentation) in enumerate(entries)
    ]
    if entries:
        detail, documentation = entries[-1]
        items.append(Completion("-1", kind, typed.replace, "-1", detail, documentation, sort="z"))
    return tuple(items)


def _layer_names(view: DocumentView, typed: Typed, target: Denoted) -> tuple[Completion, ...]:
    details: dict[str, tuple[str, str]] = {}
    for model in _with_layers(target):
        for layer in layer_card.sublayers(view, model):
            details.setdefault(layer.name, (_layer_detail(layer), _layer_documentation(view, layer)))
    if not details:
        for call in _given_names(view, target):
            details.setdefault(call.given_name or "", (_call_detail(call), ""))
    return tuple(
        Completion(
            name,
            CompletionKind.NAME,
            typed.replace,
            f"{typed.before}{_quotable(name)}{typed.after}",
            detail,
            documentation,
            sort=f"{number:05}",
        )
        for number, (name, (detail, documentation)) in enumerate(details.items())
    )


def _quotable(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'")


def _given_names(view: DocumentView, target: Denoted) -> Iterable[LayerCall]:
    """Layers that the text itself names, for a model nobody has replayed."""
    calls = [call for call, _ in static_layers(target)]
    if target.model_class is not None:
        calls += [slot.call for slot in _slots(target.model_class) if slot.call]
        calls += target.model_class.graph
    elif target.binding is not None and not target.binding.layers:
        calls += [b.call for b in view.facts.bindings if b.is_tensor and b.call]
    return [call for call in calls if call.given_name]


def _attributes(view: DocumentView, typed: Typed, target: Denoted) -> tuple[Completion, ...]:
    """Layer slots of the class, and what the replay saw held by attributes."""
    held: dict[str, list[LayerReport]] = {}
    for owner in target.layers:
        for path, layer_id in locate.attributes(owner).items():
            layer = view.replay.layer(layer_id) if view.replay else None
            if layer is not None:
                held.setdefault(_attribute(path), []).append(layer)
    slots: dict[str, list[LayerSlot]] = {}
    for slot in _slots(target.model_class):
        slots.setdefault(slot.attribute, []).append(slot)
    items = []
    for number, name in enumerate(dict.fromkeys([*slots, *held])):
        layers = list({layer.id: layer for layer in held.get(name, [])}.values())
        detail, documentation = _attribute_text(view, layers, slots.get(name, []))
        items.append(
            Completion(
                name, CompletionKind.LAYER, typed.replace, name, detail, documentation, sort=f"{number:05}"
            )
        )
    return tuple(items)


def _slots(model_class: ModelClass | None) -> tuple[LayerSlot, ...]:
    return (*model_class.inherited, *model_class.slots) if model_class else ()


def _attribute(path: str) -> str:
    return path.replace("[", ".").split(".", 1)[0]


def _attribute_text(view: DocumentView, layers: list[LayerReport], slots: list[LayerSlot]) -> tuple[str, str]:
    if len(layers) == 1:
        return _layer_detail(layers[0]), _layer_documentation(view, layers[0])
    if layers:
        classes = wording.one_of(layer.class_name for layer in layers)
        return f"{len(layers)} layers: {classes}", ""
    calls = [slot.call for slot in slots if slot.call is not None]
    return wording.one_of(_call_detail(call) for call in calls), ""


def static_layers(target: Denoted) -> list[tuple[LayerCall, str]]:
    """The first entries of `.layers` as far as the text alone settles them, with the slots' names."""
    if target.binding is not None and target.binding.layers:
        shown = [c for c in target.binding.layers if c.class_name not in ("Input", "InputLayer")]
        return [(call, call.given_name or "") for call in shown]
    sure: list[tuple[LayerCall, str]] = []
    for slot in (target.model_class.layers or ()) if target.model_class else ():
        if slot.call is None:
            break
        sure.append((slot.call, slot.call.given_name or slot.path))
    return sure


def _with_layers(target: Denoted) -> tuple[LayerReport, ...]:
    return tuple(layer for layer in target.layers if layer.layers)


def _layer_detail(layer: LayerReport, name: str = "") -> str:
    parts = [name, layer.class_name, wording.flow_text(layer)]
    return "  ".join(part for part in parts if part)


def _call_detail(call: LayerCall, name: str = "") -> str:
    arguments = layer_card.arguments_text(call)
    return "  ".join(part for part in (name, f"{call.class_name}({arguments})") if part)


def _layer_documentation(view: DocumentView, layer: LayerReport) -> str:
    return card.markdown(layer_card.layer_card(view, layer, None))


def _weight_detail(weight: WeightReport) -> str:
    trainable = "" if weight.trainable else "  not trainable"
    return f"{weight.name} {wording.shape_text(weight)}  {weight.dtype}{trainable}"
