"""`keras-lsp doctor`: which Python is used and why, and whether a replay works there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from keras_lsp.sandbox.demand import Demand
from keras_lsp.sandbox.examination import STILL, Patient, examine
from keras_lsp.sandbox.outer import WHERE_MISSING
from keras_lsp.sandbox.pool import WorkerPool
from keras_lsp.session.settings import Settings

if TYPE_CHECKING:
    from keras_lsp.sandbox.examination import Findings


def doctor(
    path: str,
    python: str | None,
    console: Console | None = None,
    *,
    untested: bool = False,
    bubblewrap: str = WHERE_MISSING,
) -> int:
    """0 when replays work for a document at `path`, else 1."""
    console = console or Console()
    place = Path(path).absolute()
    folder = place if place.is_dir() else place.parent
    settings = Settings(
        interpreter=(python,) if python else (), untested_sandbox=untested, bubblewrap=bubblewrap
    )
    patient = Patient(
        Demand(f"{folder}/document.py", (str(Path.cwd()),), settings),
        origin="--python" if python else "",
    )
    with console.status("Starting Keras…"):
        findings = asyncio.run(_examine(patient))
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    for name, value in findings.lines:
        table.add_row(name, Text(value))
    console.print(table)
    console.print(Text(f"\n{findings.verdict}", "red" if findings.problem else "green"))
    if findings.problem:
        console.print(STILL)
    return 1 if findings.problem else 0


async def _examine(patient: Patient) -> Findings:
    builders = WorkerPool()
    try:
        return await examine(patient, builders)
    finally:
        await builders.close("The examination is over.")
