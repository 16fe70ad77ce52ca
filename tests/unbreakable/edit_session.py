"""Somebody at work in an editor: files typed key by key with what editors ask meanwhile, mistakes and all."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from tests.benchmarks.measure import reference

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.client import Client

REFERENCE_EVERY = 100  # answers


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
class EditSession:
    """`pause` is how long a keystroke takes on average, in seconds; `copied`, what share comes in lines."""

    client: Client
    root: Path
    pause: float = 0.0
    copied: float = 0.5
    seed: int = 0
    texts: dict[str, str] = field(default_factory=dict)  # of the open files, by uri
    edits: int = 0
    answers: Answers = field(default_factory=Answers)

    def __post_init__(self) -> None:
        self.choose = random.Random(self.seed)  # noqa: S311  # repeatable, not for secrets

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    async def write(self, name: str, wanted: str) -> None:
        """Types a whole file into an empty document; it stays open."""
        uri = self.uri(name)
        self.texts[uri] = ""
        self.client.open(uri, "")
        lines = re.findall(r"[^\n]*\n", wanted)
        at = 0
        while at < len(lines):
            if self.choose.random() < self.copied:  # a few lines at once
                end = min(len(lines), at + self.choose.randrange(1, 6))
                await self.put(uri, "".join(lines[at:end]))
            else:
                end = at + 1
                await self.type(uri, lines[at])
            if self.choose.random() < 0.05:  # taken back, and done again
                before = self.texts[uri].removesuffix("".join(lines[at:end]))
                after = self.texts[uri]
                await self.become(uri, before)
                await self.become(uri, after)
            at = end
            await self.look_around(uri)
        self.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        assert self.texts[uri] == "".join(lines)

    async def type(self, uri: str, line: str) -> None:
        indent = len(line) - len(line.lstrip(" "))
        await self.put(uri, line[:indent])
        for char in line[indent:]:
            if self.choose.random() < 0.02:
                await self.put(uri, self.choose.choice("xqz(."))
                await self.become(uri, self.texts[uri][:-1])
            await self.put(uri, char)
            if char in ".([=\"'":
                await self.ask(uri, "completion", len(self.texts[uri]))
            if char in "(,":
                await self.ask(uri, "signatureHelp", len(self.texts[uri]))

    async def put(self, uri: str, typed: str) -> None:
        if typed:
            await self.become(uri, self.texts[uri] + typed)

    async def become(self, uri: str, text: str) -> None:
        self.texts[uri] = text
        self.edits += 1
        self.client.change(uri, self.edits + 1, text)
        await asyncio.sleep(self.choose.expovariate(1 / self.pause) if self.pause else 0)

    async def look_around(self, uri: str) -> None:
        """What an editor asks for when a line is done, and a look at something here or in another file."""
        text = self.texts[uri]
        await self.ask(uri, "inlayHint")
        await self.ask(uri, "documentSymbol")
        for _ in range(self.choose.choice((0, 0, 1, 3))):
            words = [found.start() for found in re.finditer(r"\b[a-z_]\w*", text)]
            if words:
                await self.ask(uri, self.choose.choice(("hover", "definition")), self.choose.choice(words))
        if self.choose.random() < 0.1:
            other = self.choose.choice(list(self.texts))
            await self.ask(other, "codeLens")
            await self.ask(other, "hover", self.choose.randrange(len(self.texts[other]) + 1))

    async def ask(self, uri: str, method: str, offset: int | None = None) -> Any:
        text = self.texts[uri]
        params = self.client.place(uri, text, offset or 0)
        place = params.pop("position")
        if offset is not None:
            params["position"] = place
        elif method == "inlayHint":
            params["range"] = {"start": place, "end": {"line": text.count("\n") + 1, "character": 0}}
        started = perf_counter()
        answer = await self.client.request(f"textDocument/{method}", params)
        self.answers.add(method, perf_counter() - started)
        return answer
