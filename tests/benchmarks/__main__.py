"""`make bench`: the budgets that can be measured today, over real LSP, as a table and as files in `.bench`.

Every sample has the reference loop run beside it, so a busy machine shows. "at rest" is what the sample
would be at the speed the machine had at its best in this run; the budgets judge that. Exits with 1 when one
is missed, so that a person or a nightly job notices; it is not part of the tests, since time on a shared
machine proves nothing about a change.
"""

from __future__ import annotations

import asyncio
import functools
import re
import sys
import tempfile
from math import inf
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from keras_lsp.lsp.publish import IDLE_SECONDS
from keras_lsp.session.settings import Settings
from tests.benchmarks import answering, confinement, neovim, others, reading, report
from tests.benchmarks.measure import Series, fastest_reference
from tests.benchmarks.memory import PeakBelow, keras_megabytes, pss_megabytes, rss_megabytes
from tests.benchmarks.texts import LAYERS_500, LLAMA, project, thousand_lines
from tests.processes import workers
from tests.protocol.client import position

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rich.status import Status

    from tests.protocol.client import Client

# delays after a keystroke that are there on purpose, in milliseconds
BEFORE_REPLAY = Settings().idle_seconds * 1000
BEFORE_DIAGNOSTICS = IDLE_SECONDS * 1000


COLUMNS = ("what", "median", "p95", "max", "at rest", "budget", "x reference", "n", "")


async def open_and_settle(client: Client, uri: str, text: str) -> None:
    client.open(uri, text)
    status = await client.wait_for_status(uri, "ready", "failed", "unavailable")
    if status["state"] != "ready":
        raise RuntimeError(f"no exact shapes to measure: {status}")


async def initialize(root: Path) -> AsyncIterator[Series]:
    series = Series("initialize, from process start", "ms", 250)
    for _ in range(11):
        starting = asyncio.ensure_future(answering.start(root, trusted=False))
        await series.time(starting)
        await starting.result().shutdown()
    yield series


async def answers(root: Path) -> AsyncIterator[Series]:
    """Hover, completion and hints on a snapshot with a report, at many places of 1,000 lines."""
    text = thousand_lines()
    uri = (root / "thousand_lines.py").as_uri()
    hover = Series("hover, 1,000-line file", "ms", 10, tail=True)
    complete = Series("completion, 1,000-line file", "ms", 10, tail=True)
    hints = Series("inlay hints, whole 1,000-line file", "ms", 10, tail=True)
    client = await answering.start(root, trusted=True)
    await open_and_settle(client, uri, text)
    whole = {"start": {"line": 0, "character": 0}, "end": position(text, len(text), "utf-32")}
    for round_ in range(120):
        path = f"model{round_ % text.count('class Model')}.layers["
        place = client.place(uri, text, text.index(path) + (8, 20, 27)[round_ % 3])
        await hover.time(client.request("textDocument/hover", place))
        place = client.place(uri, text, text.index(path) + len(path))
        await complete.time(client.request("textDocument/completion", place))
        params = {"textDocument": {"uri": uri}, "range": whole}
        await hints.time(client.request("textDocument/inlayHint", params))
    await client.shutdown()
    for series in (hover, complete, hints):
        yield series


async def static_diagnostics(root: Path) -> AsyncIterator[Series]:
    """One character typed, until the finding it causes arrives; no replay has a part in it."""
    right = thousand_lines()
    wrong = right.replace("model0.layers[0]", "model0.layers[9]")
    uri = (root / "thousand_lines.py").as_uri()
    series = Series("keystroke → static diagnostics, 1,000-line file", "ms", 50)
    client = await answering.start(root, trusted=False)
    client.open(uri, right)
    await client.wait_for_status(uri, "unavailable")
    for round_ in range(20):
        client.change(uri, round_ + 2, (wrong, right)[round_ % 2])
        found = client.wait_for_diagnostics(uri, bool if round_ % 2 == 0 else lambda left: not left)
        await series.time(found, less=BEFORE_DIAGNOSTICS)
    await client.shutdown()
    yield series


async def exact_shapes(
    root: Path, original: str, what: str, budget: float, edit: tuple[str, str]
) -> AsyncIterator[Series]:
    """A number typed in a constructor, until a hover shows the shapes it makes. Memory too, on the way."""
    texts = (original, original.replace(*edit, 1))
    uri = (root / "model.py").as_uri()
    place = {
        "textDocument": {"uri": uri},
        "position": position(original, original.index("logits ="), "utf-32"),
    }
    series = Series(f"keystroke → exact shapes, {what}", "ms", budget)
    client = await answering.start(root, trusted=True)
    await open_and_settle(client, uri, original)
    (zygote,) = workers(client.process.pid)
    alone = pss_megabytes(zygote)
    server = pss_megabytes(client.process.pid)
    for round_ in range(1, 16):
        typed = type_and_wait(client, uri, round_ + 1, texts[round_ % 2], place)
        await series.time(typed, less=BEFORE_REPLAY)
    watch = PeakBelow(zygote)  # after the timing: reading smaps of a big process slows it down
    watch.start()
    for round_ in range(16, 19):
        await type_and_wait(client, uri, round_ + 1, texts[round_ % 2], place)
    peak = watch.stop()
    await client.shutdown()
    yield series
    yield Series(f"server memory, {what}", "MB", 100, samples=[server])
    yield Series(f"zygote memory beyond importing Keras, {what}", "MB", 30, samples=[alone - _imported()])
    yield Series(f"zygote memory, {what}", "MB", inf, samples=[alone])
    yield Series(f"a replay on top, {what}", "MB", 60, samples=[peak])


@functools.cache
def _imported() -> float:
    """Most of it is the libraries of TensorFlow, of which each kernel maps as much as it thinks best."""
    return keras_megabytes()


async def many_edits(root: Path) -> AsyncIterator[Series]:
    """200 edits, each replayed: what the worker has grown by, from the first 20 to the last 20."""
    text = project("mlp")
    uri = (root / "edits.py").as_uri()
    client = await answering.start(root, trusted=True)
    await open_and_settle(client, uri, text)
    (zygote,) = workers(client.process.pid)
    resident = []
    for number in range(200):
        since = len(client.messages)
        client.change(uri, number + 2, text.replace("classes=10", f"classes={number + 11}", 1))
        await client.wait_for(lambda message: is_ready(message, uri), since)
        resident.append(rss_megabytes(zygote))
    await client.shutdown()
    growth = median(resident[-20:]) - median(resident[:20])
    yield Series("zygote growth over 200 edits", "MB", 1, samples=[growth])


async def type_and_wait(client: Client, uri: str, version: int, text: str, place: dict[str, Any]) -> None:
    """Sends a text and waits until a hover at `place` shows another shape than before."""
    since = len(client.messages)
    before = shape_in(await card(client, place))
    client.change(uri, version, text)
    while shape_in(await card(client, place)) in (before, ""):
        await client.wait_for(lambda message: is_ready(message, uri), since)
        since = len(client.messages)


def is_ready(message: dict[str, Any], uri: str) -> bool:
    params = message.get("params") or {}
    return message.get("method") == "kerasLsp/status" and (params["uri"], params["state"]) == (uri, "ready")


def shape_in(text: str) -> str:
    shape = re.search(r"\(None, [\d, ]+\)", text)
    return shape.group() if shape else ""


async def card(client: Client, place: dict[str, Any]) -> str:
    hover = await client.request("textDocument/hover", place)
    return str(hover["contents"]["value"]) if hover else ""


async def all_series(root: Path) -> AsyncIterator[Series]:
    for series in reading.all_series():
        yield series
    yield confinement.cost()
    for series in neovim.all_series():
        yield series
    for group in (
        answering.all_series(root),
        initialize(root),
        answers(root),
        static_diagnostics(root),
        exact_shapes(root, project("mlp"), "small MLP", 100, ("classes=10", "classes=11")),
        exact_shapes(root, project("resnet50"), "ResNet-50 subclass", 400, ("classes=1000", "classes=1001")),
        exact_shapes(root, project("transformer"), "12-layer transformer", 500, ("50257", "50258")),
        exact_shapes(root, LAYERS_500, "500 layers", inf, ("WIDTH = 8", "WIDTH = 9")),
        many_edits(root),
        exact_shapes(root, LLAMA, "Llama-3 70B", 1500, ("128256", "128257")),
        others.all_series(root),
    ):
        async for series in group:
            yield series


def row(series: Series, fastest: float) -> tuple[str, ...]:
    unit = series.unit
    at_rest = series.at_rest(fastest)
    return (
        series.what,
        f"{series.median:.1f} {unit}",
        f"{series.p95:.1f} {unit}" if len(series.samples) > 1 else "",
        f"{max(series.samples):.1f} {unit}" if len(series.samples) > 1 else "",
        f"{at_rest:.1f} {unit}",
        f"{'p95 ' if series.tail else ''}{series.budget:g} {unit}" if series.budget < inf else "",
        f"{series.ratio:.2f}" if series.ratio is not None else "",
        str(len(series.samples)),
        "" if series.budget == inf else "ok" if at_rest <= series.budget else "missed",
    )


async def fill(table: Table, root: Path, status: Status) -> bool:
    """Measures everything into the table; whether all budgets held."""
    measured: list[Series] = []
    broken: Exception | None = None
    try:
        async for series in all_series(root):
            status.update(f"measured: {series.what}")
            measured.append(series)
    except Exception as error:  # noqa: BLE001 - a quarter of an hour of numbers is not to be lost by it
        broken = error
    fastest = fastest_reference(measured)
    rows = [row(series, fastest) for series in measured]
    for cells in rows:
        color = {"ok": "green", "missed": "red"}.get(cells[-1], "default")
        table.add_row(*cells[:-1], f"[{color}]{cells[-1]}[/]")
    report.write(measured, COLUMNS, rows, fastest)
    if broken is not None:
        status.console.print(f"not all could be measured: {broken!r}", style="red", markup=False)
        return False
    return all(series.at_rest(fastest) <= series.budget for series in measured)


def main() -> int:
    console = Console()
    if not console.is_terminal:
        console.width = 140
    table = Table(title="keras-lsp budgets", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "what" else "right", no_wrap=True)
    with (
        tempfile.TemporaryDirectory(prefix="keras-lsp-bench-") as folder,
        console.status("starting") as status,
    ):
        root = Path(folder).resolve()
        for number in range(1000):
            (root / f"module_{number}.py").write_text(f"VALUE = {number}\n", encoding="utf-8")
        held = asyncio.run(fill(table, root, status))
    console.print(table)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
