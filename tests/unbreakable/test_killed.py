"""What is killed at any moment of an edit session: answers come back, and nothing is left of the dead."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.processes import children, workers
from tests.protocol.client import PATIENCE
from tests.unbreakable.length import LONG
from tests.unbreakable.surroundings import SETTLED, Surroundings, Typist

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.client import Client

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

ENDLESS = "\nany(iter(int, 1))\n"  # in C: nothing but a deadline ends it
ROUNDS = 60 if LONG else 2
SEED = random.randrange(2**32) if LONG else 0  # noqa: S311  # not for secrets


async def kill_worker(around: Surroundings, client: Client, _: Typist) -> None:
    (worker,) = workers(client.process.pid)
    around.look(client)
    os.kill(worker, signal.SIGKILL)


async def kill_replay(around: Surroundings, client: Client, typist: Typist) -> None:
    """In the middle: of a text that is replayed until it is killed."""
    typist.text += ENDLESS
    typist.version += 1
    client.change(typist.uri, typist.version, typist.text)
    give_up = time.monotonic() + PATIENCE
    while not (replays := [below for worker in workers(client.process.pid) for below in children(worker)]):
        assert time.monotonic() < give_up
        await asyncio.sleep(0.01)
    around.look(client)
    os.kill(replays[-1], signal.SIGKILL)
    assert "SIGKILL" in (await typist.status("failed"))["reason"]


async def type_on(typist: Typist, choose: random.Random) -> None:
    """Nobody waits for anything here."""
    for _ in range(choose.randrange(1, 8)):
        typist.type(typist.units + 1)
        await asyncio.sleep(choose.choice((0, 0.01, 0.1, 0.4)))


async def back(typist: Typist) -> None:
    """Answers from the text are there at once; shapes come back with one of the next edits."""
    await typist.static_answer()
    give_up = time.monotonic() + PATIENCE
    while True:
        typist.type(typist.units + 1)
        while f"(None, {typist.units})" not in await typist.card():
            last = typist.client.sent("kerasLsp/status")[-1]
            if last["state"] in SETTLED[1:]:
                break
            assert time.monotonic() < give_up, last
            await asyncio.sleep(0.05)
        else:
            return
        await asyncio.sleep(0.2)


async def test_killed_at_any_moment(tmp_path: Path, keras_python: list[str]) -> None:
    """Two servers on one workspace; at last one of them, in the middle of a replay."""
    choose = random.Random(SEED)  # noqa: S311  # not for secrets
    around = Surroundings(tmp_path, keras_python)
    clients = [await around.start()]
    try:
        first = Typist(clients[0], around.uri)
        first.open(3)
        await first.exact()
        for number in range(ROUNDS):
            await type_on(first, choose)
            await (kill_replay, kill_worker)[number % 2](around, clients[0], first)
            await back(first)

        clients.append(await around.start())
        second = Typist(clients[1], around.uri)
        second.open(70)
        await second.exact()
        await first.exact()
        assert len(around.folders()) == 2, "each server has its own"

        clients[0].change(around.uri, first.version + 1, first.text + ENDLESS)
        await clients[0].wait_for_status(around.uri, "building")
        of_second = {clients[1].process.pid, *around.look(clients[1])}
        around.look(clients[0])
        around.processes -= of_second
        await clients[0].kill()
        assert around.left() == [], SEED
        second.type(71)
        await second.exact()

        around.look(clients[1])
        assert await clients[1].shutdown() == 0
        assert around.left() == [], SEED
        assert around.locked() == []
        for client in clients:
            assert "Traceback" not in client.stderr, client.stderr

        last = await around.start()
        clients.append(last)
        last.open(around.uri, second.text)
        await last.wait_for_status(around.uri, "building")
        while not children(last.process.pid):  # noqa: ASYNC110 - only a look at the processes tells
            await asyncio.sleep(0.01)
        assert len(around.folders()) == 1, "what the killed server left goes with the next start"
        await last.shutdown()
        assert around.folders() == []
    finally:
        for client in clients:
            await client.kill()
