"""A long day: nothing grows, nothing slows down, and at its end answers are those of a fresh start."""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.memory import rss_megabytes
from tests.benchmarks.texts import project
from tests.processes import children, descendants, workers
from tests.protocol.client import Client
from tests.unbreakable.edit_session import EditSession
from tests.unbreakable.length import LONG

if TYPE_CHECKING:
    from tests.protocol.client import Json

MINUTES = float(os.environ.get("KERAS_LSP_SOAK_MINUTES", "30"))
KEYSTROKE = 0.05  # seconds, in the long form
SLOWER = 1.3  # times as slow as at the start is what the long form bears
MORE_MEGABYTES = 12
LAST = "logits ="
pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")


def count(process: int, folder: str) -> int:
    return len(list(Path(f"/proc/{process}", folder).iterdir()))


class Resources:
    """What a server and its worker hold, once they have come to rest."""

    def __init__(self, client: Client) -> None:
        server = client.process.pid
        (self.worker,) = workers(server)
        self.processes = len(descendants(server))
        self.descriptors = (count(server, "fd"), count(self.worker, "fd"))
        self.threads = (count(server, "task"), count(self.worker, "task"))
        self.megabytes = {"server": rss_megabytes(server), "worker": rss_megabytes(self.worker)}


async def rest(client: Client, uri: str) -> None:
    """Nothing is due any more, and what replays left has been cleared away."""
    await client.wait_for_status(uri, "ready")
    await client.settle()
    (worker,) = workers(client.process.pid)
    while children(worker):
        await client.settle()


async def day(session: EditSession, name: str) -> None:
    """Two files are written, side by side with what was there; then all of them are closed."""
    for file, text in (
        (f"{name}_mlp.py", project("mlp")),
        (f"{name}_seed.py", project("resnet50")[: 2500 if LONG else 500]),
    ):
        await session.write(file, text)
    mlp = session.uri(f"{name}_mlp.py")
    card = ""
    while "(None, " not in card:  # the last replay may not have begun yet
        card = str(await session.ask(mlp, "hover", session.texts[mlp].index(LAST)))
    await rest(session.client, mlp)


async def as_read_anew(session: EditSession, uri: str) -> None:
    """Symbols, hints and cards are those of the same text in a server that has just begun."""
    anew = uri.replace(".py", "_anew.py")
    session.texts[anew] = session.texts[uri]
    session.client.open(anew, session.texts[anew])
    await rest(session.client, anew)
    place = session.texts[uri].index(LAST)
    for method, offset in (
        ("documentSymbol", None),
        ("inlayHint", None),
        ("hover", place),
        ("codeLens", None),
    ):
        told, wanted = [await session.ask(one, method, offset) for one in (uri, anew)]
        assert plain(told, uri) == plain(wanted, anew), method


def plain(answer: Json, uri: str) -> str:
    return str(answer).replace(uri, "URI")


def close(session: EditSession) -> None:
    for uri in session.texts:
        session.client.close(uri)
    session.texts.clear()


async def test_a_long_session(tmp_path: Path, keras_python: list[str]) -> None:
    root = tmp_path
    options = {"trusted": True, "interpreters": {root.as_uri(): keras_python}}
    client = await Client.start(options=options, root=root, encodings=["utf-32"])
    session = EditSession(client, root, pause=KEYSTROKE, copied=0.1) if LONG else EditSession(client, root)
    try:
        await day(session, "first")
        await as_read_anew(session, session.uri("first_mlp.py"))
        close(session)
        await client.settle()
        before, days = Resources(client), 1
        end = time.monotonic() + MINUTES * 60
        while days < 2 or (LONG and time.monotonic() < end):
            client.messages.clear()
            await day(session, f"day{days}")
            await as_read_anew(session, session.uri(f"day{days}_mlp.py"))
            close(session)
            await client.settle()
            days += 1
        after = Resources(client)
        assert after.worker == before.worker, "it was never replaced"
        assert after.processes == before.processes
        assert after.descriptors == before.descriptors
        assert after.threads <= before.threads
        grown = {who: after.megabytes[who] - before.megabytes[who] for who in before.megabytes}
        assert max(grown.values()) < MORE_MEGABYTES, (grown, session.edits)
        assert client.stderr == ""
        assert await client.shutdown() == 0
    finally:
        await client.kill()
    if LONG:
        print(f"{session.edits} edits on {days} days, grown by {grown} MB")  # noqa: T201  # a look by hand
        assert_no_slower(session)


def assert_no_slower(session: EditSession) -> None:
    for kind, took in session.answers.by_kind.items():
        part = len(took) // 10
        if part < 30:
            continue
        first, last = median(took[:part]), median(took[-part:])
        print(f"{kind}: {first:.3f} at the start, {last:.3f} at the end, in reference loops")  # noqa: T201
        assert last < first * SLOWER, (kind, first, last)
