"""A long day: nothing grows, nothing slows down, and at its end answers are those of a fresh start."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.memory import rss_megabytes
from tests.processes import children, descendants, workers
from tests.protocol.client import PATIENCE, Client
from tests.unbreakable.length import LONG
from tests.unbreakable.recorded_session import RecordedSession

if TYPE_CHECKING:
    from tests.protocol.client import Json

MINUTES = float(os.environ.get("KERAS_LSP_SOAK_MINUTES", "30"))
# What the long form bears, as multiples of what it was at the start. Other work that begins or ends on the
# machine changes how long an answer takes, also against the reference loop; hardly what the server spends.
SLOWER, MORE_WORK = 1.3, 1.2
MORE_MEGABYTES = 12
RECORDED = Path(__file__).parent.parent / "protocol" / "recorded"
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


def processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def rest(client: Client, uri: str) -> None:
    """Nothing is due any more."""
    await client.wait_for_status(uri, "ready")
    await no_replay(client)


async def no_replay(client: Client) -> None:
    """None is due, and what the last one left has been cleared away."""
    await client.settle()
    (worker,) = workers(client.process.pid)
    give_up = time.monotonic() + PATIENCE
    while children(worker):
        assert time.monotonic() < give_up, "a replay that never ends"
        await client.settle()


async def day(session: RecordedSession, name: str) -> str:
    """Two files are written, from nothing; the uri of the one that the other imports from."""
    await session.run(name)
    model = session.uri(name, "model.py")
    card = ""
    while "(None, " not in card:  # the last replay may not have begun yet
        card = str(await session.ask(model, "hover", session.texts[model].index(LAST)))
    await rest(session.client, model)
    return model


async def as_read_anew(session: RecordedSession, uri: str) -> None:
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


async def close(session: RecordedSession) -> None:
    """One after the other: what is still open meanwhile may be replayed without what was closed."""
    for uri in session.texts:
        session.client.close(uri)
    session.texts.clear()
    await no_replay(session.client)


async def test_a_long_session(tmp_path: Path, keras_python: list[str]) -> None:
    root = tmp_path
    options = {"trusted": True, "interpreters": {root.as_uri(): keras_python}}
    neovim = json.loads((RECORDED / "neovim.json").read_text(encoding="utf-8"))["capabilities"]
    client = await Client.start(options=options, root=root, capabilities=neovim)
    session = RecordedSession(client, root, pace=1.0 if LONG else 0.01)
    try:
        await as_read_anew(session, await day(session, "first"))
        await close(session)
        before, days, spent = Resources(client), 1, list[float]()
        end = time.monotonic() + MINUTES * 60
        while days < 2 or (LONG and time.monotonic() < end):
            client.messages.clear()
            began = processor_seconds(client.process.pid)
            await as_read_anew(session, await day(session, f"day{days}"))
            spent.append(processor_seconds(client.process.pid) - began)
            await close(session)
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
        assert_no_slower(session, spent)


def assert_no_slower(session: RecordedSession, spent: list[float]) -> None:
    print(f"the server worked {spent} s on each day")  # noqa: T201
    if len(spent) >= 6:
        assert median(spent[-3:]) < median(spent[:3]) * MORE_WORK
    for kind, took in session.answers.by_kind.items():
        part = len(took) // 10
        if part < 30:
            continue
        first, last = median(took[:part]), median(took[-part:])
        print(f"{kind}: {first:.3f} at the start, {last:.3f} at the end, in reference loops")  # noqa: T201
        assert last < first * SLOWER, (kind, first, last)
