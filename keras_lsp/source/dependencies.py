"""Which sections of a module have a say in what is read from others.

A section depends on those that give the names it mentions. Sections that mention a variable of the module
that holds a model or a tensor depend on each other, since what one does to it the others see. A function or
method that touches such a variable counts wherever its name is mentioned, since it may run there: what
mentions it depends on the others, and they on that.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keras_lsp.source.section_names import SectionNames


class Dependencies:
    """Sections by number. `followed`: names of the module's variables that hold models or tensors."""

    def __init__(self, sections: Sequence[SectionNames], followed: frozenset[str]) -> None:
        self._sections = list(sections)
        self._followed = followed
        self._needs: list[set[int]] = [set() for _ in sections]
        self._needed_by: list[set[int]] = [set() for _ in sections]
        self._by_mention: dict[str, list[int]] = defaultdict(list)
        self._by_attribute: dict[str, list[int]] = defaultdict(list)
        self._given = followed.union(*(n.gives for n in sections), *(n.callables for n in sections))
        for number, names in enumerate(sections):
            for name in names.mentions & self._given:
                self._by_mention[name].append(number)
            for name in names.attributes & self._given:
                self._by_attribute[name].append(number)
        for number, names in enumerate(sections):
            for name in names.gives:
                self._link_all(number, name, attributes=name in names.callables)
        touching = self._share(followed)
        self._acting = self._follow_callables(touching)
        for number, names in enumerate(sections):
            if names.gives_attributes:
                for other in self.needed_for([number]):
                    self._link(other, number)

    def take(self, number: int, names: SectionNames, followed: frozenset[str]) -> bool:
        """Put `names` in the place of a section's; False where that links it with others than before."""
        before = self._sections[number]
        if followed != self._followed or (names.gives, names.callables) != (before.gives, before.callables):
            return False
        if names.is_definition != before.is_definition or names.gives_attributes != before.gives_attributes:
            return False
        given = self._given
        if (names.mentions ^ before.mentions) & given or (names.attributes ^ before.attributes) & given:
            return False
        self._sections[number] = names
        return True

    def with_followed(self, followed: frozenset[str]) -> Dependencies:
        """The same sections when more variables hold models."""
        return Dependencies(self._sections, followed)

    def dependent_on(self, numbers: Iterable[int]) -> set[int]:
        """The sections and all in which something may change when they do."""
        return _reached(numbers, self._needed_by)

    def needed_for(self, numbers: Iterable[int]) -> set[int]:
        """The sections and all that have a say in what is read from them."""
        return _reached(numbers, self._needs)

    def acts(self, number: int) -> bool:
        """Whether walking it may change what is said elsewhere; else it is enough to know its definitions."""
        names = self._sections[number]
        return number in self._acting or names.gives_attributes or not names.is_definition

    def hides(self, numbers: Iterable[int], methods: Iterable[str]) -> bool:
        """Whether no other section can look into these methods of a class; `numbers` are its states."""
        return not any(map(self.acts, numbers)) and self._followed_methods().isdisjoint(methods)

    def _followed_methods(self) -> set[str]:
        """Names of methods that may be followed from what can be seen, also through each other."""
        shown = set().union(*(names.shown for names in self._sections))
        waiting = [names for names in self._sections if names.quiet]
        while followed := [s for s in waiting if any(name in shown for name, _ in s.quiet)]:
            waiting = [names for names in waiting if names not in followed]
            shown.update(*(names.attributes for names in followed))
        return shown

    def mentioning(self, meant: set[str]) -> set[int]:
        return {n for n, names in enumerate(self._sections) if meant and not meant.isdisjoint(names.mentions)}

    def _link(self, number: int, needed: int) -> None:
        self._needs[number].add(needed)
        self._needed_by[needed].add(number)

    def _link_all(self, number: int, name: str, attributes: bool) -> None:
        for other in self._by_mention.get(name, ()):
            self._link(other, number)
        if attributes:
            for other in self._by_attribute.get(name, ()):
                self._link(other, number)

    def _share(self, followed: frozenset[str]) -> set[int]:
        """Sections around one variable need each other: a chain there and back says as much as all pairs."""
        touching: set[int] = set()
        for name in followed:
            around = self._with_callers(self._by_mention.get(name, ()))
            for one, other in pairwise(around):
                self._link(one, other)
                self._link(other, one)
            touching.update(around)
        return touching

    def _with_callers(self, numbers: Sequence[int]) -> list[int]:
        """These sections, and those that may run the definitions among them, also through others."""
        found = set(numbers)
        waiting = [number for number in numbers if self._sections[number].callables]
        while waiting:
            for name in self._sections[waiting.pop()].callables:
                for other in (*self._by_mention.get(name, ()), *self._by_attribute.get(name, ())):
                    if other not in found:
                        found.add(other)
                        waiting += [other] if self._sections[other].callables else []
        return sorted(found)

    def _follow_callables(self, touching: set[int]) -> set[int]:
        linked: set[int] = set()
        while new := _reached(touching, self._needed_by) - linked:
            linked |= new
            for number in new:
                for name in self._sections[number].callables:
                    self._link_all(number, name, attributes=True)
        return linked


def _reached(start: Iterable[int], links: Sequence[set[int]]) -> set[int]:
    seen: set[int] = set()
    waiting = list(start)
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            waiting += links[number] - seen
    return seen
