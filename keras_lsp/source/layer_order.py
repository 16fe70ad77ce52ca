"""What `.layers` of a class holds, in order, where the text settles it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.source.facts import LayerSlot, ModelKind
from keras_lsp.source.held import EACH
from keras_lsp.source.sequential_class import sequential_slots

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.class_info import ClassInfo
    from keras_lsp.source.positions import Positions
    from keras_lsp.text.span import Span

_MAX_LISTED = 1000  # layers that one comprehension makes


def layer_order(
    info: ClassInfo,
    slots: tuple[LayerSlot, ...],
    straight: bool,
    lengths: Mapping[str, int],
    calls: Calls,
    positions: Positions,
) -> tuple[LayerSlot, ...] | None:
    """Where every Keras agrees: attributes assigned whole and once, one by one; None elsewhere.

    `straight`: the text shows all layers, and gives each attribute once. `lengths` are those of lists.
    """
    init = info.functions.get("__init__")
    if info.is_sequential:
        alone = info.bases == ("keras.Sequential",) and not info.is_ambiguous
        return sequential_slots(info.node, init, calls, positions) if alone else None
    if not straight or info.parents or init is None or "layers" in info.functions:
        return None
    if info.kind is ModelKind.MODULE:
        return None
    inside = positions.span(init)
    listed = _listed(slots, lengths, {positions.header_span(statement) for statement in init.body})
    certain = all(
        slot.call is not None
        and not slot.conditional
        and (not slot.repeated or slot.path in listed)
        and "'" not in slot.path
        and '"' not in slot.path
        and inside.covers(slot.source_line)
        for slot in slots
    )
    made = [slot.call for slot in slots]
    if not certain or len(set(map(id, made))) != len(made):
        return None
    return tuple(each for slot in slots for each in listed.get(slot.path, (slot,)))


def _listed(
    slots: tuple[LayerSlot, ...], lengths: Mapping[str, int], once: Collection[Span]
) -> dict[str, list[LayerSlot]]:
    """The elements of `self.blocks = [Dense(8) for _ in range(3)]`, by the path that stands for all of them.

    Only where the comprehension makes each of them: `[dense for _ in range(3)]` is one layer. `once` are the
    statements that run once.
    """
    found = {}
    for slot in slots:
        length = lengths.get(slot.attribute)
        alone = sum(other.attribute == slot.attribute for other in slots) == 1
        whole = slot.path == slot.attribute + EACH and slot.source_line in once and alone
        made_here = slot.call is not None and slot.source_line.covers(slot.call.span)
        if whole and made_here and length is not None and length <= _MAX_LISTED:
            paths = (f"{slot.attribute}[{place}]" for place in range(length))
            found[slot.path] = [replace(slot, path=path) for path in paths]
    return found
