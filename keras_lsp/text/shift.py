"""Where a span of an older text is now, after the edits made since."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

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
    def by_lines(cls, old: str, new: str) -> Shift:
        """An edit for each run of lines that differ in code, and for each comment at the end of a line."""
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
        code, now = ([line.partition("#")[0].rstrip() for line in lines] for lines in (before, after))
        edits, place = list[Edit](), 0  # in the text as the edits so far leave it
        for kind, first, last, other, end in SequenceMatcher(None, code, now, autojunk=False).get_opcodes():
            removed, added = before[first:last], after[other:end]
            alike = kind == "equal"
            for one, two in (
                zip(removed, added, strict=True) if alike else [("".join(removed), "".join(added))]
            ):
                step = cls.between(one, two).edits
                edits += [Edit(edit.replaced.shifted(place), edit.length) for edit in step]
                place += len(two)
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
