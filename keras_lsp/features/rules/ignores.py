"""Comments that silence findings on their line: `# keras-lsp: ignore[weights-before-build]`.

Several names are parted by commas; `ignore` alone silences everything. A finding over several lines is
silenced on its first and on its last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rules.choice import speaks_of, unknown_names
from keras_lsp.features.rules.idle_ignore import RULE
from keras_lsp.source.fingerprint import comments
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.text.document import Document

_IGNORE = re.compile(r"#\s*keras-lsp:\s*ignore(?:\[([^\[\]\r\n]*)\])?(?=\s*(?:#|$))")
_NAME = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One such comment; `names` with their places, none of them for everything."""

    span: Span
    line: int
    names: tuple[tuple[str, Span], ...]

    def silences(self, finding: Finding) -> tuple[str, ...] | None:
        """The names that mean the finding's rule; None when the comment is not about it."""
        meant = tuple(name for name, _ in self.names if speaks_of(name, finding))
        return meant if meant or not self.names else None


def ignores(document: Document) -> tuple[Ignore, ...]:
    text = document.text
    if "keras-lsp:" not in text:
        return ()
    found = []
    for comment in comments(text):
        for match in _IGNORE.finditer(comment.of(text)):
            span = Span(comment.start + match.start(), comment.start + match.end())
            names: tuple[tuple[str, Span], ...] = ()
            if match[1] is not None:
                begin = comment.start + match.start(1)
                names = tuple(
                    (name.group(), Span(begin + name.start(), begin + name.end()))
                    for name in _NAME.finditer(match[1])
                )
                if not names:
                    continue  # `ignore[]`: half-typed, and nothing yet
            found.append(Ignore(span, document.lines.line_of(span.start), names))
    return tuple(found)


def heard(view: DocumentView, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that no comment silences, and one for each comment that silences nothing."""
    document = view.document
    comments_by_line: dict[int, list[Ignore]] = {}
    for ignore in ignores(document):
        comments_by_line.setdefault(ignore.line, []).append(ignore)
    if not comments_by_line:
        return tuple(findings)
    kept = []
    used: set[tuple[Span, str]] = set()
    for finding in findings:
        lines = {document.lines.line_of(place) for place in (finding.span.start, finding.span.end)}
        here = [ignore for line in lines for ignore in comments_by_line.get(line, ())]
        silent = [(ignore, names) for ignore in here if (names := ignore.silences(finding)) is not None]
        used.update((ignore.span, name) for ignore, names in silent for name in names or ("",))
        if not silent:
            kept.append(finding)
    every = [ignore for here in comments_by_line.values() for ignore in here]
    return (*kept, *_idle(view, every, used))


def _idle(view: DocumentView, every: list[Ignore], used: set[tuple[Span, str]]) -> Iterator[Finding]:
    """What is silenced in vain. Only a current replay knows that; an unknown name never silences anything."""
    knows = view.current is not None and not view.current.report.failures
    for ignore in every:
        if not ignore.names and knows and (ignore.span, "") not in used:
            yield RULE.finding(
                ignore.span,
                "This comment silences nothing: there is no finding here.",
                fixes=[_removed(view, ignore)],
            )
        for name, span in ignore.names:
            unknown = any(unknown_names((name,)))
            if unknown:
                yield RULE.finding(span, f"There is no rule `{name}`.", fixes=[_removed(view, ignore, name)])
            elif knows and (ignore.span, name) not in used:
                yield RULE.finding(
                    span,
                    f"`{name}` is not found here, so nothing is silenced.",
                    fixes=[_removed(view, ignore, name)],
                )


def _removed(view: DocumentView, ignore: Ignore, name: str | None = None) -> Fix:
    """Without one name, or without the whole comment and the blanks before it."""
    rest = [other for other, _ in ignore.names if other != name]
    if rest:
        return Fix(f"Remove `{name}`", (TextEdit(ignore.span, _comment(rest)),), preferred=True)
    text, start = view.document.text, ignore.span.start
    line = view.document.lines.line_span(ignore.line)
    start = line.start + len(text[line.start : start].rstrip())
    if start == line.start:  # the comment is all there is on the line
        whole = view.document.lines.line_span(ignore.line, with_ending=True)
        return Fix("Remove the comment", (TextEdit(whole, ""),), preferred=True)
    return Fix("Remove the comment", (TextEdit(Span(start, ignore.span.end), ""),), preferred=True)


def ignoring(document: Document, finding: Finding) -> Fix | None:
    """A comment that silences the finding, where there is room for one; else None."""
    title = f"Ignore {finding.code} ({finding.slug}) here"
    lines = [document.lines.line_of(place) for place in (finding.span.end, finding.span.start)]
    known = {ignore.line: ignore for ignore in ignores(document)}
    for line in lines:
        ignore = known.get(line)
        if ignore is not None and ignore.names:
            names = [*(name for name, _ in ignore.names), finding.slug]
            return Fix(title, (TextEdit(ignore.span, _comment(names)),))
    for line in lines:
        end = document.lines.line_span(line).end
        if _takes_comment(document.text, end):
            return Fix(title, (TextEdit(Span(end, end), f"  {_comment([finding.slug])}"),))
    return None


def _takes_comment(text: str, end: int) -> bool:
    """Whether what is put behind a line is read as a comment: not in a string, nor behind a backslash."""
    if text[:end].endswith("\\"):
        return False
    tried = f"{text[:end]}  # keras-lsp: ignore{text[end:]}"
    return any(comment.start <= end + 2 < comment.end for comment in comments(tried))


def _comment(names: Iterable[str]) -> str:
    return f"# keras-lsp: ignore[{', '.join(names)}]"
