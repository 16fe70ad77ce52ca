"""What a typed expression stands for: objects of the replay, and what the text says about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.typed import Link, LinkKind, Typed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.source.facts import Binding, LayerCall, LayerSlot, ModelClass
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import LayerReport


@dataclass(frozen=True, slots=True)
class Denoted:
    """`layers`: objects the expression denoted, none without a replay. `path` is what was read of them
    so far without reaching a layer: "layers", or a container such as "blocks"."""

    layers: tuple[LayerReport, ...] = ()
    model_class: ModelClass | None = None
    binding: Binding | None = None
    call: LayerCall | None = None
    path: str = ""


def denote(view: DocumentView, typed: Typed, offset: int) -> Denoted | None:
    found, links = _start(view, typed, offset)
    for link in links:
        found = _follow(view, found, link) if found is not None else None
    return found


def _start(view: DocumentView, typed: Typed, offset: int) -> tuple[Denoted | None, tuple[Link, ...]]:
    """The root and what follows; a model that an object keeps, `self.model`, is a root of its own."""
    links = tuple(typed.links)
    if links and links[0].kind is LinkKind.ATTRIBUTE:
        kept = _bound(view, f"{typed.root}.{links[0].value}", offset)
        if kept is not None:
            return kept, links[1:]
    return _root(view, typed.root, offset), links


def enclosing_class(view: DocumentView, offset: int) -> ModelClass | None:
    """The model class a line belongs to, also when its end does not parse at the moment."""
    inside = view.facts.class_at(offset)
    if inside is not None:
        return inside
    before = [c for c in view.facts.classes if c.span.end <= offset]
    candidate = max(before, key=lambda c: c.span.start, default=None)
    return candidate if candidate is not None and goes_on(view, candidate.span, offset) else None


def goes_on(view: DocumentView, block: Span, offset: int) -> bool:
    """Whether a line behind a class or function is indented as if it belonged to it."""
    index, text = view.document.lines, view.document.text
    column = block.start - index.line_span(index.line_of(block.start)).start
    for number in range(index.line_of(block.end) + 1, index.line_of(offset) + 1):
        line = index.line_span(number).of(text)
        if line.strip() and len(line) - len(line.lstrip()) <= column:
            return False
    return True


def _root(view: DocumentView, name: str, offset: int) -> Denoted | None:
    replay = view.replay
    if name == "self":
        owner = enclosing_class(view, offset)
        if owner is None:
            return None
        return Denoted(replay.instances_of(owner.name, owner.name_span.start) if replay else (), owner)
    bound = _bound(view, name, offset)
    if bound is not None or replay is None:
        return bound
    return _last_seen(view, replay, name, offset)


def _bound(view: DocumentView, name: str, offset: int) -> Denoted | None:
    """A variable that the text gives a model or layer."""
    facts, replay = view.facts, view.replay
    binding = facts.binding_at(name, offset)
    if binding is None and "." in name:  # kept by an object whose class ends in what is being typed
        before = [b for b in facts.bindings if b.name == name and b.scope.end <= offset]
        last = max(before, key=lambda b: b.scope.start, default=None)
        binding = last if last is not None and goes_on(view, last.scope, offset) else None
    holding = facts.holder_at(name, offset)
    if holding is not None and (binding is None or holding.span.start > binding.span.start):
        return Denoted(model_class=holding.holder) if _slots(holding.holder) else None
    if binding is None or binding.is_tensor:
        return None
    layers: tuple[LayerReport, ...] = ()
    if replay is not None:
        layers = replay.layers_at(binding.span) or locate.created_by(replay, binding.call)
    return Denoted(layers, facts.model_class(binding.class_name), binding, binding.call)


def _last_seen(view: DocumentView, replay: ReplayView, name: str, offset: int) -> Denoted | None:
    """A loop variable or parameter: the layers it was where it is last written before the cursor."""
    text = view.document.text
    nearest = -1
    layers: tuple[LayerReport, ...] = ()
    for span in replay.spans:
        if nearest < span.start < offset and span.length == len(name) and span.of(text) == name:
            seen = replay.layers_at(span)
            if seen:
                nearest, layers = span.start, seen
    return Denoted(layers) if layers else None


def _follow(view: DocumentView, found: Denoted, link: Link) -> Denoted | None:
    if link.kind is LinkKind.GET_LAYER:
        named = [sub for m in found.layers for sub in _subs(view, m) if sub.name == link.value]
        return _arrived(view, named) if named or found.binding or found.model_class else None
    if link.kind is LinkKind.ATTRIBUTE:
        path = f"{found.path}.{link.value}" if found.path else str(link.value)
    elif found.path == "layers" and isinstance(link.value, int):
        index = link.value
        indexed = [_at(m.layers, index) for m in found.layers]
        return _arrived(view, _reports(view, indexed))
    else:
        path = f"{found.path}[{link.value!r}]"
    held = _reports(view, [m.attributes.get(path) for m in found.layers])
    slots = _slots(found.model_class) if found.model_class else ()
    slot = next((slot for slot in slots if locate.holds(slot, path)), None)
    if slot is not None and not found.layers and view.replay is not None:
        held = list(locate.slot_layers(view.replay, slot))
    if held or (slot is not None and slot.call is not None):
        return _arrived(view, held, slot.call if slot else None)
    return Denoted(found.layers, found.model_class, found.binding, found.call, path)


def _slots(model_class: ModelClass) -> tuple[LayerSlot, ...]:
    return (*model_class.slots, *model_class.inherited)


def _arrived(view: DocumentView, layers: Iterable[LayerReport], call: LayerCall | None = None) -> Denoted:
    distinct = tuple({layer.id: layer for layer in layers}.values())
    names = {x.class_name for x in distinct if x.is_user_class} or ({call.class_name} if call else set())
    model_class = view.facts.model_class(names.pop()) if len(names) == 1 else None
    return Denoted(distinct, model_class, None, call)


def _subs(view: DocumentView, layer: LayerReport) -> list[LayerReport]:
    return _reports(view, layer.layers)


def _reports(view: DocumentView, ids: Iterable[int | None]) -> list[LayerReport]:
    found = [view.replay.layer(i) if view.replay else None for i in ids]
    return [layer for layer in found if layer is not None]


def _at(ids: tuple[int, ...], index: int) -> int | None:
    return ids[index] if -len(ids) <= index < len(ids) else None
