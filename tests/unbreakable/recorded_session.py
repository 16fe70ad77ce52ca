"""What a real Neovim sent while two files were written in it (`record_session`), and sending it again."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from tests.benchmarks.measure import reference
from tests.unbreakable.any_text import edited

if TYPE_CHECKING:
    from tests.protocol.client import Client, Message

FILE = Path(__file__).with_name("recorded_session.jsonl.gz")
KEPT_AS = ("id", "method", "params")
REFERENCE_EVERY = 100  # answers
REQUEST_CANCELLED = -32800


def recorded(folder: Path) -> list[tuple[float, Any]]:
    """The messages, each with the seconds after the first at which it was sent, for that folder."""
    text = gzip.decompress(FILE.read_bytes()).decode().replace("ROOT", folder.as_uri())
    return [(at / 1000, message) for at, message in map(json.loads, text.splitlines())]


@dataclass
class Answers:
    """How long answers of a kind took, in units of the reference loop as it was at that time."""

    by_kind: dict[str, list[float]] = field(default_factory=dict)
    _reference: float = 0.0
    _count: int = 0

    def add(self, kind: str, seconds: float) -> None:
        if self._count % REFERENCE_EVERY == 0:
            self._reference = reference()
        self._count += 1
        self.by_kind.setdefault(kind, []).append(seconds * 1000 / self._reference)


@dataclass
class RecordedSession:
    """`pace` is how much time is left between messages, in parts of what there was."""

    client: Client
    root: Path
    pace: float
    texts: dict[str, str] = field(default_factory=dict)  # of the open files, by uri
    edits: int = 0
    answers: Answers = field(default_factory=Answers)

    def uri(self, day: str, name: str) -> str:
        return (self.root / day / name).as_uri()

    async def run(self, day: str) -> None:
        """The whole session once, in a folder of its own; its files stay open."""
        folder = self.root / day
        folder.mkdir()
        started, asked, answered = perf_counter(), dict[Any, int](), list[asyncio.Task[None]]()
        for at, message in recorded(folder):
            await asyncio.sleep(max(0.0, at * self.pace - (perf_counter() - started)))
            method, params = message["method"], message.get("params")
            if "id" in message:
                asked[message["id"]] = self.client.ask(method, params)
                answered.append(asyncio.create_task(self._answer(method, asked[message["id"]])))
            elif method == "$/cancelRequest":
                self.client.notify(method, {"id": asked[params["id"]]})
            else:
                self._keep(method, params)
                self.client.notify(method, params)
        await asyncio.gather(*answered)

    def _keep(self, method: str, params: Message) -> None:
        """What the open files hold, and on a save what the disk holds."""
        uri = params.get("textDocument", {}).get("uri", "")
        if method == "textDocument/didOpen":
            self.texts[uri] = params["textDocument"]["text"]
        elif method == "textDocument/didChange":
            self.edits += 1
            for change in params["contentChanges"]:
                self.texts[uri] = edited(self.texts[uri], change)
        elif method == "textDocument/didSave":
            path = self.root / Path(uri).parent.name / Path(uri).name
            path.write_text(self.texts[uri], encoding="utf-8")

    async def _answer(self, method: str, request: int) -> None:
        started, since = perf_counter(), len(self.client.messages)
        answer = await self.client.wait_for(
            lambda message: message.get("id") == request and "method" not in message, since
        )
        if "error" in answer:
            assert answer["error"]["code"] == REQUEST_CANCELLED, answer
        else:
            self.answers.add(method, perf_counter() - started)

    async def ask(self, uri: str, method: str, offset: int | None = None) -> Any:
        text = self.texts[uri]
        params = self.client.place(uri, text, offset or 0)
        place = params.pop("position")
        if offset is not None:
            params["position"] = place
        elif method == "inlayHint":
            params["range"] = {"start": place, "end": {"line": text.count("\n") + 1, "character": 0}}
        return await self.client.request(f"textDocument/{method}", params)
