"""A text that is edited, and its facts: an edit costs what it touches, and what depends on that.

The result is always that of reading the whole text anew. Text that does not parse is first turned into text
that does, so what is compared, kept and read again is always whole statements.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from dataclasses import replace
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING

from keras_lsp.source.dependencies import Dependencies
from keras_lsp.source.extract import may_concern_us, read
from keras_lsp.source.facts import ModuleFacts, Problem
from keras_lsp.source.fingerprint import fingerprint_of
from keras_lsp.source.found import NOTHING_FOUND, Kept, LaterFacts, after
from keras_lsp.source.keras_names import Imports
from keras_lsp.source.module_index import index_module
from keras_lsp.source.moved import Move, Mover
from keras_lsp.source.parse import ParsedModule, parse
from keras_lsp.source.pragmas import read_pragmas
from keras_lsp.source.sections import compared, cut, recut
from keras_lsp.source.syntax import compile_tree
from keras_lsp.text.shift import Edit, Shift
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.source.facts import InputPragma
    from keras_lsp.source.module_index import ModuleIndex
    from keras_lsp.source.resolve import NameResolver
    from keras_lsp.source.sections import Change, Section


_CONTINUED = re.compile(r"\\\r?\n?$", re.MULTILINE)  # a line that goes on over its end
_LONE_RETURN = re.compile(r"\r(?!\n)")  # a line's end that only some know as one


_SOURCE, _LINE_ENDS = attrgetter("source"), attrgetter("line_ends")


class LiveModule:
    """The text of one open document. `parsed` and `facts` are of the text as it is now, and never change."""

    def __init__(self, source: str) -> None:
        self.parsed: ParsedModule
        self.facts: ModuleFacts = ModuleFacts()
        self._source: str  # parses
        self._sections: list[Section]
        self._resolver: NameResolver | None = None
        self._kept: list[Kept] = []
        self._imports = Imports()
        self._links: Dependencies | None = None  # of the text as it was read last
        self._start_anew(source)

    def edit(self, source: str) -> None:
        """The whole text after an edit."""
        if any("\r" in text and _LONE_RETURN.search(text) for text in (self._source, source)):
            self._start_anew(source)
            return
        change = recut(self._sections, self._source, source)
        touched = (
            *self._sections[change.start : change.old_end],
            *change.sections[change.start : change.new_end],
        )
        if any(_CONTINUED.search(section.source) for section in touched):
            self._start_anew(source)
            return
        before = self._kept
        known, length = self._sections, len(self._source)
        self._take_text(change.sections)
        change = compared(known, [*known[: change.start], *self._sections[change.start :]])
        replaced = known[change.start : change.old_end]
        self._sections = change.sections
        move = Move(sum(len(section.source) for section in known[: change.old_end]), len(source) - length)
        if not self._concerns_us() or not before:
            self._read_all()
            return
        self._read_again(change, replaced, move)

    def _start_anew(self, source: str) -> None:
        self._take_text(cut(source, parse(source)))
        self._read_all()

    def _take_text(self, sections: list[Section]) -> None:
        """Keep the text with what is broken blanked: it parses, and the next edit is compared with it."""
        starts = accumulate(map(len, map(_SOURCE, sections)), initial=0)
        problems = [
            Problem(problem.span.shifted(start), problem.message)
            for section, start in zip(sections, starts, strict=False)
            for problem in section.problems
        ]
        self._sections = [section.mended() for section in sections]
        self._source = "".join(section.text for section in sections)
        self.parsed = ParsedModule(self._source, tuple(problems))

    def learn(self, resolver: NameResolver | None) -> None:
        """The same text, with what is known now of classes of other files."""
        self._resolver = resolver
        self._read_all()

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(model.name for kept in self._kept for model in kept.anywhere.classes)

    @property
    def has_model_code(self) -> bool:
        """Whether there is any fact about a model."""
        return any(kept.anywhere for kept in self._kept)

    @property
    def imports(self) -> ast.Module:
        """The import statements alone."""
        return self._import_tree()

    def _concerns_us(self) -> bool:
        return self._resolver is not None or may_concern_us(self.parsed.text)

    def _starts(self) -> list[int]:
        return list(accumulate(map(len, map(_SOURCE, self._sections)), initial=0))

    def _read_all(self) -> None:
        self._kept = []
        self._links = None
        if not self._concerns_us():
            self.facts = ModuleFacts(problems=self.parsed.problems, fingerprint=self._fingerprint())
            return
        self._kept = [_NOTHING] * len(self._sections)
        everything = range(len(self._sections))
        index = index_module(self.parsed.tree)
        knows_others = self._take(index, self.parsed.tree.body, everything)
        self._finish(index.imports, knows_others)

    def _read_again(self, change: Change, replaced: list[Section], move: Move) -> None:
        """Read the sections that changed and those that depend on them."""
        count = len(self._sections)
        if any(section.names.ends_module for section in (*self._sections[:-1], *replaced)):
            self._read_all()
            return
        imports = index_module(self._import_tree()).imports
        meanings = _changed(self._imports, imports)
        if meanings is None:
            self._read_all()
            return
        followed = _followed(self._kept)
        alone = not meanings and len(replaced) == 1 == change.new_end - change.start
        edited = [*range(change.start, change.new_end)]
        links = self._links
        if not alone or not links or not links.take(edited[0], self._sections[edited[0]].names, followed):
            names = [section.names for section in (*self._sections, *replaced)]
            edited += range(count, len(names))
            links = self._links = Dependencies(names, followed)
        if alone and self._read_inside(links, edited, replaced[0], imports):
            self._finish(imports)
            return
        before = self._kept
        self._kept = [
            *after(before[: change.start], move),
            *[_NOTHING] * (change.new_end - change.start),
            *after(before[change.old_end :], move),
        ]
        grown = followed
        while True:
            affected = links.dependent_on([*edited, *links.mentioning(meanings)])
            needed = {number for number in links.needed_for(affected) if number < count}
            walked = {number for number in needed if number in affected or links.acts(number)}
            self._take(*self._slice(needed, walked, imports), sorted(walked))
            grown |= _followed(self._kept[number] for number in walked)
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
        before = self._kept
        known = before[number].found({})
        self._kept = list(before)
        self._take(*self._slice(needed, {number}, imports), [number])
        read_now = self._kept[number]
        start = sum(len(section.source) for section in self._sections[:number])
        (edit,) = Shift.between(old.source, new.source).edits or (Edit(Span(0, 0), 0),)
        for extends in (False, True):
            move = Move(start + edit.replaced.end, edit.delta, extends)
            if Mover((move,)).all(known.classes) == read_now.anywhere.classes:
                self._kept = after(before, move)
                self._kept[number] = read_now
                return True
        self._kept = before
        return False

    def _slice(
        self, needed: set[int], walked: set[int], imports: Imports
    ) -> tuple[ModuleIndex, list[ast.stmt]]:
        """What the needed sections define and the whole module imports, and the statements to be walked."""
        tree = self._tree(needed)
        index = index_module(tree)
        index.imports = imports
        last_lines = list(accumulate(map(len, map(_LINE_ENDS, self._sections))))
        last_lines[-1] += 1  # where a text may go on without a line's end
        numbers = (bisect_left(last_lines, statement.lineno) for statement in tree.body)
        return index, [s for s, number in zip(tree.body, numbers, strict=True) if number in walked]

    def _tree(self, wanted: set[int]) -> ast.Module:
        """The tree of some sections alone, where they are in the text."""
        text = "".join(
            section.closed_text if number in wanted else section.line_ends
            for number, section in enumerate(self._sections)
        )
        tree = compile_tree(text)
        return tree if isinstance(tree, ast.Module) else self.parsed.tree

    def _import_tree(self) -> ast.Module:
        return ast.Module([s for section in self._sections for s in section.names.imports], [])

    def _take(self, index: ModuleIndex, statements: list[ast.stmt], numbers: Iterable[int]) -> bool:
        """Keep what the sections' statements say; whether classes of other modules had a part in it."""
        found, knows_others = read(ast.Module(statements, []), self.parsed.text, index, self._resolver)
        starts = self._starts()
        for number in numbers:
            part = found.between(starts[number], starts[number + 1])
            self._kept[number] = Kept(part, len(self.parsed.text)) if part else _NOTHING
        return knows_others

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
            tuple(self._kept), keras, self.parsed.problems, self._pragmas(), self._fingerprint()
        )

    def _pragmas(self) -> tuple[InputPragma, ...]:
        text = self.parsed.text
        return read_pragmas(text, self.parsed.tree) if "keras-lsp:" in text else ()

    def _fingerprint(self) -> str:
        return fingerprint_of(section.tokens for section in self._sections)


_NOTHING = Kept(NOTHING_FOUND, -1)


def _followed(kept: Iterable[Kept]) -> frozenset[str]:
    return frozenset().union(*(one.followed for one in kept if one.followed))


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
    }
