"""What was read from a stretch of text: facts in the order of the text, and how they move through edits."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol, TypeVar

from keras_lsp.source.facts import ModuleFacts
from keras_lsp.source.moved import EVERYWHERE, Move, Mover

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

    def __init__(
        self,
        found: Found,
        reach: int,
        moves: tuple[Move, ...] = (),
        followed: frozenset[str] | None = None,
    ) -> None:
        self._found = found
        self.reach = reach  # no span ends behind this, but those that are EVERYWHERE
        self.moves = moves
        # Names of the module's variables that hold models or tensors, of those given here.
        self.followed = _followed(found) if followed is None else followed

    def found(self, movers: dict[tuple[Move, ...], Mover]) -> Found:
        """The facts where they are now. `movers` are shared by all that is asked together."""
        if self.moves:
            mover = movers.setdefault(self.moves, Mover(self.moves))
            self._found, self.moves = _moved(self._found, mover), ()
        return self._found

    @property
    def anywhere(self) -> Found:
        """The facts, wherever they are: for what does not depend on places."""
        return self._found


def _followed(found: Found) -> frozenset[str]:
    return frozenset(binding.name for binding in found.bindings if binding.scope == EVERYWHERE)


def after(kept: Iterable[Kept], move: Move) -> list[Kept]:
    """The same after one more edit."""
    if not move.delta:
        return list(kept)
    since, delta = move.since, move.delta
    later: dict[int, tuple[Move, ...]] = {}  # by identity: most of them had the same edits before them
    moved = []
    for one in kept:
        if one.reach < since:
            moved.append(one)
            continue
        before = one.moves
        moves = later.get(id(before))
        if moves is None:
            moves = later[id(before)] = _with(before, move)
        moved.append(Kept(one.anywhere, one.reach + delta, moves, one.followed))
    return moved


def _with(moves: tuple[Move, ...], move: Move) -> tuple[Move, ...]:
    last = moves[-1] if moves else None
    if last is None or last.since + last.delta != move.since or last.extends != move.extends:
        return (*moves, move)
    return (*moves[:-1], last._replace(delta=last.delta + move.delta))  # typing where it was before


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
