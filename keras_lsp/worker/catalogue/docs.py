"""Reading Keras's documentation: the first paragraph, and what it says of each argument."""

from __future__ import annotations

import inspect
import re
from typing import Any, Dict, Iterator, List, Tuple

LONGEST = 700  # characters kept of one text

_ARGUMENTS = re.compile(r"(?:Args|Arguments|Call arguments)\s*:\s*\Z")
_ARGUMENT = re.compile(r"(?P<names>\*{0,2}`?\w+`?(?:\s*,\s*\*{0,2}`?\w+`?)*)\s*(?:\([^)]*\))?\s*:(?:\s+|\Z)")
_ITEM = re.compile(r"(?:[-*]|\d+[.)])\s")
_DEPRECATED = re.compile(
    r"^(?:Warning: )?(?:THIS FUNCTION IS )?DEPRECATED\b|\A.*\bdeprecated\b", re.IGNORECASE | re.MULTILINE
)
_GENERATED = "DO NOT EDIT"  # what files of names alone begin with


def documentation(thing: Any) -> str:
    """Of the thing itself; "" where that only comes from `object` or from a generator."""
    text = inspect.getdoc(thing) or ""
    return "" if text == inspect.getdoc(object) or text.startswith(_GENERATED) else text


def is_deprecated(text: str) -> bool:
    """Whether the first line or the beginning of a paragraph says so."""
    return _DEPRECATED.search(text) is not None


def first_paragraph(text: str) -> str:
    return shortened(" ".join(text.strip().split("\n\n", 1)[0].split()))


def arguments(text: str) -> Dict[str, str]:
    """Argument -> its documentation, as far as the sections on arguments give it."""
    found: Dict[str, str] = {}
    for lines in _sections(text.splitlines()):
        for names, body in _arguments_in(lines):
            for name in re.findall(r"\w+", names):
                found.setdefault(name, shortened(_joined(body)))
    return {name: body for name, body in found.items() if body}


def shortened(text: str) -> str:
    """At most LONGEST characters, ended at a sentence where there is one."""
    if len(text) <= LONGEST:
        return text
    end = text.rfind(". ", LONGEST // 2, LONGEST)
    return text[: end + 1] if end > 0 else text[:LONGEST].rsplit(None, 1)[0] + " …"


def _sections(lines: List[str]) -> Iterator[List[str]]:
    """The indented lines below each heading that announces arguments."""
    for number, line in enumerate(lines):
        if _ARGUMENTS.match(line):
            body = []
            for below in lines[number + 1 :]:
                if below.strip() and not below.startswith(" "):
                    break
                body.append(below)
            yield body


def _arguments_in(lines: List[str]) -> Iterator[Tuple[str, List[str]]]:
    margin = min((_indent(line) for line in lines if line.strip()), default=0)
    names = ""
    body: List[str] = []
    for line in lines:
        start = _ARGUMENT.match(line[margin:]) if _indent(line) == margin else None
        if start is not None:
            if names:
                yield names, body
            names, body = start["names"], [line[margin:][start.end() :]]
        else:
            body.append(line)
    if names:
        yield names, body


def _joined(lines: List[str]) -> str:
    """Running text on one line; items of a list on lines of their own; no code blocks."""
    parts: List[str] = []
    for line in lines:
        text = line.strip()
        if text.startswith("```"):
            break
        if not parts or _ITEM.match(text):
            parts.append(text)
        elif text:
            parts[-1] = f"{parts[-1]} {text}".strip()
    return "\n".join(part for part in parts if part)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
