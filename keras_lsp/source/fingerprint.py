"""A hash of what a text says, without comments, blank lines and blanks between tokens."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_IN_BRACES = r"\{\{|\{(?!\{)(?:[^{}]|\{[^{}]*\})*\}"  # of an f-string; may hold quotes


def _short_string(quote: str) -> str:
    formatted = "|".join(rf"(?<=\b{prefix}{quote})" for prefix in ("[fFtT]", "[fFtT][rR]", "[rR][fFtT]"))
    plain = rf"[^\\\r\n{quote}]*(?:\\.[^\\\r\n{quote}]*)*"
    with_braces = rf"(?:{formatted})(?:[^\\\r\n{quote}{{]|\\.|{_IN_BRACES})*"
    return rf"{quote}(?:{with_braces}|{plain}){quote}"


def _long_string(quote: str) -> str:
    return rf"{quote * 3}[^\\{quote}]*(?:(?:\\.|{quote}(?!{quote * 2}))[^\\{quote}]*)*{quote * 3}"


# Flat, and each alternative begins with the character itself: so text without these is skipped quickly.
_STRING_OR_COMMENT = re.compile(
    f"{_long_string(chr(34))}|{_long_string(chr(39))}|{_short_string(chr(34))}|{_short_string(chr(39))}"
    r"|#[^\r\n]*",
    re.DOTALL,
)
_STRING = "\x00"  # stands for a string in the code around it; the null byte is in no source
# A blank that parts nothing: not between two words. `1 .real` and `1.real` are not both Python, and so on.
_IDLE_BLANK = re.compile(r" (?:(?<!\w )|(?!\w))")


def tokens(text: str) -> str:
    """What a text of whole statements on lines of their own says; pieces of a text add up to the whole.

    Each line with its indentation, strings replaced by marks, without idle blanks; then these strings.
    """
    code, strings = _parted(text)
    lines = code.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [line for line in lines if line.strip()]
    indents = [line[: len(line) - len(line.lstrip())] for line in lines]
    said = _IDLE_BLANK.sub("", "\n".join(" ".join(line.split()) for line in lines)).split("\n")
    waiting = iter(strings)
    return "".join(
        f"{indent}:{line}\n" + "".join(f"{next(waiting)}{_STRING}" for _ in range(line.count(_STRING)))
        for indent, line in zip(indents, said, strict=bool(lines))
    )


def fingerprint(text: str) -> str:
    """Equal for texts that differ only in comments, blank lines, line ends and blanks between tokens.

    For a text that parses, different programs have different fingerprints. Indentation counts.
    """
    return fingerprint_of([tokens(text)])


def fingerprint_of(pieces: Iterable[str]) -> str:
    """The fingerprint of the text whose tokens the pieces add up to."""
    said = "".join(pieces).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def comments(text: str) -> Iterator[Span]:
    """Where the comments are, each from its `#` to the end of its line."""
    for match in _STRING_OR_COMMENT.finditer(text):
        if text[match.start()] == "#":
            yield Span(*match.span())


def _parted(text: str) -> tuple[str, list[str]]:
    """The code alone, with a mark for each string, and the strings."""
    code: list[str] = []
    strings: list[str] = []
    position = 0
    for match in _STRING_OR_COMMENT.finditer(text):
        code.append(text[position : match.start()])
        position = match.end()
        if text[match.start()] != "#":
            code.append(_STRING)
            strings.append(match.group().replace("\r\n", "\n"))
    code.append(text[position:])
    return "".join(code), strings
