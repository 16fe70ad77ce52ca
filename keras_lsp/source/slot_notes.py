"""What is below `self` of one class as its statements are followed: layers, their places, what is certain."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from keras_lsp.source.facts import LayerSlot, MadeWeight
from keras_lsp.source.held import EACH, OPEN, Environment, Held, concatenated, either
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.source.facts import Argument
    from keras_lsp.source.held_reader import HeldReader
    from keras_lsp.source.loop_values import LoopValues
    from keras_lsp.source.positions import Positions


@dataclass
class Context:
    """Under which circumstances statements run, and what their local names hold."""

    local: Environment
    conditional: bool = False
    repeated: bool = False
    rounds: int | None = 1  # of the loops around, where the text fixes them
    returned: list[Held] = field(default_factory=list)
    loops: dict[str, LoopValues] = field(default_factory=dict)  # what loop variables run through
    yielded: list[Held] = field(default_factory=list)  # lists of what a generator gives, in order

    def inside(self, conditional: bool = False, repeated: bool = False, rounds: int | None = 1) -> Context:
        return Context(
            dict(self.local),
            self.conditional or conditional,
            self.repeated or repeated,
            None if self.rounds is None or rounds is None else self.rounds * rounds,
            self.returned,
            dict(self.loops),
            self.yielded,
        )


class SlotNotes:
    """Of one class. Containers are known by the name of an attribute or of a local variable."""

    def __init__(self, owner: str, positions: Positions, reader: HeldReader) -> None:
        self.slots: list[LayerSlot] = []
        self.weights: list[MadeWeight] = []
        self.closed = True  # no layers but those in `slots`
        self.straight = True  # each attribute given whole and once, so that the order is certain
        self.statement: ast.stmt | None = None  # the one that is followed
        self._owner = owner
        self._positions = positions
        self._reader = reader

    @property
    def attributes(self) -> Environment:
        """What each `self.<name>` holds."""
        return self._reader.attributes

    def place_of(self, target: ast.expr, context: Context) -> tuple[Environment, str] | None:
        """Where what an expression names is kept, and under which name; None for any other expression."""
        attribute = self._reader.self_attribute(target)
        if attribute is not None:
            return self.attributes, attribute
        return (context.local, target.id) if isinstance(target, ast.Name) else None

    def store(self, attribute: str, held: Held, definition: Span, context: Context) -> None:
        """`self.<attribute> = <held>`."""
        previous = self.attributes.get(attribute)
        self.closed = self.closed and not held.open
        again = previous is not None and bool(previous.entries)
        if again and not context.conditional:
            self.doubt(attribute)
        if again:
            self.straight = False
        kept = held if previous is None or not context.conditional else either(previous, held)
        self.attributes[attribute] = kept
        self.note(attribute, held if not again else held.conditionally(), definition, context)

    def weight(
        self, target: ast.expr, maker: str, arguments: tuple[Argument, ...], context: Context, certain: bool
    ) -> None:
        """`self.<attribute> = self.add_weight(...)`."""
        attribute = self._reader.self_attribute(target)
        if attribute is not None and self.statement is not None:
            conditional = context.conditional or not certain
            line = self._positions.header_span(self.statement)
            self.weights.append(
                MadeWeight(
                    self._owner,
                    attribute,
                    self._positions.span(target),
                    maker,
                    arguments,
                    line,
                    conditional,
                )
            )

    def doubt(self, attribute: str) -> None:
        """What the attribute held before is there on some of the ways through the class only."""
        self.slots = [
            replace(s, conditional=True) if s.attribute == attribute and s.owner == self._owner else s
            for s in self.slots
        ]

    def renumber(self, target: ast.expr, place: Callable[[str], str], context: Context) -> None:
        """The elements of a list, also under its other names, are elsewhere in it now."""
        found = self.place_of(target, context)
        before = found[0].get(found[1]) if found is not None else None
        if before is None or not before.is_container or not before.entries:
            return
        entries = tuple(replace(entry, place=place(entry.place)) for entry in before.entries)
        after = replace(before, entries=entries)
        for holder in (context.local, self.attributes):
            for name in [name for name, held in holder.items() if held is before]:
                holder[name] = after
                if holder is self.attributes:
                    self.straight = False
                    self.slots = [self._moved(slot, name, place) for slot in self.slots]

    def _moved(self, slot: LayerSlot, attribute: str, place: Callable[[str], str]) -> LayerSlot:
        if slot.owner != self._owner or slot.attribute != attribute:
            return slot
        moved = place(slot.path.removeprefix(attribute))
        return replace(slot, path=attribute + moved, repeated=slot.repeated or EACH in moved)

    def note(self, attribute: str, held: Held, definition: Span | None, context: Context) -> None:
        line = self._positions.header_span(self.statement) if self.statement else Span(0, 0)
        for entry in held.entries:
            whole = definition if entry.place == "" else None
            self.slots.append(
                LayerSlot(
                    owner=self._owner,
                    path=attribute + entry.place,
                    definition=whole or entry.span,
                    call=entry.call,
                    source_line=line,
                    conditional=context.conditional or entry.conditional,
                    repeated=context.repeated or entry.repeated,
                )
            )

    def extend(self, target: ast.expr, added: Held, context: Context, placed: bool = False) -> None:
        """More elements for the container `target`: `+=`, append, extend, `[key] =`."""
        found = self.place_of(target, context)
        if found is None:
            self.closed = self.closed and not (added.entries or added.open)
            return
        holder, key = found
        before = holder.get(key, OPEN)
        if context.repeated and not placed:
            added = added.times(_rounds_since(before, context))
        if placed:
            after = Held((*before.entries, *added.entries), before.open or added.open, True)
        else:
            after = replace(concatenated(before, added), rounds=before.rounds)
        new = Held(after.entries[len(before.entries) :], added.open)
        holder[key] = replace(after, length=None) if context.conditional else after
        self._share(before, holder[key], new, context)
        if holder is self.attributes:
            self.straight = False
            self.closed = self.closed and not added.open
            self.note(key, new, None, context)

    def _share(self, before: Held, after: Held, new: Held, context: Context) -> None:
        """What was the same list under other names has grown there, too."""
        if not before.is_container:
            return
        for name, held in context.local.items():
            if held is before:
                context.local[name] = after
        for name, held in self.attributes.items():
            if held is before:
                self.attributes[name] = after
                self.note(name, new, None, context)


def _rounds_since(made: Held, context: Context) -> int | None:
    """How often the loops inside the one that makes a list anew run for one such list."""
    if not made.rounds or context.rounds is None:
        return None
    return context.rounds // made.rounds
