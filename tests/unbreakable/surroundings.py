"""A workspace of its own for a real server: with its temporary folder, its home, and all that runs in it."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Any

from tests.processes import descendants, is_alive
from tests.protocol.client import PATIENCE, SERVE, Client

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MODEL = """import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense({units})

    def call(self, x):
        return self.dense(x)


model = Net()
output = model(keras.Input((3,)))
"""
SETTLED = ("ready", "failed", "unavailable")


class Surroundings:
    def __init__(self, folder: Path, python: Sequence[str]) -> None:
        self.python = list(python)
        self.temporary = folder / "tmp"
        self.home = folder / "home"
        self.root = folder / "work"
        for made in (self.temporary, self.home, self.root):
            made.mkdir(exist_ok=True)
        self.processes: set[int] = set()  # all that were seen

    @property
    def uri(self) -> str:
        return (self.root / "model.py").as_uri()

    async def start(self, command: Sequence[str] = SERVE, **variables: str) -> Client:
        environment = {"TMPDIR": str(self.temporary), "HOME": str(self.home)}
        options = {"trusted": True, "interpreters": {self.root.as_uri(): self.python}}
        return await Client.start(
            command,
            options=options,
            root=self.root,
            environment=environment | variables,
            encodings=["utf-32"],
        )

    def look(self, client: Client) -> list[int]:
        """What runs below the server by now."""
        below = descendants(client.process.pid)
        self.processes.update([client.process.pid, *below])
        return below

    def left(self) -> list[int]:
        """What of all that still runs, after a while."""
        give_up = time.monotonic() + PATIENCE
        while (left := list(filter(is_alive, self.processes))) and time.monotonic() < give_up:
            time.sleep(0.05)
        return left

    def folders(self) -> list[Path]:
        """What servers left in the temporary folder."""
        return sorted(self.temporary.iterdir())

    def locked(self) -> list[Path]:
        """Those of them that somebody still holds."""
        return [lock for lock in self.temporary.glob("*/owner*") if not _is_free(lock)]


def _is_free(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


class Typist:
    """Keeps one document open at a server, whichever it is, and knows what must be shown for it."""

    def __init__(self, client: Client, uri: str) -> None:
        self.client, self.uri = client, uri
        self.version = self.units = 0
        self.text = ""

    def open(self, units: int) -> None:
        self.units, self.text, self.version = units, MODEL.format(units=units), 1
        self.client.open(self.uri, self.text)

    def type(self, units: int) -> None:
        self.units, self.text, self.version = units, MODEL.format(units=units), self.version + 1
        self.client.change(self.uri, self.version, self.text)

    async def status(self, *states: str) -> dict[str, Any]:
        """As it is once it has come to rest."""
        return await self.client.wait_for_status(self.uri, *(states or SETTLED))

    async def card(self) -> str:
        place = self.client.place(self.uri, self.text, self.text.index("output"))
        hover = await self.client.request("textDocument/hover", place)
        return str(hover["contents"]["value"]) if hover else ""

    async def static_answer(self) -> None:
        """What the text alone says, which must always come."""
        asked = {"textDocument": {"uri": self.uri}}
        symbols = await self.client.request("textDocument/documentSymbol", asked)
        assert [symbol["name"] for symbol in symbols][:1] == ["Net"], symbols

    async def exact(self) -> None:
        """Waits for the shapes of the text as it is now; they come, or the test fails."""
        while f"(None, {self.units})" not in await self.card():
            since = len(self.client.messages)
            await self.client.wait_for(self._told_anew, since)
            last = self.client.sent("kerasLsp/status")[-1]
            assert last["state"] not in ("failed", "unavailable"), last

    def _told_anew(self, message: dict[str, Any]) -> bool:
        return message.get("method") == "kerasLsp/status" and message["params"]["uri"] == self.uri
