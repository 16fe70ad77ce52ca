"""A module cut at its top-level statements: pieces of text that parse alone and can be read anew alone."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from keras_lsp.source.facts import Problem
from keras_lsp.source.fingerprint import tokens
from keras_lsp.source.logical_lines import logical_lines
from keras_lsp.source.parse import ParsedModule, parse
from keras_lsp.source.positions import Positions
from keras_lsp.source.section_names import SectionNames, first_line, names_of
from keras_lsp.text.shift import common_end, common_start

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Sequence

_CONFLICT = "<<<<<<< "
_LINE_ENDS = ("\n", "\r")
_FIRST_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)")
_CONTINUED = re.compile(r"\\\s*\Z")
_NEAR = 12  # sections that are looked at together before it is rather the whole text


@dataclass(eq=False)
class Section:
    """From the line of a top-level statement to the next that begins a line of its own."""

    source: str  # as the user wrote it
    text: str  # the same with what is broken blanked
    problems: tuple[Problem, ...]  # spans count from the section's start
    lines: int  # that it ends
    names: SectionNames
    statements: Sequence[ast.stmt] = ()  # as they were parsed; let go of as soon as they are read
    first_line: int = 1  # as these count

    @cached_property
    def begins_soundly(self) -> bool:
        """Whether its first line begins a statement at the margin: nothing before it can go on into it."""
        first = _FIRST_LINE.match(self.source)
        kept = first is not None and self.text.startswith(first.group())
        return kept and not self.source[:1].isspace() and not self.names.is_empty

    def mended(self) -> Section:
        """The same of a text that has always been as `text` is."""
        if self.source == self.text and not self.problems:
            return self
        return replace(self, source=self.text, problems=())

    def equals(self, other: Section) -> bool:
        return self is other or _alike(self, other)

    @property
    def closed_text(self) -> str:
        """`text`, whose end does not make one line end of two with what is put behind it."""
        return f"{self.text[:-1]}\n" if self.text.endswith("\r") else self.text

    @cached_property
    def tokens(self) -> str:
        """Its part of the module's fingerprint."""
        return tokens(self.text)


def cut(source: str, parsed: ParsedModule, known: Sequence[Section] = ()) -> list[Section]:
    """All sections of a text; the first may be without a statement.

    From both ends, those of `known` that are the same are taken instead of new ones.
    """
    pieces = list(_pieces(source, parsed))
    most = min(len(pieces), len(known))
    start = next((i for i in range(most) if not _alike(pieces[i], known[i])), most)
    rest = most - start
    last = next((i for i in range(rest) if not _alike(pieces[-1 - i], known[-1 - i])), rest)
    made = [piece.section() for piece in pieces[start : len(pieces) - last]]
    return [*known[:start], *made, *known[len(known) - last :]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a section is made from."""

    source: str
    text: str
    problems: tuple[Problem, ...]
    statements: list[ast.stmt]
    first_line: int

    def section(self) -> Section:
        names = names_of(self.statements, self.text, self.first_line)
        lines = _line_count(self.text)
        return Section(self.source, self.text, self.problems, lines, names, self.statements, self.first_line)


def _alike(one: _Piece | Section, other: Section) -> bool:
    return one.source == other.source and one.text == other.text and one.problems == other.problems


def _pieces(source: str, parsed: ParsedModule) -> Iterator[_Piece]:
    positions = Positions(parsed.text)
    groups = list(_groups(parsed.tree))
    starts = [positions.line_start(first) for first, _ in groups]
    if not starts or starts[0] > 0:
        starts.insert(0, 0)
        groups.insert(0, (1, []))
    ends = [*starts[1:], len(source)]
    for start, end, (first, statements) in zip(starts, ends, groups, strict=True):
        problems = tuple(
            Problem(p.span.shifted(-start), p.message)
            for p in parsed.problems
            if start <= p.span.start < end or p.span.start == end == len(source)
        )
        yield _Piece(source[start:end], parsed.text[start:end], problems, statements, first)


def _groups(tree: ast.Module) -> Iterator[tuple[int, list[ast.stmt]]]:
    """First line and statements of each section: statements that share a line stay together."""
    group: list[ast.stmt] = []
    begin = last = 0
    for statement in tree.body:
        first = first_line(statement)
        if group and first > last:
            yield begin, group
            group = []
        if not group:
            begin = first
        group.append(statement)
        last = statement.end_lineno or statement.lineno
    if group:
        yield begin, group


def _line_count(text: str) -> int:
    return text.count("\n") + (text.count("\r") - text.count("\r\n") if "\r" in text else 0)


@dataclass(frozen=True)
class Change:
    """What an edit did: the sections `old[start:end]` gave way to `new`, all else is the same."""

    start: int
    end: int
    new: list[Section]

    @property
    def new_end(self) -> int:
        return self.start + len(self.new)

    def of(self, old: list[Section]) -> list[Section]:
        """All sections after it."""
        return [*old[: self.start], *self.new, *old[self.end :]]

    def mended(self, old: list[Section]) -> Change:
        """The same of a text that has always been as what is broken in it was blanked."""
        return _reduced(old, self.start, self.end, [section.mended() for section in self.new])


def recut(old: list[Section], starts: list[int], source: str, new_source: str) -> Change:
    """What an edit did to the sections of a text; those that it cannot have touched are kept as they are.

    What they spell and their problems are always those of `parse(new_source)`. `source` is what `old` spells,
    each from its place in `starts`; it parses.
    """
    delta = len(new_source) - len(source)
    start, end = _touched(old, starts, source, new_source)
    while _CONFLICT not in new_source and end - start <= _NEAR and (start, end) != (0, len(old)):
        at_end = end == len(old)
        if (start == 0 or old[start].begins_soundly) and (at_end or old[end].begins_soundly):
            piece = new_source[starts[start] : starts[end] + delta]
            parsed = parse(piece)
            if parsed.problems and _may_run_away(piece):
                break
            if at_end or _is_closed(piece, parsed):
                return _reduced(old, start, end, cut(piece, parsed, old[start:end]))
        start, end = max(0, start - 1), min(len(old), end + 1)
    return _reduced(old, 0, len(old), cut(new_source, parse(new_source), old))


def _touched(old: list[Section], starts: list[int], source: str, new: str) -> tuple[int, int]:
    """The sections that an edit touches, with one before it where that may take in what follows."""
    start = bisect_right(starts, common_start(source, new)) - 1
    most = min(len(source), len(new)) - starts[start]
    end = max(start, bisect_left(starts, len(source) - common_end(source, new, most)))
    if start < end and old[start].begins_soundly:
        first = _FIRST_LINE.match(old[start].source)
        if first is not None and new.startswith(first.group(), starts[start]):
            return start, end
    return max(0, start - 1), end


def _is_closed(piece: str, parsed: ParsedModule) -> bool:
    """Whether a statement that follows cannot become part of what the piece ends with."""
    if not piece.endswith(_LINE_ENDS):
        return False
    if not parsed.problems:
        return True
    last = logical_lines(piece)[-1:]
    return not any(piece.startswith("@", line.start) for line in last) and not _CONTINUED.search(piece)


def _may_run_away(text: str) -> bool:
    """Whether a conflict or a long string that nobody closed is in it, which changes how all is read."""
    if _CONFLICT in text:
        return True
    for line in logical_lines(text):
        said = text[line.start : line.end]
        if line.broken and ('"""' in said or "'''" in said):
            return True
    return False


def _reduced(old: list[Section], start: int, end: int, new: list[Section]) -> Change:
    """`new` in the place of `old[start:end]`, without those at both ends that are as good as the old."""
    most = min(end - start, len(new))
    same = next((i for i in range(most) if not new[i].equals(old[start + i])), most)
    rest = most - same
    last = next((i for i in range(rest) if not new[-1 - i].equals(old[end - 1 - i])), rest)
    return Change(start + same, end - last, new[same : len(new) - last])
