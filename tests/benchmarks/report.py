"""What a run measured, as files to keep: Markdown for people, JSON for comparisons."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.processes import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.measure import Series

FOLDER = Path(".bench")
PACKAGES = ("keras-lsp", "keras", "tensorflow", "tf-keras", "pygls", "lsprotocol", "jedi", "parso")


def machine() -> dict[str, Any]:
    model = [line for line in read(Path("/proc/cpuinfo")).splitlines() if line.startswith("model name")]
    memory = [line for line in read(Path("/proc/meminfo")).splitlines() if line.startswith("MemTotal")]
    return {
        "system": platform.platform(),
        "processor": model[0].partition(":")[2].strip() if model else platform.processor(),
        "cores": os.cpu_count(),
        "memory": memory[0].partition(":")[2].strip() if memory else "",
        "load": os.getloadavg() if hasattr(os, "getloadavg") else (),
        "python": sys.version.split()[0],
        **{package: _version(package) for package in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def write(
    measured: Sequence[Series], columns: Sequence[str], rows: Sequence[Sequence[str]], fastest: float
) -> None:
    FOLDER.mkdir(exist_ok=True)
    facts = machine()
    found = [
        {
            "what": series.what,
            "unit": series.unit,
            "median": series.median,
            "p95": series.p95,
            "max": max(series.samples),
            "at rest": series.at_rest(fastest),
            "budget": series.budget if isfinite(series.budget) else None,
            "budget of": "p95" if series.tail else "median",
            "ratio to reference": series.ratio,
            "samples": series.samples,
        }
        for series in measured
    ]
    data = {"machine": facts, "reference milliseconds": fastest, "measured": found}
    (FOLDER / "report.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    body = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    told = [f"- {name}: {value}" for name, value in facts.items()]
    text = "\n".join(["# keras-lsp, measured", "", *told, "", *head, *body, ""])
    (FOLDER / "report.md").write_text(text, encoding="utf-8")
