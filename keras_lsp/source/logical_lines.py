"""The logical lines of a text that need not be Python: where statements begin and end.

Made for text with mistakes in it: an unclosed bracket or string ends with its own statement, so that one
mistake does not swallow the lines below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"""(?P<string>\"{3}|'{3}|["'])|(?P<comment>\#[^\r\n]*)|(?P<open>[(\[{])|(?P<close>[)\]}])"""
    r"""|(?P<joined>\\(?:\r\n|\r|\n))|(?P<newline>\r\n|\r|\n)"""
)
_STRING_REST = {
    '"': re.compile(r'[^"\\\r\n]*(?:\\(?:\r\n|[\s\S])[^"\\\r\n]*)*"'),
    "'": re.compile(r"[^'\\\r\n]*(?:\\(?:\r\n|[\s\S])[^'\\\r\n]*)*'"),
    '"""': re.compile(r'[^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*"""'),
    "'''": re.compile(r"[^'\\]*(?:(?:\\[\s\S]|'(?!''))[^'\\]*)*'''"),
}
_BLANK = re.compile(r"[ \t\f]*")
_TO_LINE_END = re.compile(r"[^\r\n]*")
_CODE_LINE = re.compile(r"^[ \t]*(?:def|class|import|from|return|@\w)", re.MULTILINE)
_STATEMENT_LIKE = re.compile(
    r"(?:return|pass|raise|def|class|with|for|if|while|try|import|from|assert|del|global)\b"
    r"|[A-Za-z_][\w.]*(?:\[[^\]\r\n]*\])?[ ][-+*/|&]?=[ ]"
)
BLOCK_WORDS = re.compile(
    r"(?:async[ \t]+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b"
)
_BELOW_HEADER = re.compile(r":[ \t]*(?:#[^\r\n]*)?[\r\n]\s*[a-zA-Z]{0,2}(?:\"{3}|'{3})\Z")
_NEAR = 200  # characters before quotes in which a header is looked for
_ROUNDS = 8  # long strings without an end that are looked for one by one
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(slots=True)
class LogicalLine:
    """`text[start:end]`, without indentation and line ending. `broken`: unclosed brackets or strings."""

    start: int
    end: int
    indent: int
    broken: bool = False


@lru_cache(maxsize=4)  # one edit asks several times
def logical_lines(text: str) -> tuple[LogicalLine, ...]:
    """Every logical line that is not only a comment, in order."""
    unclosed: set[int] = set()
    for _ in range(_ROUNDS):
        scanner = _Scanner(text, frozenset(unclosed))
        lines = scanner.scan()
        suspect = scanner.suspect()
        if suspect is None:
            return tuple(lines)
        unclosed.add(suspect)
    return tuple(_Scanner(text, distrust=True).scan())


class _Scanner:
    """One pass over a text. Long strings that begin at one of `unclosed` end with their line.

    With `distrust`, so does every one that holds code.
    """

    def __init__(self, text: str, unclosed: frozenset[int] = frozenset(), distrust: bool = False) -> None:
        self._text = text
        self._unclosed = unclosed
        self._distrust = distrust
        self._lines: list[LogicalLine] = []
        self._line: LogicalLine | None = None
        self._open: list[str] = []
        self._long: list[tuple[int, int]] = []  # where the inside of each long string begins and ends
        self._runaway = False

    def scan(self) -> list[LogicalLine]:
        position = self._begin(0)
        while match := _TOKEN.search(self._text, position):
            kind, position = match.lastgroup, match.end()
            if kind == "string":
                position = self._string(match.group(), position)
            elif kind == "open":
                self._open.append(match.group())
            elif kind == "close":
                self._close(match.group())
            elif kind == "newline":
                position = self._newline(match.start(), position)
        self._finish(len(self._text))
        return self._lines

    def suspect(self) -> int | None:
        """Where the quotes stand that nobody closed, when a long string runs to the end of the text.

        From there on strings and code have changed places: each "string" holds code, and none is below a
        header, where documentation begins.
        """
        if not self._runaway:
            return None
        strings = iter(reversed(self._long))
        found, _ = next(strings)
        for start, end in strings:
            if _BELOW_HEADER.search(self._text, max(0, found - _NEAR), found):
                break
            if not _CODE_LINE.search(self._text, start, end):
                break
            found = start
        return found

    def _begin(self, position: int) -> int:
        """Start a logical line at the physical line that begins at `position`, if it holds one."""
        first = _BLANK.match(self._text, position).end()  # type: ignore[union-attr]  # matches everywhere
        if first < len(self._text) and self._text[first] not in "#\r\n":
            self._line = LogicalLine(first, first, _column(self._text[position:first]))
        return first

    def _newline(self, at: int, following: int) -> int:
        if self._open and not self._starts_statement(following):
            return following
        self._finish(at)
        return self._begin(following)

    def _starts_statement(self, position: int) -> bool:
        """Whether, inside open brackets, the line at `position` is rather a statement of its own."""
        line = self._line
        first = _BLANK.match(self._text, position).end()  # type: ignore[union-attr]  # matches everywhere
        if line is None or first >= len(self._text) or self._text[first] in "#\r\n)]}":
            return False
        if _column(self._text[position:first]) <= line.indent:
            return True
        return bool(BLOCK_WORDS.match(self._text, line.start) and _STATEMENT_LIKE.match(self._text, first))

    def _string(self, quote: str, position: int) -> int:
        end = _STRING_REST[quote].match(self._text, position)
        closed = end is not None
        if len(quote) == 3:
            at = end.end() if end is not None else len(self._text)
            trusted = position not in self._unclosed
            if self._distrust:
                trusted = closed and _CODE_LINE.search(self._text, position, at) is None
            if trusted:
                self._long.append((position, at))
                self._runaway = not closed
                return at
        elif end is not None:
            return end.end()
        if self._line is not None:
            self._line.broken = True
        return _TO_LINE_END.match(self._text, position).end()  # type: ignore[union-attr]  # matches everywhere

    def _close(self, bracket: str) -> None:
        if self._open and self._open[-1] == _PAIRS[bracket]:
            self._open.pop()
        elif self._line is not None:
            self._line.broken = True

    def _finish(self, end: int) -> None:
        if self._line is not None:
            self._line.broken = self._line.broken or bool(self._open)
            self._line.end = self._line.start + len(self._text[self._line.start : end].rstrip(" \t\f\r\n"))
            self._lines.append(self._line)
        self._line = None
        self._open.clear()


def _column(blank: str) -> int:
    """The tokenizer's column after a line's leading blanks: tabs to 8, a form feed starts over."""
    return len(blank[blank.rfind("\f") + 1 :].expandtabs(8))
