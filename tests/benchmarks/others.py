"""The same questions to other language servers, where they answer at all, and to Keras by hand; as ratios.

They are installed in an environment of their own below `.bench`; where one cannot be had, it is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from math import inf
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from tests.benchmarks.answering import ASKED, QUESTIONS, place, start
from tests.benchmarks.measure import Series, reference
from tests.benchmarks.texts import project
from tests.processes import descendants
from tests.protocol.client import Client, ServerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.protocol.client import Json

HOME = Path(".bench") / "others"
SERVERS = {
    "jedi-language-server": ("jedi-language-server",),
    "basedpyright": ("basedpyright-langserver", "--stdio"),
    "pyrefly": ("pyrefly", "lsp"),
    "ty": ("ty", "server"),
}
WARM = 30
PATIENCE = 20.0  # seconds for a first answer; the first reads all of TensorFlow
SHAPES = "(None, "
SUMMARY = "\nmodel.summary()\n"


def installed() -> dict[str, tuple[str, ...]]:
    """The commands of those that are here, or can be installed."""
    folder = HOME.resolve()
    if not (folder / "bin").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    for name, (program, *_) in SERVERS.items():
        if not (folder / "bin" / program).exists():
            pip = [
                str(folder / "bin" / "python"),
                "-m",
                "pip",
                "install",
                "-qq",
                "--disable-pip-version-check",
            ]
            subprocess.run([*pip, name], check=False)
    return {
        name: (str(folder / "bin" / program), *options)
        for name, (program, *options) in SERVERS.items()
        if (folder / "bin" / program).exists()
    }


async def answered(client: Client, method: str, uri: str, text: str) -> Json:
    """None where it does not know, or does not answer such questions."""
    try:
        return await client.request(f"textDocument/{method}", place(uri, text))
    except ServerError:
        return None


async def asked(client: Client, uri: str, text: str) -> tuple[float, dict[str, list[float]], bool]:
    """Milliseconds from opening to a first answer, and of warm ones, and whether it has shapes."""
    started = perf_counter()
    client.open(uri, text)
    shown: Json = None
    while not shown and perf_counter() - started < PATIENCE:
        shown = await asyncio.wait_for(answered(client, "hover", uri, text), PATIENCE)
        await asyncio.sleep(0.02)
    first = (perf_counter() - started) * 1000
    warm: dict[str, list[float]] = {}
    for method in QUESTIONS:
        if not await answered(client, method, uri, text):
            continue
        for _ in range(WARM):
            began = perf_counter()
            await answered(client, method, uri, text)
            warm.setdefault(method, []).append((perf_counter() - began) * 1000)
    return (first if shown else inf), warm, SHAPES in str(shown)


async def end(client: Client) -> None:
    """Also one that is a program around another, which keeps its pipes open."""
    below = descendants(client.process.pid)
    with contextlib.suppress(AssertionError, asyncio.TimeoutError):
        client.process.kill()
        for process in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        await client.kill()


async def compared(root: Path) -> AsyncIterator[Series]:
    text = project("resnet50")
    uri = (root / "compared.py").as_uri()
    environment = {
        "VIRTUAL_ENV": sys.prefix,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    commands = {"keras-lsp": (), **await asyncio.to_thread(installed)}
    ours: dict[str, float] = {}
    for name, command in commands.items():
        beside = reference()
        client = (
            await Client.start(command, root=root, environment=environment) if command else await start(root)
        )
        try:
            first, warm, shapes = await asked(client, uri, text)
        except (AssertionError, ConnectionError, asyncio.TimeoutError):
            continue  # it does not answer at all
        finally:
            await end(client)
        what = f"{name}: open → first hover on {ASKED}" + (", with shapes" if shapes else "")
        told = {"first": (what, [first])} if first < inf else {}
        told |= {method: (f"{name}: warm {method}", took) for method, took in warm.items()}
        for kind, (what, took) in told.items():
            if not command:
                ours[kind] = median(took)
            times = f" ({median(took) / ours[kind]:.1f} x ours)" if command and kind in ours else ""
            yield Series(what + times, "ms", inf, samples=took, references=[beside] * len(took))


async def by_hand(root: Path) -> AsyncIterator[Series]:
    """What somebody does without us: run the file and print a summary. Beside it, ours from a cold start."""
    text = project("mlp")
    hand = Series("by hand: python -c '…; model.summary()'", "ms", inf)
    ours = Series("keras-lsp: cold start → exact shapes of the same", "ms", inf)
    uri = (root / "by_hand.py").as_uri()
    for _ in range(3):
        await hand.time(asyncio.to_thread(_run, text + SUMMARY))
        await ours.time(_cold(root, uri, text))
    ratio = hand.median / ours.median
    hand.what += f" ({ratio:.1f} x ours)"
    yield hand
    yield ours


def _run(program: str) -> None:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env=environment)


async def _cold(root: Path, uri: str, text: str) -> None:
    client = await start(root)
    client.open(uri, text)
    await client.wait_for_status(uri, "ready")
    await client.kill()


async def all_series(root: Path) -> AsyncIterator[Series]:
    for group in (by_hand(root), compared(root)):
        async for series in group:
            yield series
