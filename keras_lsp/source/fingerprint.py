"""A hash of what a text says, without comments, blank lines and trailing blanks."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIPLE = re.compile(r"\"{3}|'{3}")
# A string, an f-string with what is in its braces, or a comment.
_IN_BRACES = r"\{\{|\{(?:[^{}]|\{[^{}]*\})*\}"
_STRING_OR_COMMENT = re.compile(
    rf"""((?<=[fF])"(?:[^"\\{{]|\\.|{_IN_BRACES})*"|(?<=[fF])'(?:[^'\\{{]|\\.|{_IN_BRACES})*'"""
    r"""|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\#.*"""
)


def fingerprint(text: str) -> str:
    """Equal for texts that differ only in comments, blank lines, line ends and trailing blanks."""
    kept = "\n".join(_telling_lines(text))
    return hashlib.blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _telling_lines(text: str) -> Iterator[str]:
    in_string = False
    for line in text.split("\n"):
        quotes = len(_TRIPLE.findall(line)) if '"""' in line or "'''" in line else 0
        if in_string or quotes:
            yield line
            in_string ^= quotes % 2 == 1
            continue
        code = _STRING_OR_COMMENT.sub(r"\1", line) if "#" in line else line
        code = code.rstrip()
        if code:
            yield code
