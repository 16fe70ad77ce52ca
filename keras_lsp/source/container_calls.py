"""Calls that change a container of layers: `append`, `insert`, `update`, `pop`, and `add` of a Sequential."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.source.held import EACH, container
from keras_lsp.source.literals import index_literal, literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.facts import LayerCall
    from keras_lsp.source.held import Held
    from keras_lsp.source.held_reader import HeldReader
    from keras_lsp.source.slot_notes import Context, SlotNotes

_TAKES_AWAY = frozenset({"pop", "popitem", "remove", "clear", "reverse", "sort"})


class ContainerCalls:
    """In the methods of one class; what they do goes into `notes`."""

    def __init__(self, notes: SlotNotes, reader: HeldReader, calls: Calls) -> None:
        self._notes = notes
        self._reader = reader
        self._calls = calls

    def take(self, call: ast.Call, func: ast.Attribute, context: Context) -> bool:
        """Follow `x.append(...)` and its kin; False when it is none of them."""
        if func.attr == "add" and len(call.args) == 1:
            return self._add_to_sequential(func.value, call.args[0], context)
        if func.attr in _TAKES_AWAY:
            last = func.attr == "pop" and (not call.args or index_literal(call.args[0]) == -1)
            self.take_away(func.value, context, last=last)
            return self.not_all_of(func.value, context)
        if func.attr in {"update", "setdefault"}:
            return self._update(func.value, call, context)
        if func.attr == "insert" and len(call.args) == 2:
            self._insert(func.value, call.args[0], call.args[1], context)
            return True
        if func.attr not in {"append", "extend"} or not call.args:
            return False
        held = self._reader.read(call.args[-1], context.local)
        if func.attr == "append":
            held = container([("[0]", held)], listed=True)
        if held.entries or held.open:
            self._notes.extend(func.value, replace(held, is_container=True), context)
        else:
            self._count(func.value, context)
        return True

    def take_away(self, target: ast.expr, context: Context, *, last: bool = False) -> None:
        """Elements go, or change places; with `last` only the last one, if there is one."""
        if not last:
            self._notes.renumber(target, _somewhere, context)
        self._count(target, context)

    def not_all_of(self, target: ast.expr, context: Context) -> bool:
        """The layers of a Sequential may be others from here on; False when it is none."""
        call = self._only_call(target, context)
        if call is None:
            return False
        if call.complete:
            self._replace(target, call, replace(call, complete=False), context)
        return True

    def _count(self, target: ast.expr, context: Context) -> None:
        """After elements that are no layers, the places of later ones are not known."""
        place = self._notes.place_of(target, context)
        if place is not None and place[1] in place[0]:
            holder, name = place
            holder[name] = replace(holder[name], length=None)

    def _insert(self, target: ast.expr, where: ast.expr, what: ast.expr, context: Context) -> None:
        held = self._reader.read(what, context.local)
        before = self._held(target, context)
        index = index_literal(where)
        length = before.length if before is not None else None
        certain = not context.repeated and not context.conditional
        if certain and index is not None and length is not None and 0 <= index <= length:
            self._notes.renumber(target, _behind(index), context)
            added = container([(f"[{index}]", held)], listed=False)
            self._notes.extend(target, added, context, placed=True)
            place = self._notes.place_of(target, context)
            if place is not None:
                place[0][place[1]] = replace(place[0][place[1]], length=length + 1)
            return
        self._notes.renumber(target, _somewhere, context)
        if held.entries or held.open:
            added = container([(EACH, held)], listed=False)
            self._notes.extend(target, added, context)
        self._count(target, context)

    def _update(self, target: ast.expr, call: ast.Call, context: Context) -> bool:
        """`update` with keywords or dicts, or `setdefault(key, layer)`."""
        if isinstance(call.func, ast.Attribute) and call.func.attr == "setdefault":
            if len(call.args) != 2:
                return False
            key, known = literal(call.args[0])
            held = self._reader.read(call.args[1], context.local)
            place = f"[{key!r}]" if known and not context.repeated else EACH
            added = [container([(place, held)], listed=False)]
        else:
            pairs = [
                (f"[{k.arg!r}]", self._reader.read(k.value, context.local)) for k in call.keywords if k.arg
            ]
            given = (self._reader.read(argument, context.local) for argument in call.args)
            added = [container(pairs, listed=False), *given]
        for held in added:
            if held.entries or held.open:
                self._notes.extend(target, replace(held, is_container=True), context, placed=True)
        return True

    def _add_to_sequential(self, target: ast.expr, added: ast.expr, context: Context) -> bool:
        """`self.net.add(Dense(3))`: the Sequential's call gets one more layer."""
        call = self._only_call(target, context)
        if call is None:
            return False
        made = self._calls.layer_call(added) if isinstance(added, ast.Call) else None
        certain = call.complete and made is not None and not (context.repeated or context.conditional)
        grown = replace(call, layers=(*call.layers, made) if made else call.layers, complete=certain)
        self._replace(target, call, grown, context)
        return True

    def _held(self, target: ast.expr, context: Context) -> Held | None:
        place = self._notes.place_of(target, context)
        return place[0].get(place[1]) if place is not None else None

    def _only_call(self, target: ast.expr, context: Context) -> LayerCall | None:
        """The call that made the one layer that a name holds."""
        held = self._held(target, context)
        return held.entries[0].call if held is not None and len(held.entries) == 1 else None

    def _replace(self, target: ast.expr, call: LayerCall, by: LayerCall, context: Context) -> None:
        place = self._notes.place_of(target, context)
        if place is None:
            return
        holder, name = place
        entry = holder[name].entries[0]
        holder[name] = replace(holder[name], entries=(replace(entry, call=by),))
        self._notes.slots = [replace(s, call=by) if s.call is call else s for s in self._notes.slots]


def _somewhere(place: str) -> str:
    """The place of an element of which only the container is known."""
    return EACH + place.partition("]")[2] if place else place


def _behind(index: int) -> Callable[[str], str]:
    """Where elements are after one was put before that of this number."""

    def moved(place: str) -> str:
        number, _, rest = place[1:].partition("]")
        behind = number.isdecimal() and int(number) >= index
        return f"[{int(number) + 1}]{rest}" if behind else place

    return moved
