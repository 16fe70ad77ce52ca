"""The mistakes of `tests/cases/mistakes.md`, read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).parents[2] / "cases" / "mistakes.md"
_HEADING = re.compile(r"(KL\d+): (\w+)(?:, (\w+))?; (\w+)(?:, (\w+))?")
_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Mistake:
    code: str
    ends: dict[int, str]  # Keras line -> exception of a real run, "" for none
    found: dict[int, str]  # Keras line -> code of the finding, "" for none
    is_one: dict[int, bool]  # whether it is a mistake under that line at all
    bad: str
    good: str
    says_why_missed: bool

    @property
    def name(self) -> str:
        return f"{self.code} {self.bad.splitlines()[-1]}"


def read() -> tuple[Mistake, ...]:
    head, *sections = re.split(r"^## ", _FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    start = _CODE.findall(head)[0]
    return tuple(_mistake(start, section) for section in sections)


def _mistake(start: str, section: str) -> Mistake:
    heading = _HEADING.match(section)
    assert heading is not None, section
    code, end3, found3, end2, found2 = heading.groups()
    ends = {3: end3, 2: end2}
    found = {3: found3 or "none", 2: found2 or "none"}
    bad, good = _CODE.findall(section)
    return Mistake(
        code=code,
        ends={line: "" if end in ("silent", "fine") else end for line, end in ends.items()},
        found={line: "" if one == "none" else one for line, one in found.items()},
        is_one={line: end != "fine" for line, end in ends.items()},
        bad=f"{start}\n{bad}",
        good=f"{start}\n{good}",
        says_why_missed="Not found: " in section,
    )
