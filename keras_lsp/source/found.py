"""What was read from a stretch of text: facts in the order of the text, and how they move through edits."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol, TypeVar

from keras_lsp.source.facts import ModuleFacts
from keras_lsp.source.moved import Move, Mover

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keras_lsp.source.facts import (
        Binding,
        BuildEvent,
        InputPragma,
        KerasImports,
        LayerPath,
        ModelClass,
        Problem,
        Reference,
        WeightUse,
    )
    from keras_lsp.text.span import Span


class _Placed(Protocol):
    @property
    def span(self) -> Span: ...


_Fact = TypeVar("_Fact", bound=_Placed)
_START = attrgetter("span.start")
_SPAN = attrgetter("span.start", "span.end")


@dataclass(frozen=True, slots=True)
class Found:
    classes: tuple[ModelClass, ...] = ()
    bindings: tuple[Binding, ...] = ()
    events: tuple[BuildEvent, ...] = ()
    paths: tuple[LayerPath, ...] = ()
    weight_uses: tuple[WeightUse, ...] = ()
    references: tuple[Reference, ...] = ()

    def between(self, start: int, end: int) -> Found:
        """What begins in `text[start:end]`."""
        return Found(
            _between(self.classes, start, end),
            _between(self.bindings, start, end),
            _between(self.events, start, end),
            _between(self.paths, start, end),
            _between(self.weight_uses, start, end),
            _between(self.references, start, end),
        )

    def __bool__(self) -> bool:
        return bool(self.classes or self.bindings or self.references or self.weight_uses or self.paths)


NOTHING_FOUND = Found()


def in_order(facts: Iterable[_Fact]) -> tuple[_Fact, ...]:
    """In the order of the text, whatever order they were found in."""
    return tuple(sorted(facts, key=_SPAN))


def _between(facts: Sequence[_Fact], start: int, end: int) -> tuple[_Fact, ...]:
    first = bisect_left(facts, start, key=_START)
    return tuple(facts[first : bisect_left(facts, end, lo=first, key=_START)])


class Kept:
    """Facts of a section as they were read, and the edits before it since; moved when somebody asks."""

    def __init__(self, found: Found, reach: int, moves: tuple[Move, ...] = ()) -> None:
        self._found = found
        self._reach = reach  # no span ends behind this, but those that are EVERYWHERE
        self._moves = moves

    def after(self, move: Move) -> Kept:
        """The same after one more edit."""
        if self._reach < move.since or not move.delta:
            return self
        last = self._moves[-1] if self._moves else None
        goes_on = last is not None and last.since + last.delta == move.since and last.extends == move.extends
        if last is not None and goes_on:  # typing where it was before
            moves = (*self._moves[:-1], last._replace(delta=last.delta + move.delta))
        else:
            moves = (*self._moves, move)
        return Kept(self._found, self._reach + move.delta, moves)

    def found(self, movers: dict[tuple[Move, ...], Mover]) -> Found:
        """The facts where they are now. `movers` are shared by all that is asked together."""
        if self._moves:
            mover = movers.setdefault(self._moves, Mover(self._moves))
            self._found, self._moves = _moved(self._found, mover), ()
        return self._found

    @property
    def anywhere(self) -> Found:
        """The facts, wherever they are: for what does not depend on places."""
        return self._found


def _moved(found: Found, mover: Mover) -> Found:
    return Found(
        mover.all(found.classes),
        mover.all(found.bindings),
        mover.all(found.events),
        mover.all(found.paths),
        mover.all(found.weight_uses),
        mover.all(found.references),
    )


class LaterFacts(ModuleFacts):
    """Facts of a module whose sections are told for their places when somebody asks for the first of them."""

    def __init__(
        self,
        kept: Sequence[Kept],
        keras: KerasImports,
        problems: tuple[Problem, ...],
        pragmas: tuple[InputPragma, ...],
        fingerprint: str,
    ) -> None:
        for name, value in (
            ("keras", keras),
            ("problems", problems),
            ("pragmas", pragmas),
            ("fingerprint", fingerprint),
        ):
            object.__setattr__(self, name, value)
        self.__dict__["_kept"] = kept

    @cached_property
    def _sections(self) -> list[Found]:
        movers: dict[tuple[Move, ...], Mover] = {}
        kept: Sequence[Kept] = self.__dict__["_kept"]
        return [section.found(movers) for section in kept]

    @cached_property
    def classes(self) -> tuple[ModelClass, ...]:
        return tuple(chain.from_iterable(found.classes for found in self._sections))

    @cached_property
    def bindings(self) -> tuple[Binding, ...]:
        return tuple(chain.from_iterable(found.bindings for found in self._sections))

    @cached_property
    def events(self) -> tuple[BuildEvent, ...]:
        return tuple(chain.from_iterable(found.events for found in self._sections))

    @cached_property
    def paths(self) -> tuple[LayerPath, ...]:
        return tuple(chain.from_iterable(found.paths for found in self._sections))

    @cached_property
    def weight_uses(self) -> tuple[WeightUse, ...]:
        return tuple(chain.from_iterable(found.weight_uses for found in self._sections))

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        return tuple(chain.from_iterable(found.references for found in self._sections))
