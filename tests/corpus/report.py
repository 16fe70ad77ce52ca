"""A corpus in numbers, as Markdown and JSON: crashes, times, findings, models and why they are not known."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING

from tests.corpus.judged import KNOWN, OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.corpus.judged import Judged

_MOST = 25
_PLACE = re.compile(r"\b(?:line|lines) \d+(?: of [\w.]+)?|`[^`]*`|'[^']*'|\d+(?:\.\d+)?")


def as_json(found: Sequence[Judged]) -> str:
    return json.dumps([asdict(one) for one in found], indent=1)


def as_markdown(title: str, found: Sequence[Judged]) -> str:
    return "\n".join(_lines(title, found)) + "\n"


def _lines(title: str, found: Sequence[Judged]) -> Iterator[str]:
    seconds = sorted(one.seconds for one in found) or [0.0]
    models = [model for one in found for model in one.models]
    kinds = Counter(model.kind for model in models)
    yield f"# {title}"
    yield ""
    yield f"- {len(found):,} files, {sum(bool(one.models) for one in found):,} with models"
    yield f"- crashes: {sum(bool(one.error) for one in found)}"
    yield (
        f"- seconds a file: p50 {median(seconds):.2f}, p95 {seconds[int(0.95 * (len(seconds) - 1))]:.2f}, "
        f"max {seconds[-1]:.2f}"
    )
    known = sum(kinds[kind] for kind in KNOWN)
    able = known + kinds[OURS]
    yield (
        f"- model and layer classes, and models in variables: {len(models):,}; their text can make {able:,}, "
        f"of which with shapes {known:,} ({_share(known, able)}; {_share(known, len(models))} of all): "
        + ", ".join(f"{kinds[kind]:,} {kind}" for kind in KNOWN)
    )
    others = [(kind, count) for kind, count in kinds.most_common() if kind not in KNOWN]
    yield "- the others: " + (", ".join(f"{count:,} {kind}" for kind, count in others) or "none")
    yield f"- where text and replay disagree: {sum(len(one.differences) for one in found)}"
    yield from _table("Crashes", ((one.error, one.path) for one in found if one.error))
    yield from _table(
        "Why models have no shapes",
        (
            (f"{model.kind}: {_plain(model.outcome)}", f"{one.path}:{model.line}")
            for one in found
            for model in one.models
            if model.outcome not in KNOWN
        ),
    )
    yield from _table(
        "Findings",
        (
            (f"{finding['severity']} {finding['code']}", f"{one.path}:{finding['line']}")
            for one in found
            for finding in one.findings
        ),
    )
    yield from _table("Disagreements", ((text, one.path) for one in found for text in one.differences))
    slow = sorted(found, key=lambda one: -one.seconds)[:5]
    yield from _table("Slowest", ((f"{one.seconds:.1f} s", one.path) for one in slow))


def _table(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What there is most of first, each with one place."""
    places: dict[str, list[str]] = {}
    for text, place in rows:
        places.setdefault(text, []).append(place)
    if not places:
        return
    yield f"\n## {title}\n"
    yield "| how often | | first |\n|---:|---|---|"
    ranked = sorted(places.items(), key=lambda pair: -len(pair[1]))
    for text, where in ranked[:_MOST]:
        yield f"| {len(where)} | {text.replace('|', ' ').replace(chr(10), ' ')} | {where[0]} |"
    if len(ranked) > _MOST:
        yield f"| | … and {len(ranked) - _MOST} more | |"


def _plain(outcome: str) -> str:
    """Without what is of one file only, so that causes can be counted."""
    return _PLACE.sub("…", outcome)[:160]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"
