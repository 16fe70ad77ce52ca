"""Strategies for what was right once: bytes, JSON values and texts with something done to them."""

from __future__ import annotations

import copy
import re
from typing import Any

from hypothesis import strategies as st

BYTES = st.sampled_from(
    [b"", b"\0", b"\xff" * 4, b"{", b"}", b'"', b"\\u0000", b"[" * 3000, b"NaN", b"1e999", b"-"]
)
VALUES: list[Any] = [None, True, -1, 0, 1, 2**31, 2**70, -(2**70), 0.5, 1e308, "", "\0", "x" * 3000, "\ud800"]
VALUES += [
    [],
    {},
    [[]],
    [0, -1],
    [5, 2],
    [0, 10**9],
    {"": None},
    "*[a](command:x)`<img>",
    "\x1b]0;t\x07\u202e",
    [1] * 999,
]
PLACES = st.integers(0, 2**16)


@st.composite
def damaged_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """Cut, doubled, moved or overwritten somewhere."""
    for _ in range(draw(st.integers(1, 3))):
        start, end = sorted(draw(PLACES) % (len(data) + 1) for _ in range(2))
        how = draw(st.sampled_from(["cut", "drop", "double", "write"]))
        new = {"cut": b"", "drop": b"", "double": data[start:end] * 2, "write": draw(BYTES)}[how]
        data = data[:start] if how == "cut" else data[:start] + new + data[end if how != "write" else start :]
    return data


@st.composite
def damaged_json(draw: st.DrawFn, data: Any) -> Any:
    """Some values are others, are gone, or stand twice, wherever in the structure."""
    data = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(data))
        if not places:
            return data
        holder, key = draw(st.sampled_from(places))
        how = draw(st.sampled_from(["other", "other", "number", "gone", "twice", "swap"]))
        if how == "other":
            holder[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        elif how == "number":
            holder[key] = draw(st.integers(-3, 40) | st.integers())
        elif how == "gone":
            del holder[key]
        elif how == "twice" and isinstance(holder, list):
            holder.insert(key, holder[key])
        else:
            other, there = draw(st.sampled_from(places))
            holder[key] = copy.deepcopy(other[there])
    return data


def _places(data: Any) -> list[tuple[Any, Any]]:
    """Everything in a structure, as what holds it and where."""
    found: list[tuple[Any, Any]] = []
    waiting = [data]
    while waiting:
        holder = waiting.pop()
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            found.append((holder, key))
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])
    return found


ODD = [
    "\0",
    "\ufeff",
    "\u2028",
    "\x1a",
    "\f",
    "\r",
    "\r\n",
    "\t",
    "é",
    "e\u0301",
    "\udc80",
    "😀",
    "ﬁ",
    "\u202e",
    "٣",
    "²",
    "ª",
]
ODD += [
    "\\",
    "\\\n",
    '"""',
    "'''",
    "f'{",
    "f'{x!r:{y}}'",
    "rb'",
    "0x",
    "1_",
    "1e999",
    "9" * 5000,
    "`",
    "$",
    "<>",
    "!=",
]
NESTED = [
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("-", ""),
    ("lambda: ", ""),
    ("not ", ""),
    ("f(", ")"),
    ("x.", ""),
    ("(", ""),
]
TOKENS = re.compile(r"\w+|[^\w\s]|\s+")


@st.composite
def damaged_text(draw: st.DrawFn, text: str) -> tuple[str, int]:
    """A file cut, spliced, with tokens swapped, with odd characters, deep or long somewhere; and where."""
    at = 0
    for _ in range(draw(st.integers(1, 4))):
        at, end = sorted(draw(PLACES) % (len(text) + 1) for _ in range(2))
        near = min(end, at + draw(st.integers(0, 80)))
        how = draw(
            st.sampled_from(
                ["cut", "drop", "double", "splice", "swap", "odd", "odd", "deep", "long", "indent"]
            )
        )
        if how == "cut":
            text = text[:at]
        elif how == "swap":
            text = _swapped(text, draw(PLACES), draw(PLACES))
        elif how == "deep":
            opening, closing = draw(st.sampled_from(NESTED))
            times = draw(st.sampled_from([3, 40, 120, 1500]))
            text = text[:at] + opening * times + text[at:near] + closing * times + text[near:]
        else:
            text = (
                text[:at]
                + {
                    "drop": "",
                    "double": text[at:near] * 2,
                    "splice": text[end : end + 200],
                    "odd": draw(st.sampled_from(ODD)),
                    "long": (draw(st.sampled_from(["x = ", "# ", "a.b", "[0], "])) * 4000),
                    "indent": draw(st.sampled_from([" ", "\n        ", "\n\t", "\n    \\\n"])),
                }[how]
                + text[near:]
            )
    return text, min(at, len(text))


def _swapped(text: str, one: int, other: int) -> str:
    tokens = TOKENS.findall(text)
    if tokens:
        one, other = one % len(tokens), other % len(tokens)
        tokens[one], tokens[other] = tokens[other], tokens[one]
    return "".join(tokens)
