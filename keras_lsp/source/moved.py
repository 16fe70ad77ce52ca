"""Facts of text behind an edit, told for the text after it: every span in them moves by the same distance."""

from __future__ import annotations

import sys
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from keras_lsp.source import facts
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable

_Fact = TypeVar("_Fact")
_FACTS = (
    facts.Argument,
    facts.LayerCall,
    facts.LayerSlot,
    facts.MadeWeight,
    facts.MethodFacts,
    facts.ModelClass,
    facts.Binding,
    facts.HolderBinding,
    facts.BuildEvent,
    facts.Step,
    facts.LayerPath,
    facts.WeightUse,
    facts.Reference,
)
EVERYWHERE = Span(0, sys.maxsize)  # the scope of a module's own names: it has no end that an edit could move


class Move(NamedTuple):
    """What lies at or behind `since`, in the text before an edit, is `delta` further on after it."""

    since: int
    delta: int
    extends: bool = False  # whether what ends right at `since` ends further on, too


class Mover:
    """Some edits, one after the other. Facts that share a part go on sharing it.

    The facts must not reach into the text that was replaced.
    """

    def __init__(self, moves: tuple[Move, ...]) -> None:
        self._moves = moves
        self._known: dict[int, tuple[Any, Any]] = {}  # by identity: a fact, kept alive, and what it became

    def all(self, found: tuple[_Fact, ...]) -> tuple[_Fact, ...]:
        return tuple(map(self.one, found))

    def one(self, fact: _Fact) -> _Fact:
        """One fact with all that it holds, moved."""
        known = self._known.get(id(fact))
        if known is None:
            known = self._known[id(fact)] = (fact, self._rebuilt(fact))
        return known[1]  # type: ignore[no-any-return]  # of the same class as `fact`

    def _rebuilt(self, fact: Any) -> Any:
        parts = _PARTS[type(fact)]
        new = _NEW(type(fact))
        for take, give in parts.plain:
            give(new, take(fact))
        for take, give in parts.spans:
            span = take(fact)
            give(new, span if span is None else self._span(span))
        for take, give in parts.single:
            value = take(fact)
            give(new, value if value is None else self.one(value))
        for take, give in parts.many:
            values = take(fact)
            give(new, values and self.all(values))
        return new

    def _span(self, span: Span) -> Span:
        start, end = span.start, span.end
        if end == sys.maxsize:
            return span
        for since, delta, extends in self._moves:
            if start >= since:
                start += delta
                end += delta
            elif end > since or (extends and end == since):
                end += delta
        new: Span = _NEW(Span)
        _SET_START(new, start)
        _SET_END(new, end)
        return new


# As `Span(...)` sets them, in a third of its time.
_NEW: Callable[[type], Any] = object.__new__
_SET_START: Callable[[Span, int], None] = Span.__dict__["start"].__set__
_SET_END: Callable[[Span, int], None] = Span.__dict__["end"].__set__

_Field = tuple["Callable[[Any], Any]", "Callable[[Any, Any], None]"]  # how to read it, how to set it


class _Parts(NamedTuple):
    """The fields of a fact, by what moving does to them."""

    plain: tuple[_Field, ...]
    spans: tuple[_Field, ...]
    single: tuple[_Field, ...]  # another fact, or None
    many: tuple[_Field, ...]  # a tuple of facts, or None


def _parts(fact: type) -> _Parts:
    names = {one.__name__ for one in _FACTS}
    sorts: dict[str, list[_Field]] = {"plain": [], "spans": [], "single": [], "many": []}
    for field in fields(fact):
        said = str(field.type).removesuffix(" | None")
        if said == "Span":
            sort = "spans"
        elif said in names:
            sort = "single"
        elif said.removeprefix("tuple[").removesuffix(", ...]") in names:
            sort = "many"
        else:
            sort = "plain"
        sorts[sort].append((attrgetter(field.name), fact.__dict__[field.name].__set__))
    return _Parts(**{sort: tuple(found) for sort, found in sorts.items()})


_PARTS = {fact: _parts(fact) for fact in _FACTS}
