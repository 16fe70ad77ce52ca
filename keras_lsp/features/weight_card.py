"""Cards of one weight and of lists of weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from keras_lsp.features import layer_card, locate, said_weight, wording
from keras_lsp.features.card import Card, Quote

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.source.facts import MadeWeight, WeightUse
    from keras_lsp.worker.report import LayerReport, Value, WeightReport

LISTS = {
    "weights": None,
    "variables": None,
    "get_weights": None,
    "trainable_weights": True,
    "trainable_variables": True,
    "non_trainable_weights": False,
    "non_trainable_variables": False,
}


def owners(view: DocumentView, use: WeightUse) -> tuple[LayerReport, ...]:
    """The layers or models whose weights are read."""
    if view.replay is None:
        return ()
    seen = view.replay.layers_at(use.owner_span)
    if seen:
        return seen
    if use.layer is None:
        return view.replay.instances_of(use.made.owner) if use.made is not None else ()
    if use.layer.slot is not None:
        return locate.slot_layers(view.replay, use.layer.slot)
    return locate.created_by(view.replay, use.layer.call)


def listed(layer: LayerReport, attribute: str) -> tuple[WeightReport, ...]:
    """The weights that `layer.<attribute>` lists; all of them for an attribute that is no list."""
    wanted = LISTS.get(attribute)
    return tuple(w for w in layer.weights if wanted is None or w.trainable is wanted)


def weights_of(view: DocumentView, layer: LayerReport, use: WeightUse) -> tuple[WeightReport, ...]:
    """What a use denotes on one layer: one weight, or none when there is no such weight."""
    if use.attribute not in LISTS:
        known = tuple(w for w in layer.weights if w.owner == layer.id)
        own = known or layer.weights[: layer.own_weights or len(layer.weights)]
        name = said_weight.name(view, use.made) if use.made is not None else use.attribute
        return tuple(w for w in own if w.name == name)[:1]
    weights = listed(layer, use.attribute)
    if use.index is None or not -len(weights) <= use.index < len(weights):
        return ()
    return (weights[use.index],)


def weight_card(view: DocumentView, use: WeightUse) -> Card:
    """One weight: really there, what a call would make, or what the text says."""
    replay = view.replay
    holders = owners(view, use)
    values = locate.own_values(replay, use.span) if replay else ()
    seen = _distinct(values)
    if not seen:
        seen = [(layer, weight) for layer in holders for weight in weights_of(view, layer, use)]
    if not seen or replay is None:
        return _unknown(view, use, holders)
    if len(seen) > 1:
        return _several(view, use, [weight for _, weight in seen])
    known, weight = seen[0]
    owner = known or next((x for v in values if (x := replay.layer(v.layer))), None)
    owner = owner or (holders[0] if len(holders) == 1 else None)
    note = () if any(v.kind == "weight" for v in values) or owner is None else _note(view, owner, use)
    facts = [f"{wording.shape_text(weight)} {weight.dtype}"]
    facts.append("trainable" if weight.trainable else "not trainable")
    if all(size is not None for size in weight.shape):
        count = math.prod(size for size in weight.shape if size is not None)
        facts.append(wording.count_text(count, "parameter"))
    size = wording.weight_bytes(weight)
    if size is not None:
        facts.append(wording.bytes_text(size))
    names = locate.attribute_names(replay)
    holder = f"of {owner.class_name} `{names.get(owner.id, owner.name)}`" if owner else ""
    return Card(
        title=use.made.attribute if use.made is not None else weight.name,
        about=holder,
        notes=(*layer_card.stale_note(view), *note),
        summary=" · ".join(facts),
        configuration=", ".join(
            [f"path={weight.path!r}", *([f"initializer={weight.initializer}"] if weight.initializer else [])]
        ),
        quote=_made_at(view, replay, use, owner),
        origin=layer_card.origin(view, owner),
    )


def _made_at(
    view: DocumentView, replay: ReplayView, use: WeightUse, owner: LayerReport | None
) -> Quote | None:
    """The line that makes the weight, else the one that makes its layer."""
    if use.made is not None and use.made.elsewhere is None:
        return layer_card.quote(view, use.made.source_line)
    return layer_card.quote(view, replay.span(owner.created)) if owner is not None else None


def weights_card(view: DocumentView, use: WeightUse) -> Card:
    """A list of weights, with the index that reads each."""
    holders = owners(view, use)
    if len(holders) > 1:
        return layer_card.several_card(view, holders, use.attribute, use.owner_span)
    if not holders:
        return _unknown(view, use, holders)
    owner = holders[0]
    names = layer_card.holder_names(view, owner)
    weights = listed(owner, use.attribute)
    owner_text = f"{owner.class_name} `{names.get(owner.id, owner.name)}`"
    notes = _note(view, owner, use)
    empty = f"{owner_text} has none" if not weights and not notes else ""
    return Card(
        title=use.attribute,
        about=f"of {owner_text}" + (f", {len(weights)}" if weights and not notes else ""),
        notes=(*layer_card.stale_note(view), *notes),
        summary=empty,
        table=layer_card.weights_table(weights, numbered=True, holders=names),
        origin=layer_card.origin(view, owner),
    )


def _note(view: DocumentView, owner: LayerReport, use: WeightUse) -> tuple[str, ...]:
    return layer_card.state_note(view, owner, use.owner_span)


def _distinct(values: tuple[Value, ...]) -> list[tuple[LayerReport | None, WeightReport]]:
    weights = [v.weight for v in values if v.kind == "weight" and v.weight is not None]
    return [(None, weight) for weight in dict.fromkeys(weights)]


def _several(view: DocumentView, use: WeightUse, weights: list[WeightReport]) -> Card:
    return Card(
        title=use.attribute,
        about=f"{len(weights)} here",
        notes=layer_card.stale_note(view),
        table=layer_card.weights_table(weights),
        origin=layer_card.origin(view),
    )


def _unknown(view: DocumentView, use: WeightUse, holders: tuple[LayerReport, ...]) -> Card:
    """No such weight, or no replay."""
    if use.made is not None:
        return _as_said(view, use.made, holders)
    notes: tuple[str, ...] = layer_card.stale_note(view)
    origin: tuple[str, ...] = layer_card.origin(view)
    for layer in holders[:1]:
        notes += layer_card.state_note(view, layer, use.owner_span)
        if layer.built and not layer.projected:
            notes += (f"{layer.class_name} `{layer.name}` {_what_it_has(layer)}.",)
    if not holders:
        origin = (layer_card.why_no_more(view, use.owner_span),)
    call = use.layer.call if use.layer else None
    index = "" if use.index is None else f"[{use.index}]"
    return Card(
        title=f"{use.attribute}{index}",
        about=f"of {call.class_name}" if call else "",
        notes=notes,
        configuration=layer_card.arguments_text(call),
        quote=layer_card.quote(view, call.span if call else None),
        origin=origin,
    )


def _as_said(view: DocumentView, made: MadeWeight, holders: tuple[LayerReport, ...]) -> Card:
    """How the class makes it, as the text has it."""
    notes = [note for layer in holders[:1] for note in layer_card.state_note(view, layer, None)]
    given = said_weight.given(view, made)
    about = [f"weight of {made.owner}"]
    if made.conditional:
        about.append("not on every path")
    return Card(
        title=made.attribute,
        about=", ".join(about),
        notes=(*layer_card.stale_note(view), *notes),
        configuration=", ".join(map(layer_card.argument_text, given)),
        quote=layer_card.quote(view, made.source_line) if made.elsewhere is None else None,
        origin=(layer_card.why_no_more(view, made.source_line),),
    )


def _what_it_has(layer: LayerReport) -> str:
    if not layer.weights:
        return "has no weights"
    return "has " + ", ".join(f"`{weight.name}`" for weight in layer.weights[:8])
