"""What was read from a stretch of text: facts in the order of the text, and how they move through edits."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from keras_lsp.source.facts import ModuleFacts
from keras_lsp.source.moved import EVERYWHERE, Move, Mover
from keras_lsp.source.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from keras_lsp.source.facts import (
        Binding,
        BuildEvent,
        HolderBinding,
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
    holders: tuple[HolderBinding, ...] = ()

    def between(self, start: int, end: int) -> Found:
        """What begins in `text[start:end]`."""
        return Found(
            _between(self.classes, start, end),
            _between(self.bindings, start, end),
            _between(self.events, start, end),
            _between(self.paths, start, end),
            _between(self.weight_uses, start, end),
            _between(self.references, start, end),
            _between(self.holders, start, end),
        )

    def __bool__(self) -> bool:
        return bool(
            self.classes or self.bindings or self.references or self.weight_uses or self.paths or self.holders
        )


NOTHING_FOUND = Found()


def in_order(facts: Iterable[_Fact]) -> tuple[_Fact, ...]:
    """In the order of the text, whatever order they were found in."""
    return tuple(sorted(facts, key=_SPAN))


def _between(facts: Sequence[_Fact], start: int, end: int) -> tuple[_Fact, ...]:
    first = bisect_left(facts, start, key=_START)
    return tuple(facts[first : bisect_left(facts, end, lo=first, key=_START)])


class Kept(NamedTuple):
    """Facts of a section as they were read, and what they do not know of yet."""

    found: Found
    reach: int = -1  # no span ends behind this, but those that are EVERYWHERE
    seen: int = 0  # how many of the moves of `Collected` came before it was read
    missed: tuple[Move, ...] = ()  # earlier ones that it was not told of
    followed: frozenset[str] = frozenset()  # names of the module's variables given here that hold models


_NOTHING = Kept(NOTHING_FOUND)
_FOLLOWED = attrgetter("followed")
_MOST_MOVES = 64


class Collected:
    """What was read from each section of a text, wherever it is by now.

    An edit is noted as one move, which no fact is told of before somebody asks for facts. So what is kept
    costs an edit nothing. After it there is another `Collected`: this one goes on saying what was before.
    """

    def __init__(self, kept: list[Kept], moves: tuple[Move, ...] = ()) -> None:
        self._state = kept, moves

    @classmethod
    def nothing(cls, sections: int = 0) -> Collected:
        return cls([_NOTHING] * sections)

    def edited(self, start: int, end: int, new: int, move: Move) -> Collected:
        """After an edit that put `new` sections, not read yet, in the place of `[start:end]`."""
        kept, moves = self._state
        if len(moves) == _MOST_MOVES:
            kept, moves = _behind(kept, moves), ()
            if any(len(one.missed) > _MOST_MOVES for one in kept):
                kept = _told(kept)
        return Collected(
            [*kept[:start], *[_NOTHING] * new, *kept[end:]], (*moves, move) if move.delta else moves
        )

    def put(self, number: int, found: Found, reach: int) -> None:
        """What a section says, read now. Only of one that nobody else knows yet."""
        kept, moves = self._state
        bound: tuple[Binding | HolderBinding, ...] = (*found.bindings, *found.holders)
        followed = frozenset(binding.name for binding in bound if binding.scope == EVERYWHERE)
        kept[number] = Kept(found, reach, len(moves), (), followed) if found else _NOTHING

    def now(self) -> list[Found]:
        """All facts, where they are now."""
        kept, moves = self._state
        if moves or any(one.missed for one in kept):
            kept = _told(_behind(kept, moves))
            self._state = kept, ()
        return [one.found for one in kept]

    def now_of(self, number: int) -> Found:
        """The facts of one section, where they are now."""
        kept, moves = self._state
        (one,) = _told(_behind(kept[number : number + 1], moves))
        return one.found

    def anywhere(self) -> Iterator[Found]:
        """All facts, wherever they are: for what does not depend on places."""
        return (one.found for one in self._state[0])

    def __len__(self) -> int:
        """How many sections there are."""
        return len(self._state[0])

    def followed(self) -> frozenset[str]:
        """Names of the module's variables that hold models or tensors."""
        return frozenset().union(*map(_FOLLOWED, self._state[0]))


def _behind(kept: Iterable[Kept], moves: Sequence[Move]) -> list[Kept]:
    """The same, with all moves among those that they miss."""
    known: dict[tuple[int, int, tuple[Move, ...]], tuple[int, tuple[Move, ...]]] = {}  # most are alike
    found = []
    for one in kept:
        alike = one.reach, one.seen, one.missed
        if alike not in known:
            reach, missed = one.reach, one.missed
            for move in moves[one.seen :]:
                if reach >= move.since:
                    reach, missed = reach + move.delta, _with(missed, move)
            known[alike] = reach, missed
        found.append(Kept(one.found, known[alike][0], 0, known[alike][1], one.followed))
    return found


def _with(moves: tuple[Move, ...], move: Move) -> tuple[Move, ...]:
    last = moves[-1] if moves else None
    if last is None or last.since + last.delta != move.since or last.extends != move.extends:
        return (*moves, move)
    return (*moves[:-1], last._replace(delta=last.delta + move.delta))  # typing where it was before


def _told(kept: Iterable[Kept]) -> list[Kept]:
    """The same with their facts moved by what they missed."""
    movers: dict[tuple[Move, ...], Mover] = {}
    told = []
    with undisturbed():
        for one in kept:
            if one.missed:
                mover = movers.get(one.missed) or movers.setdefault(one.missed, Mover(one.missed))
                told.append(one._replace(found=_moved(one.found, mover), missed=()))
            else:
                told.append(one)
    return told


def _moved(found: Found, mover: Mover) -> Found:
    return Found(
        mover.all(found.classes),
        mover.all(found.bindings),
        mover.all(found.events),
        mover.all(found.paths),
        mover.all(found.weight_uses),
        mover.all(found.references),
        mover.all(found.holders),
    )


class LaterFacts(ModuleFacts):
    """Facts of a module whose sections are told for their places when somebody asks for the first of them."""

    def __init__(
        self,
        collected: Collected,
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
        self.__dict__["_collected"] = collected

    @cached_property
    def _sections(self) -> list[Found]:
        collected: Collected = self.__dict__["_collected"]
        return collected.now()

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

    @cached_property
    def holders(self) -> tuple[HolderBinding, ...]:
        return tuple(chain.from_iterable(found.holders for found in self._sections))
