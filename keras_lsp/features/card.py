"""One visual language for everything a hover shows, rendered to Markdown and to plain text.

Tables are aligned text in a fenced block, never Markdown tables: terminal clients do not render those,
and hide the characters of inline code, which shifts columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LINE_BREAK = "  \n"
FOLD = 12  # rows of a table before the rest is only counted


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = ()
    numbers: frozenset[int] = frozenset()  # columns that are aligned on the right
    left_out: int = 0

    def lines(self) -> list[str]:
        rows = [*([self.header] if self.header else []), *self.rows]
        if not rows:
            return []
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        used = [i for i, width in enumerate(widths) if width and any(row[i] for row in self.rows)]
        lines = ["  ".join(self._cell(row[i], i, widths[i]) for i in used).rstrip() for row in rows]
        if self.left_out:
            lines.append(f"… and {self.left_out:,} more")
        return lines

    def _cell(self, text: str, column: int, width: int) -> str:
        return text.rjust(width) if column in self.numbers else text.ljust(width)


def folded(
    rows: Sequence[tuple[str, ...]], header: tuple[str, ...] = (), numbers: frozenset[int] = frozenset()
) -> Table | None:
    """A table of at most FOLD rows; None when there is nothing to show."""
    if not rows:
        return None
    shown = rows if len(rows) <= FOLD else rows[: FOLD - 1]
    return Table(tuple(shown), header, numbers, len(rows) - len(shown))


@dataclass(frozen=True, slots=True)
class Quote:
    """A line of the user's own text, with its number as editors count (from 1)."""

    place: str  # "line 12"
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """Top to bottom as it is read. Backticks in a sentence mark code, in both renderings."""

    title: str  # "Dense"
    name: str = ""  # "dense1"
    about: str = ""  # "2 layers", "subclassed model"
    notes: tuple[str, ...] = ()  # what must be read before the rest is believed
    summary: str = ""  # "(None, 32) → (None, 64) · 2,112 parameters · 8.25 KiB"
    cost: str = ""  # "4,224 FLOPs · activations 256 B per sample"
    configuration: str = ""  # "units=64, activation='relu'"
    table: Table | None = None
    quote: Quote | None = None
    origin: tuple[str, ...] = ()  # Keras version, where the input shape came from, why there is no more


def markdown(card: Card) -> str:
    parts = [_title(card)]
    if card.notes:
        parts.append("\n>\n".join(f"> {escaped(note)}" for note in card.notes))
    facts = (
        escaped(card.summary),
        card.cost,
        _code(card.configuration) if card.configuration else "",
    )
    if any(facts):
        parts.append(_LINE_BREAK.join(filter(None, facts)))  # editors cut what is too high: no gaps between
    if card.table:
        parts.append(fence("text", card.table.lines()))
    if card.quote:
        parts.append(f"{card.quote.place.capitalize()}\n{fence('python', card.quote.text.split(chr(10)))}")
    if card.origin:
        parts.append(escaped(" · ".join(card.origin)))
    return "\n\n".join(parts)


def plain(card: Card) -> str:
    """The same card for clients without Markdown, and for terminals."""
    heading = " ".join(part for part in (card.title, card.name) if part)
    blocks = [" · ".join(part for part in (heading, card.about) if part)]
    blocks += [f"! {note}" for note in card.notes]
    blocks += [text for text in (card.summary, card.cost, card.configuration) if text]
    if card.table:
        blocks.append("\n".join(f"  {line}" for line in card.table.lines()))
    if card.quote:
        first, *rest = card.quote.text.split("\n")
        margin = f"{card.quote.place}: "
        blocks.append("\n".join([margin + first, *(" " * len(margin) + line for line in rest)]))
    if card.origin:
        blocks.append(" · ".join(card.origin))
    return "\n".join(blocks)


def _title(card: Card) -> str:
    title = f"**{escaped(card.title)}**"
    if card.name:
        title += f" {_code(card.name)}"
    return f"{title} · {escaped(card.about)}" if card.about else title


def _code(text: str) -> str:
    """Inline code that may itself hold backticks."""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fence(language: str, lines: list[str]) -> str:
    body = "\n".join(lines)
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{ticks}{language}\n{body}\n{ticks}"


# What begins emphasis, code, HTML, links and images; the colon of an address makes a link without any mark.
_MARKS = re.compile(r"[\\`*<\[]|:(?=//)|(?<=\bwww)\.")


def escaped(text: str) -> str:
    """Text as Markdown that shows the same text; what stands between backticks is code already."""
    return _outside_code(text, lambda part: _MARKS.sub(r"\\\g<0>", part))


# `*` keeps its meaning: it begins items and emphasis.
_LINKING = re.compile(r"[\\`<\[]|:(?=//)|(?<=\bwww)\.")
_LINK = re.compile(r"\[([^\[\]]*)\]\((https?://[^\s()]*)\)")


def without_links(markdown: str) -> str:
    """Markdown of somebody else's in which nothing is a link, an image or HTML; addresses stay as text."""
    return _outside_code(markdown, lambda part: _LINKING.sub(r"\\\g<0>", _LINK.sub(r"\1 (\2)", part)))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """Backticks count only where they pair up one by one in their line: then nobody can read them otherwise.

    A table's bars, too, part what stands between backticks.
    """
    lines = text.split("\n")
    bars = any(map(_BELOW_HEADER.fullmatch, lines))
    return "\n".join(_changed_line(line, change, "|" if bars else "``") for line in lines)


_BELOW_HEADER = re.compile(r"[\s|:>-]*-[\s|:-]*")


def _changed_line(line: str, change: Callable[[str], str], unclear: str) -> str:
    parts = line.split("`")
    if len(parts) % 2 == 0 or "``" in line or unclear in line:
        return change(line)
    parts[::2] = map(change, parts[::2])
    return "`".join(parts)
