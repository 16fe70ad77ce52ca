"""How long a client waits: for the first answers, while somebody types, and what a server costs at rest."""

from __future__ import annotations

import asyncio
import os
import sys
from math import inf
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from keras_lsp.source.extract import extract
from tests.benchmarks.measure import Series, reference
from tests.benchmarks.memory import pss_megabytes
from tests.benchmarks.texts import project, thousand_lines
from tests.processes import read, workers
from tests.protocol.client import FULL_CAPABILITIES, Client, position

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.protocol.client import Message

QUESTIONS = ("hover", "completion", "definition")
ASKED = "layers.Dense"
STARTS = 5
EDITS = 200
KEYSTROKE = 0.08  # seconds
MANY_EDITS = 10_000
AT_REST = 10.0  # seconds
CALM = 30.0  # seconds until a server that has nothing to do is taken to be at rest


async def start(root: Path, *, trusted: bool = True) -> Client:
    """A server for a client that, as VS Code and Neovim do, asks for the rest of a hint when it is shown, and
    takes what completions replace once for all."""
    options = {"trusted": trusted, "interpreters": {root.as_uri(): [sys.executable]}}
    later = {"resolveSupport": {"properties": ["tooltip", "label.location"]}}
    document = {**FULL_CAPABILITIES["textDocument"], "inlayHint": later}
    document["completion"] = {
        **document["completion"],
        "completionList": {"itemDefaults": ["editRange", "insertTextFormat", "insertTextMode", "data"]},
    }
    return await Client.start(
        options=options,
        root=root,
        encodings=["utf-32"],
        capabilities={**FULL_CAPABILITIES, "textDocument": document},
    )


def place(uri: str, text: str, behind: str = ASKED) -> Message:
    offset = text.index(behind) + len(behind) - 2
    return {"textDocument": {"uri": uri}, "position": position(text, offset, "utf-32")}


async def first_answers(root: Path) -> AsyncIterator[Series]:
    """Cold: the first of its kind that a new server is asked, at once after the file was opened."""
    text = project("resnet50")
    uri = (root / "first.py").as_uri()
    cold = {name: Series(f"{name}, the first of a new server", "ms", inf) for name in QUESTIONS}
    warm = {name: Series(f"{name}, warm, ResNet-50", "ms", 10, tail=True) for name in QUESTIONS}
    for series in cold.values():
        for _ in range(STARTS):
            client = await start(root, trusted=False)
            await client.settle()
            client.open(uri, text)
            await series.time(client.request(f"textDocument/{name_of(series)}", place(uri, text)))
            await client.kill()
    client = await start(root)
    client.open(uri, text)
    await client.wait_for_status(uri, "ready")
    for _ in range(100):
        for name, series in warm.items():
            await series.time(client.request(f"textDocument/{name}", place(uri, text)))
    await client.shutdown()
    for series in (*cold.values(), *warm.values()):
        yield series


def name_of(series: Series) -> str:
    return series.what.partition(",")[0]


async def first_diagnostics(root: Path) -> AsyncIterator[Series]:
    text = thousand_lines().replace("model0.layers[0]", "model0.layers[9]")
    series = Series("open → first diagnostics, 1,000-line file", "ms", 250)
    client = await start(root, trusted=False)
    await client.settle()
    for number in range(STARTS):
        uri = (root / f"opened_{number}.py").as_uri()
        client.open(uri, text)
        await series.time(client.wait_for_diagnostics(uri, bool))
        client.close(uri)
    await client.shutdown()
    yield series


async def typing(root: Path) -> AsyncIterator[Series]:
    """A hover after every second of 200 edits, with replays on: at typing speed, and without a pause."""
    text = project("transformer")
    for pause, what in ((KEYSTROKE, "at typing speed"), (0.0, "without a pause")):
        uri = (root / f"typing_{what[0]}.py").as_uri()
        series = Series(f"hover between edits {what}", "ms", 10, tail=True)
        client = await start(root)
        client.open(uri, text)
        await client.wait_for_status(uri, "ready")
        for number in range(EDITS):
            now = text.replace("50257", str(50_000 + number))
            client.change(uri, number + 2, now)
            if number % 2:
                await series.time(client.request("textDocument/hover", place(uri, now)))
            await asyncio.sleep(pause)
        await client.shutdown()
        yield series


async def at_rest(root: Path) -> AsyncIterator[Series]:
    """Memory after very many edits, and the processor's time while nothing happens."""
    text = project("mlp")
    uri = (root / "rest.py").as_uri()
    client = await start(root)
    client.open(uri, text)
    await client.wait_for_status(uri, "ready")
    server = client.process.pid
    memory = []
    for number in range(MANY_EDITS):
        client.change(uri, number + 2, text.replace("classes=10", f"classes={number + 11}", 1))
        if number % 50 == 0:
            await client.settle()
            client.messages.clear()
        if number in (MANY_EDITS // 10, MANY_EDITS - 1):
            await client.settle()
            memory.append(pss_megabytes(server))
    yield Series(f"server growth over {MANY_EDITS:,} edits", "MB", 5, samples=[memory[1] - memory[0]])
    await asyncio.sleep(CALM)  # replays, and what is read of Keras behind them
    processes = [server, *workers(server)]
    before = list(map(cpu_milliseconds, processes))
    await asyncio.sleep(AT_REST)
    used = [now - then for now, then in zip(map(cpu_milliseconds, processes), before, strict=True)]
    for who, milliseconds in zip(("server", "zygote"), used, strict=True):
        yield Series(f"{who}: processor in {AT_REST:g} s of rest", "ms", 10, samples=[milliseconds])
    await client.shutdown()


def cpu_milliseconds(pid: int) -> float:
    fields = read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def indexes() -> Iterator[Series]:
    """As many files of 75 lines as a small and a middling project have; `reading` has the large one."""
    for count, budget in ((10, 100), (100, 1000)):
        texts = [thousand_lines(50 + number % 50) for number in range(count)]
        series = Series(f"{count} files of 75 lines read cold", "ms", budget)
        for _ in range(3):
            series.references.append(reference())
            started = process_time()
            for text in texts:
                extract(text)
            series.samples.append((process_time() - started) * 1000)
        yield series


async def all_series(root: Path) -> AsyncIterator[Series]:
    for series in indexes():
        yield series
    for group in (first_answers(root), first_diagnostics(root), typing(root), at_rest(root)):
        async for series in group:
            yield series
