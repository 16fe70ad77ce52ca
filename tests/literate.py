"""Tests written as Markdown: a heading, a Python block, and blocks that say what is expected of it.

    ### a layer in an attribute
    ```python
    self.dense<CURSOR> = Dense(3)
    ```
    ```facts
    slot Net.dense: Dense(units=3)
    no slot Net.units
    ```

`<CURSOR>` may stand once in the Python block; it is taken out. Each line of an expectation block is a fact
that must be there, or, behind `no `, the beginning of facts that must not be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).parent / "cases"
_HEADING = re.compile(r"^#{2,3} +(.+?)\s*$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_CURSOR = "<CURSOR>"


@dataclass(frozen=True)
class Case:
    """One heading of a Markdown file. `expected` maps a block's name to its lines."""

    name: str  # "slots: a layer in an attribute"
    text: str
    cursor: int | None
    expected: dict[str, tuple[str, ...]]


def cases(block: str) -> list[Case]:
    """Every case, in all files, that has an expectation block called `block`."""
    return [case for path in sorted(CASES.glob("*.md")) for case in read(path) if block in case.expected]


def read(path: Path) -> list[Case]:
    parts = _HEADING.split(path.read_text(encoding="utf-8"))[1:]
    found = []
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        blocks = _BLOCK.findall(body)
        code = "".join(content for name, content in blocks if name == "python")
        cursor = code.index(_CURSOR) if _CURSOR in code else None
        expected = {name: tuple(content.splitlines()) for name, content in blocks if name != "python"}
        found.append(Case(f"{path.stem}: {title}", code.replace(_CURSOR, ""), cursor, expected))
    return found


def mismatches(expected: tuple[str, ...], facts: list[str]) -> list[str]:
    """What is missing from `facts`, and what should not be in them."""
    wrong = []
    for line in expected:
        if line.startswith("no "):
            wrong += [f"unwanted: {fact}" for fact in facts if fact.startswith(line[3:])]
        elif line and line not in facts:
            wrong.append(f"missing: {line}")
    return wrong
