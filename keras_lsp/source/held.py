"""What an expression holds: the layers in it, each with its place in containers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Sequence

    from keras_lsp.source.calls import MadeBy
    from keras_lsp.source.facts import LayerCall
    from keras_lsp.text.span import Span

Environment = dict[str, "Held"]
_LARGEST_GRAPH = 1000  # layers
EACH = "[*]"  # the place of layers made in a loop: one text, many layers


@dataclass(frozen=True, slots=True)
class Entry:
    """One layer. `place` is "" for the value itself, "[0]" or "['a']" for an element, "[*]" for many."""

    place: str
    call: LayerCall | None
    span: Span
    conditional: bool = False

    @property
    def repeated(self) -> bool:
        return EACH in self.place


@dataclass(frozen=True, slots=True)
class Held:
    """`entries` are surely layers; when `open`, there may be others that the text does not show."""

    entries: tuple[Entry, ...] = ()
    open: bool = False
    is_container: bool = False
    length: int | None = None  # of a list, where the text fixes it
    rounds: int | None = 1  # of a list: how often the loops around make one like it
    number: int | None = None  # the value is this number
    classes: tuple[MadeBy, ...] = ()  # the value may be these classes themselves, to be called later
    function: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | None = None  # the value is this one
    called: tuple[ast.expr, ...] = ()  # the value may be the functions that these name
    is_made_later: bool = False  # a generator: there is nothing before somebody takes it
    parts: tuple[tuple[str, Held], ...] = ()  # elements of a container that are classes or functions
    history: tuple[LayerCall, ...] = ()  # of a tensor, or of several: the layers they came through

    def under(self, place: str) -> tuple[Entry, ...]:
        """The entries as they are when this value is put at `place` of a container."""
        return tuple(replace(entry, place=place + entry.place) for entry in self.entries)

    def times(self, count: int | None) -> Held:
        """A list of that many such lists, one after the other."""
        entries = tuple(replace(e, place=EACH + e.place.partition("]")[2]) for e in self.entries)
        length = None if self.length is None or count is None else self.length * count
        return replace(self, entries=entries, length=length)

    def part(self, bounds: slice | None) -> Held:
        """A slice of this list; None for bounds that the text does not say."""
        if bounds is None or self.length is None:
            some = self.times(None)
            return some if all(e.repeated for e in self.entries) else some.conditionally()
        chosen = list(range(self.length)[bounds])
        found = []
        for entry in self.entries:
            index, _, rest = entry.place[1:].partition("]")
            if not index.isdecimal():
                found.append(entry)
            elif int(index) in chosen:
                found.append(replace(entry, place=f"[{chosen.index(int(index))}]{rest}"))
        return replace(self, entries=tuple(found), length=len(chosen))

    def each(self) -> Held:
        """What a loop over this container gives, one after the other."""
        inner = tuple(replace(e, place=e.place.partition("]")[2]) for e in self.entries)
        nested = bool(inner) and all(e.place for e in inner)
        return Held(inner, self.open, nested, history=self.history).conditionally()

    def conditionally(self) -> Held:
        return replace(self, entries=tuple(replace(entry, conditional=True) for entry in self.entries))

    def element(self, place: str) -> Held:
        """What is at `place` of this container."""
        found = [e for p in (place, EACH) for e in self.entries if e.place.startswith(p)]
        inner = tuple(replace(e, place=e.place.split("]", 1)[1]) for e in found)
        return Held(inner, self.open or not inner, history=self.history)

    def after(self, *before: Held) -> Held:
        """A tensor made of this and of those before it."""
        return replace(self, history=joined_history((*before, self)))


NOTHING = Held()  # surely no layer
OPEN = Held(open=True)


def either(*choices: Held) -> Held:
    """One of several values, nobody knows which."""
    grown = _one_that_grew(choices)
    if grown is not None:
        return grown
    return Held(
        tuple(entry for choice in choices for entry in choice.conditionally().entries),
        any(choice.open for choice in choices),
        any(choice.is_container for choice in choices),
        classes=tuple(dict.fromkeys(made for choice in choices for made in choice.classes)),
        called=tuple(dict.fromkeys(named for choice in choices for named in choice.called)),
        history=joined_history(choices),
    )


def joined_history(parts: Iterable[Held]) -> tuple[LayerCall, ...]:
    """The layers that tensors came through, each once; of a very large graph only the first."""
    several = {id(held.history): held.history for held in parts if held.history}
    if len(several) == 1:
        return next(iter(several.values()))
    found = {id(call): call for history in several.values() for call in history}
    return tuple(found.values())[:_LARGEST_GRAPH]


def _one_that_grew(choices: Sequence[Held]) -> Held | None:
    """The same Sequential on all ways, with more layers after some; None for anything else."""
    calls = [held.entries[0].call for held in choices if len(held.entries) == 1 and not held.is_container]
    found = [call for call in calls if call is not None and call.callee == "keras.Sequential"]
    if len(found) != len(choices) or len({(call.callee, call.span) for call in found}) != 1:
        return None
    shortest = min(found, key=lambda call: len(call.layers))
    if any(call.layers[: len(shortest.layers)] != shortest.layers for call in found):
        return None
    entry = choices[0].entries[0]
    return replace(choices[0], entries=(replace(entry, call=replace(shortest, complete=False)),))


def container(elements: list[tuple[str, Held]], listed: bool) -> Held:
    """A list or dict literal from its elements and their places."""
    return Held(
        tuple(entry for place, held in elements for entry in held.under(place)),
        any(held.open for _, held in elements),
        True,
        len(elements) if listed and all(place != EACH for place, _ in elements) else None,
        parts=tuple((place, held) for place, held in elements if held.classes or held.function),
        history=joined_history(held for _, held in elements),
    )


def concatenated(left: Held, right: Held) -> Held:
    """`left + right` of two lists, or `left.extend(right)`."""
    history = joined_history((left, right))
    if left.length is None or right.length is None:
        joined = (*left.entries, *right.times(None).entries)
        return Held(joined, left.open or right.open, True, history=history)
    shifted = []
    for entry in right.entries:
        index, _, rest = entry.place[1:].partition("]")
        if entry.repeated and not index.isdecimal():
            shifted.append(entry)
            continue
        shifted.append(replace(entry, place=f"[{int(index) + left.length}]{rest}"))
    entries = (*left.entries, *shifted)
    return Held(entries, left.open or right.open, True, left.length + right.length, history=history)
