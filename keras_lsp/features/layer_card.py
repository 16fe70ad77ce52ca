"""Cards of layers and models: what the replay saw, or what the text says and why there is no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import locate, state, wording
from keras_lsp.features.card import Card, Quote, Table, folded
from keras_lsp.session.snapshot import DocumentView, ReplayState
from keras_lsp.worker.report import IN_STEP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from keras_lsp.source.facts import Argument, LayerCall, LayerSlot
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import LayerReport, ReplayFailure, WeightReport

_QUOTED_LINES = 4
_KINDS = {"subclass": "subclassed model", "sequential": "Sequential", "functional": "functional model"}


def quote(view: DocumentView, span: Span | None) -> Quote | None:
    """The lines of text that hold `span`, without their indentation."""
    if span is None:
        return None
    index, text = view.document.lines, view.document.text
    first = index.line_of(span.start)
    last = index.line_of(max(span.start, span.end - 1))
    raw = [index.line_span(line).of(text) for line in range(first, min(last, first + _QUOTED_LINES - 1) + 1)]
    margin = len(raw[0]) - len(raw[0].lstrip())
    lines = [line[margin:] if not line[:margin].strip() else line.lstrip() for line in raw]
    if last - first >= _QUOTED_LINES:
        lines[-1] = "…"
    return (
        Quote(view.document.spot(span.start), "\n".join(line.rstrip() for line in lines))
        if lines[0].strip()
        else None
    )


def whose(weights: Sequence[WeightReport], holders: Mapping[int, str]) -> list[str]:
    """By `holders`, which names layers, whose each weight is; told where these are several."""
    of = [holders.get(weight.owner, "") if weight.owner is not None else "" for weight in weights]
    return of if len({*of}) > 1 else [""] * len(weights)


def weights_table(
    weights: Sequence[WeightReport], numbered: bool = False, holders: Mapping[int, str] | None = None
) -> Table | None:
    of = whose(weights, holders or {})
    rows = [
        (
            str(index) if numbered else "",
            of[index],
            weight.name,
            wording.shape_text(weight),
            weight.dtype,
            "" if weight.trainable else "not trainable",
        )
        for index, weight in enumerate(weights)
    ]
    return folded(rows, numbers=frozenset({0}))


def holder_names(view: DocumentView, owner: LayerReport) -> dict[int, str]:
    """What each layer is called within `owner`: by how it is reached from there, else by its name."""
    if view.replay is None:
        return {}
    replay = view.replay
    known = {x.id: x.name for x in replay.report.layers} | locate.attribute_names(replay)
    return known | locate.names_below(replay, owner)


def layers_table(layers: Iterable[LayerReport]) -> Table | None:
    """Index, name, class, output shape and parameters of each entry of `model.layers`."""
    rows = [
        (
            str(index),
            layer.name,
            layer.class_name,
            wording.one_of(layer.outputs) or "?",
            wording.parameter_cell(layer),
        )
        for index, layer in enumerate(layers)
    ]
    header = ("#", "name", "class", "output", "parameters")
    return folded(rows, header, numbers=frozenset({0, 4}))


def called_layers(calls: Sequence[LayerCall]) -> Table | None:
    """The layers of a Sequential as the text gives them: index, name, class and arguments."""
    rows = [
        (str(index), call.given_name or "", call.class_name, arguments_text(call))
        for index, call in enumerate(calls)
    ]
    return folded(rows, numbers=frozenset({0}))


def sublayers(view: DocumentView, layer: LayerReport) -> list[LayerReport]:
    """The reports of `layer.layers`, in Keras's order."""
    found = [view.replay.layer(i) if view.replay else None for i in layer.layers]
    return [sub for sub in found if sub is not None]


def layer_card(view: DocumentView, layer: LayerReport, here: Span | None, shown_name: str = "") -> Card:
    """The card of one layer or model; `here` is the expression whose state at that moment counts."""
    name = shown_name or layer.name
    subs = sublayers(view, layer) if layer.kind != "layer" else []
    is_told = layer.class_name.lower() == layer.kind or (layer.kind == "subclass" and not layer.is_user_class)
    about = [_KINDS[layer.kind]] if layer.kind in _KINDS and not is_told else []
    if subs:
        about.append(wording.count_text(len(subs), "layer"))
    if layer.name not in ("", name):
        about.append(f"named `{layer.name}`")
    summary = [wording.flow_text(layer)]
    size = wording.size_text(layer)
    if layer.built or layer.weights or layer.projected:
        would_be = layer.projected and layer.weights and wording.parameter_count(layer) is not None
        summary.append(f"would be {size}" if would_be else size)
    table = layers_table(subs) if subs else weights_table(layer.weights, holders=holder_names(view, layer))
    configuration = ", ".join(f"{key}={value}" for key, value in layer.config.items() if key != "name")
    return Card(
        title=layer.class_name,
        name=name,
        about=", ".join(about),
        notes=(*stale_note(view), *state_note(view, layer, here), *tracking_notes(view, layer)),
        summary=" · ".join(text for text in summary if text),
        cost=wording.cost_text(layer.cost),
        configuration=configuration,
        table=table,
        quote=quote(view, view.replay.span(layer.created) if view.replay else None),
        origin=origin(view, layer),
    )


def state_note(view: DocumentView, layer: LayerReport, here: Span | None) -> tuple[str, ...]:
    """What must be said first: that there are no weights here, why, and what the table then shows."""
    if layer.depends_on and not layer.weights:
        return (f"Weights are not known here: what it has {layer.depends_on}.",)
    if layer.guessed:
        shape = layer.projected_from
        return (f"Nothing here says what its input is. For a guessed {shape} a call makes and gives:",)
    if layer.projected and layer.weights:
        return (_projection_note(view, layer),)
    if layer.projected:
        return ()
    if layer.weights and here is not None and not state.weights_exist(view, layer, here):
        later = f" ({_clause(layer.built_how)})" if layer.built_how else ""
        return (f"No weights here yet: they are made further down{later}.",)
    if not layer.built and not layer.weights:
        if layer.built_how:
            return (f"No weights known: {_clause(layer.built_how)}.",)
        return ("No weights yet: nothing calls it on an input.",)
    return ()


def tracking_notes(view: DocumentView, layer: LayerReport) -> tuple[str, ...]:
    """Models that use a layer with weights and do not list it, or list it and do not use it any more."""
    notes = []
    for report in layer.untracked if layer.weights else ():
        holder = view.replay.layer(report.holder) if view.replay else None
        if holder is not None:
            missing = f"Its weights are missing in `weights` of `{holder.class_name}`"
            notes.append(f"{missing}: {_clause(report.reason)}.")
    for number in layer.leftover_in:
        holder = view.replay.layer(number) if view.replay else None
        if holder is not None:
            notes.append(
                f"`{holder.class_name}` still lists it in `.layers`, but no attribute holds it any more."
            )
    return tuple(notes)


def _projection_note(view: DocumentView, layer: LayerReport) -> str:
    """Why there are no weights, and what the card then shows instead."""
    shape, _, reason = layer.projected_from.partition(", from ")
    call = f"A call on {shape or 'its input'} makes:"
    marked = state.idle_build(view.replay, layer) if view.replay else None
    if marked is not None:
        return f"No weights here yet: {state.only_marks_text(view, marked[1])}. {call}"
    if reason.endswith(IN_STEP):
        fit = reason.removesuffix(IN_STEP)
        return f"No weights here yet: {fit} makes them{IN_STEP}, from data of {shape}:"
    why = f": {_clause(layer.built_how)}" if layer.built_how else ""
    source = f" The shape is from {reason}." if reason else ""
    return f"No weights here yet{why}.{source} {call}"


def _clause(text: str) -> str:
    return text.strip().rstrip(".")


def stale_note(view: DocumentView) -> tuple[str, ...]:
    if view.replay is None or not view.replay.stale:
        return ()
    if view.state is ReplayState.BUILDING:
        return ("Of the text before your last edit; it is being worked out again.",)
    reason = f": {_clause(view.reason)}" if view.reason else ""
    return (f"Of the text before your last edit{reason}.",)


def origin(view: DocumentView, layer: LayerReport | None = None) -> tuple[str, ...]:
    """Where the facts of a card come from."""
    if view.replay is None:
        return ()
    versions = view.replay.report.versions
    parts = [f"{'tf-keras' if versions.keras_line == 2 else 'Keras'} {versions.keras}"]
    if layer is not None and layer.built_how and layer.weights and not layer.projected:
        parts.append(layer.built_how)
    if layer is not None and layer.depends_on and layer.weights:
        parts.append(layer.depends_on)
    return (*parts, *sandbox_note(view))


def sandbox_note(view: DocumentView) -> tuple[str, ...]:
    """What a user should know who takes the sandbox for whole."""
    level = view.environment.sandbox if view.environment else ""
    return (f"sandbox: {level}",) if level else ()


def several_card(view: DocumentView, layers: Sequence[LayerReport], name: str, here: Span | None) -> Card:
    """Several layers at one place: made in a loop, or one slot of several instances."""
    names = _held_in(view, layers)
    classes = list(dict.fromkeys(layer.class_name for layer in layers))
    rows = [
        (
            names.get(layer.id, "") if names.get(layer.id, "") != name else "",
            layer.name,
            layer.class_name if len(classes) > 1 else "",
            wording.flow_text(layer) or "?",
            wording.parameter_cell(layer),
        )
        for layer in layers
    ]
    spans = {view.replay.span(layer.created) for layer in layers} if view.replay else set()
    total = sum(wording.parameter_count(layer) or 0 for layer in layers)
    return Card(
        title=classes[0] if len(classes) == 1 else "Layers",
        name=name,
        about=f"{len(layers)} here",
        notes=(*stale_note(view), *_shared_notes(view, layers, here)),
        summary=wording.count_text(total, "parameter") if total else "",
        table=folded(rows, ("held in", "name", "class", "shapes", "parameters"), frozenset({4})),
        quote=quote(view, spans.pop()) if len(spans) == 1 else None,
        origin=origin(view),
    )


def _shared_notes(view: DocumentView, layers: Sequence[LayerReport], here: Span | None) -> tuple[str, ...]:
    """The first of what must be said, and of how many where it is not so of all."""
    noted = [state_note(view, layer, here)[:1] for layer in layers]
    first = next((note for note in noted if note), ())
    some = sum(map(bool, noted))
    return tuple(note if some == len(layers) else f"{some} of {len(layers)}: {note}" for note in first)


def _held_in(view: DocumentView, layers: Sequence[LayerReport]) -> dict[int, str]:
    """Where each is held, as far down from the outermost model as is known: `blocks[2].conv`."""
    names = locate.attribute_names(view.replay) if view.replay else {}
    return names | {layer.id: layer.paths[0][1] for layer in layers if layer.paths}


def static_card(
    view: DocumentView, call: LayerCall | None, name: str, made_at: Span | None, slot: LayerSlot | None = None
) -> Card:
    """What the text alone says, and why there is no more."""
    about = []
    if slot is not None and slot.repeated:
        about.append(_how_many(view, slot))
    elif slot is not None and slot.conditional:
        about.append(_when(view, slot))
    listed = called_layers(call.layers) if call is not None and call.complete else None
    if call is not None and call.given_name not in (None, name):
        about.append(f"named `{call.given_name}`")
    return Card(
        title=call.class_name if call else "Layer",
        name=name,
        about=", ".join(about),
        configuration="" if listed else arguments_text(call),
        table=listed,
        quote=quote(view, made_at),
        origin=(why_no_more(view, made_at),),
    )


def _when(view: DocumentView, slot: LayerSlot) -> str:
    """Why it is not sure that an attribute holds this layer."""
    owner = view.facts.model_class(slot.owner)
    same = [s for s in owner.slots if s.path == slot.path] if owner is not None else []
    chosen = {s.call.class_name for s in same if s.call is not None and s.definition == slot.definition}
    if len(chosen) > 1:
        return f"one of {', '.join(sorted(chosen))}"
    return "assigned in more than one place" if len(same) > 1 else "not on every path"


def _how_many(view: DocumentView, slot: LayerSlot) -> str:
    """Of layers that a loop makes."""
    owner = view.facts.model_class(slot.owner)
    alone = owner is not None and [s.path for s in owner.slots if s.attribute == slot.attribute] == [
        slot.path
    ]
    count = owner.length(slot.attribute) if owner is not None and alone else None
    return "made in a loop" if count is None else f"{wording.count_text(count, 'layer')}, made in a loop"


def arguments_text(call: LayerCall | None) -> str:
    arguments = [a for a in call.arguments if a.name != "name"] if call else []
    return ", ".join(map(argument_text, arguments))


def argument_text(argument: Argument) -> str:
    text = wording.one_line(argument.text)
    if argument.stands_for:
        text += f" ({wording.one_line(argument.stands_for)}{' by default' * argument.by_default})"
    return f"{argument.name}={text}" if argument.name else text


def why_no_more(view: DocumentView, span: Span | None) -> str:
    """Why shapes and weights are not shown."""
    if view.replay is None:
        reason = view.reason or "the program has not been replayed"
        return f"Shapes and weights are not known: {_clause(reason)}"
    for hole in view.replay.report.holes:
        place = view.replay.span(hole.span)
        if span is not None and place is not None and (place.overlaps(span)):
            return f"Shapes and weights are not known: {_clause(hole.reason)}"
    failed = [(view.replay.span(failure.span), failure) for failure in view.replay.report.failures]
    placed = [(place, failure) for place, failure in failed if place is not None]
    for place, failure in placed:
        if span is not None and place.overlaps(span):
            return f"Shapes and weights are not known: this raised {_raised(failure)}"
    if placed:
        place, failure = placed[0]
        return (
            "Shapes and weights are not known: a replay did not come here; "
            f"it met {_raised(failure)} on {view.document.spot(place.start)}"
        )
    return "Shapes and weights are not known: the program does not come here when it is run"


def _raised(failure: ReplayFailure) -> str:
    said = _clause(f"{failure.type}: {failure.message}" if failure.message else failure.type)
    return said if failure.certain else f"{said} (where something was not known to it)"
