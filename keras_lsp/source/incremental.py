"""A text that is edited, and its facts: an edit costs what it touches, and what depends on that.

The result is always that of reading the whole text anew. Text that does not parse is first turned into text
that does, so what is compared, kept and read again is always whole statements.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING

from keras_lsp.source.dependencies import Dependencies
from keras_lsp.source.excerpt import excerpt
from keras_lsp.source.extract import may_concern_us, read
from keras_lsp.source.facts import ModuleFacts, Problem
from keras_lsp.source.fingerprint import fingerprint_of
from keras_lsp.source.found import Collected, LaterFacts
from keras_lsp.source.keras_names import Imports
from keras_lsp.source.module_index import index_module
from keras_lsp.source.moved import Move, Mover
from keras_lsp.source.parse import ParsedModule, parse
from keras_lsp.source.positions import Positions
from keras_lsp.source.pragmas import read_pragmas
from keras_lsp.source.sections import Change, cut, recut
from keras_lsp.source.undisturbed import undisturbed
from keras_lsp.text.shift import Edit, Shift
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.source.facts import InputPragma
    from keras_lsp.source.found import Found
    from keras_lsp.source.resolve import NameResolver
    from keras_lsp.source.sections import Section


_CONTINUED = re.compile(r"\\\r?\n?$", re.MULTILINE)  # a line that goes on over its end
_LONE_RETURN = re.compile(r"\r(?!\n)")  # a line's end that only some know as one
_NOTHING_BUT_CONTINUED = re.compile(r"^[ \t\f]*\\\r?$", re.MULTILINE)  # its blanks are no indentation for all

_SOURCE, _TOKENS, _ENDS_MODULE = map(attrgetter, ("source", "tokens", "names.ends_module"))


class LiveModule:
    """The text of one open document. `parsed` and `facts` are of the text as it is now, and never change."""

    def __init__(self, source: str) -> None:
        self.parsed: ParsedModule
        self.facts: ModuleFacts = ModuleFacts()
        self._source: str  # parses
        self._sections: list[Section]
        self._starts: list[int]  # where each begins, and the end of the last
        self._resolver: NameResolver | None = None
        self._collected = Collected.nothing()
        self._imports = Imports()
        self._links: Dependencies | None = None  # of the text as it was read last
        self._is_odd = _has_odd_line(source)
        with undisturbed():
            self._start_anew(source)

    @undisturbed()
    def edit(self, source: str) -> None:
        """The whole text after an edit."""
        was_odd, self._is_odd = self._is_odd, _has_odd_line(source)
        if was_odd or self._is_odd:
            self._start_anew(source)
            return
        known, starts = self._sections, self._starts
        change = recut(known, starts, self._source, source)
        if any(_CONTINUED.search(s.source) for s in (*known[change.start : change.end], *change.new)):
            self._start_anew(source)
            return
        self._take_text(change)
        change = change.mended(known)
        replaced = known[change.start : change.end]
        self._sections = change.of(known)
        self._starts = _starts(self._sections)
        if self._concerns_us() and self._collected:
            self._read_again(change, replaced, Move(starts[change.end], len(source) - starts[-1]))
        else:
            self._read_all()
        _let_go(change.new)

    def _start_anew(self, source: str) -> None:
        self._source, self._starts = "", [0]
        change = Change(0, 0, cut(source, parse(source)))
        self._take_text(change)
        self._sections = change.mended([]).new
        self._starts = _starts(self._sections)
        self._read_all()
        _let_go(self._sections)

    def _take_text(self, change: Change) -> None:
        """Keep the text with what is broken blanked: it parses, and the next edit is compared with it."""
        start, end = self._starts[change.start], self._starts[change.end]
        places = accumulate(map(len, map(_SOURCE, change.new)), initial=start)
        problems = [
            Problem(problem.span.shifted(place), problem.message)
            for section, place in zip(change.new, places, strict=False)
            for problem in section.problems
        ]
        new = "".join(section.text for section in change.new)
        self._source = f"{self._source[:start]}{new}{self._source[end:]}"
        self.parsed = ParsedModule(self._source, tuple(problems))

    @undisturbed()
    def learn(self, resolver: NameResolver | None) -> None:
        """The same text, with what is known now of classes of other files."""
        self._resolver = resolver
        self._read_all()

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(model.name for found in self._collected.anywhere() for model in found.classes)

    @property
    def has_model_code(self) -> bool:
        """Whether there is any fact about a model."""
        return any(self._collected.anywhere())

    @property
    def imports(self) -> ast.Module:
        """The import statements alone."""
        return ast.Module([s for section in self._sections for s in section.names.imports], [])

    def _concerns_us(self) -> bool:
        return self._resolver is not None or may_concern_us(self.parsed.text)

    def _read_all(self) -> None:
        self._collected = Collected.nothing()
        self._links = None
        if not self._concerns_us():
            self.facts = ModuleFacts(problems=self.parsed.problems, fingerprint=self._fingerprint())
            return
        self._collected = Collected.nothing(len(self._sections))
        index = index_module(self.parsed.tree)
        found, knows_others = read(self.parsed.tree, Positions(self.parsed.text), index, self._resolver)
        self._put(found, range(len(self._sections)))
        self._finish(index.imports, knows_others)

    def _read_again(self, change: Change, replaced: list[Section], move: Move) -> None:
        """Read the sections that changed and those that depend on them."""
        count = len(self._sections)
        if any(map(_ENDS_MODULE, (*self._sections[:-1], *replaced))):
            self._read_all()
            return
        imports, meanings = self._imports, set[str]()
        if any(section.names.imports for section in (*replaced, *change.new)):
            imports = index_module(self.imports).imports
            changed = _changed(self._imports, imports)
            if changed is None:
                self._read_all()
                return
            meanings = changed
        followed = self._collected.followed()
        alone = not meanings and len(replaced) == 1 == len(change.new)
        edited = [*range(change.start, change.new_end)]
        links = self._links
        if not alone or not links or not links.take(edited[0], self._sections[edited[0]].names, followed):
            names = [section.names for section in (*self._sections, *replaced)]
            edited += range(count, len(names))
            links = self._links = Dependencies(names, followed)
        if alone and self._read_inside(links, edited, replaced[0], imports):
            self._finish(imports)
            return
        self._collected = self._collected.edited(change.start, change.end, len(change.new), move)
        grown = followed
        while True:
            affected = links.dependent_on([*edited, *links.mentioning(meanings)])
            needed = {number for number in links.needed_for(affected) if number < count}
            walked = {number for number in needed if number in affected or links.acts(number)}
            if walked:
                self._put(self._read_some(needed, walked, imports), sorted(walked))
            grown |= self._collected.followed()
            if grown == followed:
                break
            followed = grown
            links = self._links = links.with_followed(followed)
        self._finish(imports)

    def _read_inside(self, links: Dependencies, edited: list[int], old: Section, imports: Imports) -> bool:
        """Read a class that changed only in methods whose bodies nobody else can see; False when it did not.

        Then nothing else changes but places. `edited` is its number, and that of `old` where it is another.
        """
        number = edited[0]
        new = self._sections[number]
        methods = new.names.changed_inside(old.names)
        if not methods or not links.hides(edited, methods):
            return False
        needed = links.needed_for([number])
        if any(links.acts(other) for other in needed):
            return False
        needed = {other for other in needed if other < len(self._sections)}
        known = self._collected.now_of(number)
        found = self._read_some(needed, {number}, imports)
        start = self._starts[number]
        (edit,) = Shift.between(old.source, new.source).edits or (Edit(Span(0, 0), 0),)
        for extends in (False, True):
            move = Move(start + edit.replaced.end, edit.delta, extends)
            if Mover((move,)).all(known.classes) == found.between(start, self._starts[number + 1]).classes:
                self._collected = self._collected.edited(number, number + 1, 1, move)
                self._put(found, [number])
                return True
        return False

    def _read_some(self, needed: set[int], walked: set[int], imports: Imports) -> Found:
        """What some sections say, read from those that they need and from what the whole module imports."""
        part = excerpt(self.parsed, self._sections, self._starts, needed)
        index = index_module(part.tree)
        index.imports = imports
        found, _ = read(part.of(walked), part.positions, index, self._resolver)
        return found

    def _put(self, found: Found, numbers: Iterable[int]) -> None:
        """Keep what the sections' statements say."""
        starts, reach = self._starts, len(self.parsed.text)
        for number in numbers:
            self._collected.put(number, found.between(starts[number], starts[number + 1]), reach)

    def _finish(self, imports: Imports, knows_others: bool | None = None) -> None:
        """`knows_others` is None where not all of the text was read."""
        self._imports = imports
        keras = imports.facts(self.parsed.text)
        if not keras.used and (self.class_names or knows_others):
            keras = replace(keras, used=True)
        elif not keras.used and knows_others is None and self._resolver is not None:
            self._read_all()  # only all of it says whether a class of another module has a part in it
            return
        self.facts = LaterFacts(
            self._collected, keras, self.parsed.problems, self._pragmas(), self._fingerprint()
        )

    def _pragmas(self) -> tuple[InputPragma, ...]:
        text = self.parsed.text
        return read_pragmas(text, self.parsed.tree) if "keras-lsp:" in text else ()

    def _fingerprint(self) -> str:
        return fingerprint_of(map(_TOKENS, self._sections))


def _let_go(sections: list[Section]) -> None:
    """A tree takes many times the room of its text."""
    for section in sections:
        section.statements = ()


def _has_odd_line(text: str) -> bool:
    """Whether what is broken elsewhere may change how its lines are told apart."""
    if "\r" in text and _LONE_RETURN.search(text) is not None:
        return True
    continued = "\\\n" in text or "\\\r" in text
    return continued and _NOTHING_BUT_CONTINUED.search(text) is not None


def _starts(sections: list[Section]) -> list[int]:
    return list(accumulate(map(len, map(_SOURCE, sections)), initial=0))


def _changed(before: Imports, after: Imports) -> set[str] | None:
    """Imported names that mean something else now; None when any name may."""
    if before.stars != after.stars:
        return None
    names = before.names.keys() | after.names.keys()
    return {
        name
        for name in names
        if before.names.get(name) != after.names.get(name)
        or before.origins.get(name) != after.origins.get(name)
        or (name in before.by_tensorflow) != (name in after.by_tensorflow)
    }
