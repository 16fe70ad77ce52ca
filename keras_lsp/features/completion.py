"""What can be written at the cursor: indices, slots, names of layers; indices of weights; Keras's own."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features import card, layer_card, locate, said_weight, weight_card, wording
from keras_lsp.features.comment_completion import complete_comment
from keras_lsp.features.denote import Denoted, denote
from keras_lsp.features.keras_completion import complete_keras
from keras_lsp.features.keras_name import api_of
from keras_lsp.features.matching import matches
from keras_lsp.features.results import Completion, CompletionKind, Topic
from keras_lsp.features.typed import Typed, Typing, inside_at, typed_at
from keras_lsp.source.facts import ModelKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.source.facts import LayerCall, LayerSlot, ModelClass
    from keras_lsp.worker.report import LayerReport, WeightReport

_MODELS = (ModelKind.SUBCLASS, ModelKind.SEQUENTIAL, ModelKind.FUNCTIONAL)


def complete(snapshot: Snapshot, key: str, offset: int) -> tuple[Completion, ...]:
    """Only what goes with what is typed, what begins with it first: Neovim leaves that to the server."""
    view = snapshot.view(key)
    if view is None:
        return ()
    text = view.document.text
    inside = inside_at(text, offset)
    found = (
        complete_comment(snapshot, key, view, offset, inside)
        if inside is not None and not inside.quote
        else _of_model(view, offset) or complete_keras(view, offset)
    )
    return tuple(
        _ranked(item, typed)
        for item in found
        if matches(typed := text[item.replace.start : offset], item.filter or item.insert)
    )


def _ranked(item: Completion, typed: str) -> Completion:
    if not typed:
        return item
    begins = (item.filter or item.insert).casefold().startswith(typed.casefold())
    return replace(item, sort=f"{'0' if begins else '1'}{item.sort or item.label}")


def _of_model(view: DocumentView, offset: int) -> tuple[Completion, ...]:
    """What the user's models and layers have at the cursor."""
    typed = typed_at(view.document.text, offset)
    target = denote(view, typed, offset) if typed else None
    if typed is None or target is None:
        return ()
    if typed.typing is Typing.ATTRIBUTE:
        if target.path:
            return ()
        # What `self` has beside its layers, servers for Python know.
        of_keras = () if typed.root == "self" and not typed.links else _of_keras(view, typed, target)
        return (*_attributes(view, typed, target), *_weights(view, typed, target), *of_keras)
    if typed.typing is Typing.ELEMENT_INDEX:
        elements = _indexed(view, typed, _elements(view, target), CompletionKind.LAYER)
        return elements or _keyed(view, replace(typed, before='"', after='"'), target)
    if typed.typing is Typing.ELEMENT_KEY:
        return _keyed(view, typed, target)
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
        entries = [(_call_detail(call, name), "") for call, name in _static_layers(target)]
    slices = _slices(typed, len(entries)) if models else ()
    return (*_indexed(view, typed, entries, CompletionKind.LAYER), *slices)


def _slices(typed: Typed, count: int) -> Iterator[Completion]:
    """What people cut models into: all but the first, all but the last, the last two."""
    for number, (text, left) in enumerate((("1:", count - 1), (":-1", count - 1), ("-2:", min(count, 2)))):
        if count > 1:
            about = wording.count_text(left, "layer")
            yield Completion(text, CompletionKind.LAYER, typed.replace, text, about, sort=f"~~{number}")


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
    names = layer_card.whose(weights, layer_card.holder_names(view, target.layers[0]))
    entries = [(_weight_detail(*pair), notes) for pair in zip(weights, names, strict=True)]
    return _indexed(view, typed, entries, CompletionKind.WEIGHT)


def _indexed(
    view: DocumentView, typed: Typed, entries: Sequence[tuple[str, str]], kind: CompletionKind
) -> tuple[Completion, ...]:
    """0 and up in Keras's order, then -1 for the last; of long lists further back once a `-` is typed."""
    width = len(str(len(entries)))
    is_long = len(entries) > card.FOLD and not typed.replace.of(view.document.text).startswith("-")
    items = [
        Completion(str(i), kind, typed.replace, str(i), detail, documentation, sort=f"{i:0{width}}")
        for i, (detail, documentation) in enumerate(entries)
    ]
    for back, (detail, documentation) in enumerate(reversed(entries[-1:] if is_long else entries), 1):
        items.append(
            Completion(
                f"-{back}", kind, typed.replace, f"-{back}", detail, documentation, sort=f"~{back:0{width}}"
            )
        )
    return tuple(items)


def _keyed(view: DocumentView, typed: Typed, target: Denoted) -> tuple[Completion, ...]:
    """The keys under which a dict in an attribute holds layers."""
    found: dict[str, tuple[str, str]] = {}
    for owner in target.layers:
        for path, number in owner.attributes.items():
            key, layer = _key(path, target.path), view.replay.layer(number) if view.replay else None
            if key is not None and layer is not None:
                found.setdefault(key, (_layer_detail(layer), _layer_documentation(view, layer)))
    for slot in _slots(target.model_class):
        key = _key(slot.path, target.path)
        if key is not None:
            found.setdefault(key, (_call_detail(slot.call) if slot.call else "", ""))
    return _named(typed, found)


def _key(path: str, container: str) -> str | None:
    """`a` of `heads['a']` for the container `heads`."""
    if not (path.startswith(f"{container}[") and path.endswith("]") and path[len(container) + 1] in "'\""):
        return None
    try:
        key = ast.literal_eval(path[len(container) + 1 : -1])
    except (SyntaxError, ValueError):  # a path that goes further: `heads['a'].layers[0]`
        return None
    return key if isinstance(key, str) else None


def _layer_names(view: DocumentView, typed: Typed, target: Denoted) -> tuple[Completion, ...]:
    details: dict[str, tuple[str, str]] = {}
    for model in _with_layers(target):
        for layer in layer_card.sublayers(view, model):
            details.setdefault(layer.name, (_layer_detail(layer), _layer_documentation(view, layer)))
    if not details:
        for call in _given_names(view, target):
            details.setdefault(call.given_name or "", (_call_detail(call), ""))
    return _named(typed, details)


def _named(typed: Typed, details: Mapping[str, tuple[str, str]]) -> tuple[Completion, ...]:
    """Strings, with the quotes that are still missing."""
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
    calls = list(target.binding.layers) if target.binding is not None else []
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
        if slot.attribute:  # not of a list or dict
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


def _weights(view: DocumentView, typed: Typed, target: Denoted) -> Iterator[Completion]:
    """The weights of a layer by the names of their attributes."""
    own = {
        weight.name: f"{wording.shape_text(weight)}  {weight.dtype}"
        for layer in target.layers[:1]
        for weight in layer.weights
        if weight.owner == layer.id and weight.name.isidentifier()
    }
    made = {w.attribute: w for w in reversed(target.model_class.weights)} if target.model_class else {}
    if made:
        names = {name: own.get(said_weight.name(view, w)) for name, w in reversed(made.items())}
        own = {name: shape or said_weight.detail(view, made[name]) for name, shape in names.items()}
    call = target.call if not target.layers else None
    entry = api_of(view).entry(call.callee) if call is not None and call.is_builtin else None
    own = own or dict.fromkeys((entry.weights or ()) if entry is not None else (), "")
    for number, (name, detail) in enumerate(own.items()):
        yield Completion(name, CompletionKind.WEIGHT, typed.replace, name, detail, sort=f"~0{number:03}")


def _of_keras(view: DocumentView, typed: Typed, target: Denoted) -> Iterator[Completion]:
    """The lists of weights that each layer and model has, and the methods of a model."""
    if not (target.layers or target.call or target.binding):
        return  # of a container, or of an object that keeps models
    for number, name in enumerate(weight_card.LISTS):
        written = f"{name}()" if name == "get_weights" else name
        count = len(weight_card.listed(target.layers[0], name)) if target.layers else None
        detail = "" if count is None else wording.count_text(count, "weight")
        yield Completion(
            written, CompletionKind.WEIGHT, typed.replace, written, detail, sort=f"~1{number:03}"
        )
    said = _is_said_model(view, target)
    model = any(layer.kind != "layer" for layer in target.layers) or (said and not target.layers)
    for name in api_of(view).names() if model else ():
        owner, _, method = name.rpartition(".")
        if owner == "keras.Model":
            yield Completion(
                method, CompletionKind.FUNCTION, typed.replace, method, sort=f"~2{method}", topic=Topic(name)
            )


def _is_said_model(view: DocumentView, target: Denoted) -> bool:
    """Whether the text says that it is a model."""
    if target.binding is not None:
        return target.binding.kind in _MODELS
    if target.model_class is not None:
        return target.model_class.kind in _MODELS
    entry = api_of(view).entry(target.call.callee) if target.call is not None else None
    return entry is not None and entry.name in ("keras.Model", "keras.Sequential")


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


def _static_layers(target: Denoted) -> list[tuple[LayerCall, str]]:
    """The first entries of `.layers` as far as the text alone settles them, with the slots' names."""
    of_sequential = locate.sure_layers(target.binding) if target.binding is not None else None
    if of_sequential is not None:
        return [(call, call.given_name or "") for call in of_sequential]
    sure: list[tuple[LayerCall, str]] = []
    for slot in (target.model_class.layers or ()) if target.model_class else ():
        if slot.call is None:
            break
        by_place = slot.path.startswith("layers[")  # of a class derived from Sequential
        sure.append((slot.call, slot.call.given_name or ("" if by_place else slot.path)))
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


def _weight_detail(weight: WeightReport, holder: str) -> str:
    trainable = "" if weight.trainable else "  not trainable"
    of = f"{holder}  " if holder else ""
    return f"{of}{weight.name} {wording.shape_text(weight)}  {weight.dtype}{trainable}"
