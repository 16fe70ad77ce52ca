"""Where lines begin, and offsets as (line, column) in the units a client counts in."""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum

from keras_lsp.text.span import Span

_ENDING = re.compile(r"\r\n|\n|\r")


class Encoding(str, Enum):
    """The unit of a column: a byte of UTF-8, a 16-bit unit of UTF-16, or a code point."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


class LineIndex:
    """Lines of one text. They end at LF, CR LF and CR only, unlike those of `str.splitlines`.

    Offsets are in code points. Whatever is out of range is clamped, as LSP asks for.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        self._ends: list[int] = []  # of the content, before the line ending
        for ending in _ENDING.finditer(text):
            self._ends.append(ending.start())
            self._starts.append(ending.end())
        self._ends.append(len(text))

    @property
    def line_count(self) -> int:
        """At least one; a text that ends in a line ending has an empty last line."""
        return len(self._starts)

    @property
    def ending(self) -> str:
        """How lines end here, going by the first: CR LF or LF."""
        return "\r\n" if self.line_span(0, with_ending=True).of(self._text).endswith("\r\n") else "\n"

    def line_of(self, offset: int) -> int:
        return bisect_right(self._starts, max(0, offset)) - 1

    def line_span(self, line: int, with_ending: bool = False) -> Span:
        line = min(max(line, 0), self.line_count - 1)
        if not with_ending:
            return Span(self._starts[line], self._ends[line])
        last = line == self.line_count - 1
        return Span(self._starts[line], self._ends[line] if last else self._starts[line + 1])

    def before(self, offset: int) -> str:
        """What stands before a place in its line: the indentation, where the place begins a statement."""
        return self._text[self._starts[self.line_of(offset)] : max(0, offset)]

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """(line, column) of an offset; inside a line ending it is the end of the line's content."""
        line = self.line_of(offset)
        content = self.line_span(line)
        before = self._text[content.start : min(max(0, offset), content.end)]
        return line, units(before, encoding)

    def offset(self, line: int, column: int, encoding: Encoding) -> int:
        """Offset of a position. A column inside a character means the place before that character."""
        if line < 0:
            return 0
        if line >= self.line_count:
            return len(self._text)
        content = self.line_span(line)
        return content.start + _characters(content.of(self._text), max(0, column), encoding)


def units(text: str, encoding: Encoding) -> int:
    """How long a text is in the units a client counts in."""
    if encoding is Encoding.UTF32 or text.isascii():
        return len(text)
    return sum(_width(character, encoding) for character in text)


def _characters(text: str, units: int, encoding: Encoding) -> int:
    """How many whole characters of `text` fit into `units`."""
    if encoding is Encoding.UTF32 or text.isascii():
        return min(units, len(text))
    used = 0
    for count, character in enumerate(text):
        used += _width(character, encoding)
        if used > units:
            return count
    return len(text)


def _width(character: str, encoding: Encoding) -> int:
    code = ord(character)
    if encoding is Encoding.UTF16:
        return 2 if code > 0xFFFF else 1
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
