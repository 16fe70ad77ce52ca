"""Where a span of an older text is now, after the edits made since."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from keras_lsp.text.span import Span


@dataclass(frozen=True, slots=True)
class Edit:
    """`replaced`, in the text before the edit, gives way to `length` code points."""

    replaced: Span
    length: int

    @property
    def delta(self) -> int:
        return self.length - self.replaced.length

    def apply(self, span: Span) -> Span | None:
        """An edit that shares a boundary with the span from within counts as cutting it."""
        start, end = self.replaced.start, self.replaced.end
        if end <= span.start:
            return span.shifted(self.delta)
        if span.end <= start:
            return span
        if span.start < start and end < span.end:
            return Span(span.start, span.end + self.delta)
        return None

    def merged(self, later: Edit) -> Edit | None:
        """Both as one, when `later` only touches what this one wrote; no span with text in it notices."""
        start = self.replaced.start
        if not Span(start, start + self.length).covers(later.replaced):
            return None
        return Edit(self.replaced, self.length + later.delta)


class _Line(NamedTuple):
    start: int
    text: str
    code: str  # without blanks behind it, and without a comment


@dataclass(frozen=True, slots=True)
class Shift:
    """Edits in the order they were made; those typed in one go are kept as one."""

    edits: tuple[Edit, ...] = ()

    @classmethod
    def identity(cls) -> Shift:
        return cls()

    @classmethod
    def between(cls, old: str, new: str) -> Shift:
        """One edit that turns `old` into `new`, without the start and end they share."""
        if old == new:
            return cls()
        prefix = common_start(old, new)
        suffix = common_end(old, new, min(len(old), len(new)) - prefix)
        return cls((Edit(Span(prefix, len(old) - suffix), len(new) - suffix - prefix),))

    @classmethod
    def by_lines(cls, old: str, new: str) -> Shift | None:
        """An edit for each comment, and for what stands between the lines of code, which have to be the same.

        None where they are not.
        """
        prefix = common_start(old, new)
        suffix = common_end(old, new, min(len(old), len(new)) - prefix)
        start = old.rfind("\n", 0, prefix) + 1
        behind = old.find("\n", len(old) - suffix)
        rest = len(old) - behind if behind >= 0 else 0  # of whole lines that both end with
        before, after = _code_lines(old[start : len(old) - rest]), _code_lines(new[start : len(new) - rest])
        if [line.code for line in before] != [line.code for line in after]:
            return None
        edits, place, was = list[Edit](), start, start  # `place` in the text as the edits so far leave it
        for one, two in zip(
            (*before, _Line(len(old) - start, "", "")), (*after, _Line(len(new) - start, "", "")), strict=True
        ):
            at, now = start + one.start, start + two.start
            for gone, come in ((old[was:at], new[place:now]), (one.text, two.text)):
                edits += [Edit(e.replaced.shifted(place), e.length) for e in cls.between(gone, come).edits]
                place, was = place + len(come), was + len(gone)
        return cls(tuple(edits))

    def then(self, other: Shift) -> Shift:
        edits = list(self.edits)
        for edit in other.edits:
            merged = edits[-1].merged(edit) if edits else None
            if merged is None:
                edits.append(edit)
            else:
                edits[-1] = merged
        return Shift(tuple(edit for edit in edits if edit.replaced.length or edit.length))

    def apply(self, span: Span) -> Span | None:
        """The span in the new text; None when an edit cut it or took its place."""
        moved: Span | None = span
        for edit in self.edits:
            if moved is None:
                return None
            moved = edit.apply(moved)
        return moved


def common_start(one: str, other: str) -> int:
    """Length of the longest common prefix, by bisection: slices compare much faster than a loop."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_end(one: str, other: str, most: int) -> int:
    """Length of the longest common suffix that is no longer than `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _code_lines(text: str) -> list[_Line]:
    """The lines that are more than blanks and a comment."""
    lines = text.splitlines(keepends=True)
    places = accumulate(map(len, lines), initial=0)
    found = [
        _Line(at, line, line.partition("#")[0].rstrip()) for at, line in zip(places, lines, strict=False)
    ]
    return [line for line in found if line.code]
