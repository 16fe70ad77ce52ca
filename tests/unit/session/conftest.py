"""A session whose builders answer at once, record what they were asked, and can be told to wait or fail."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.builder import ReplayOutcome
from keras_lsp.sandbox.environment import Environment
from keras_lsp.sandbox.packages import Packages
from keras_lsp.session.project import SETTINGS_FILE, ModulePlace, ProjectSettings, Stamp
from keras_lsp.session.session import Session
from keras_lsp.session.settings import Settings
from keras_lsp.text.document import Document
from keras_lsp.worker.report import NodeFact, ReplayReport, Value, Versions
from keras_lsp.worker.wire import Hello

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.sandbox.demand import Demand
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.worker.wire import ReplayRequest

KEY = "file:///w/model.py"
MODEL = """\
import keras

class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(64)

    def call(self, inputs):
        return self.dense(inputs)
"""
HELLO = Hello(
    protocol=1,
    python="3.11.7",
    keras="3.15.1",
    keras_line=3,
    backend="tensorflow",
    tensorflow="2.21.0",
    fork=True,
    import_seconds=2.0,
)


def document(text: str = MODEL, path: str = "/w/model.py", version: int = 1) -> Document:
    return Document(f"file://{path}", version, text, path)


def report_on(request: ReplayRequest) -> ReplayReport:
    """One node fact, at the first `Dense` of the text that was sent."""
    start = request.text.find("Dense")
    nodes = (NodeFact((start, start + 5), (Value("other", text="Dense"),)),) if start >= 0 else ()
    return ReplayReport(Versions("3.11.7", "3.15.1", 3), nodes=nodes)


@dataclass
class Builders:
    """BuilderSource and ModelBuilder in one; it also notes what the session tells its listener."""

    requests: list[ReplayRequest] = field(default_factory=list)
    outcome: ReplayOutcome | None = None  # instead of a report
    hello: Hello | str = HELLO
    starts: int = 0
    offered: object = None  # the catalogue a worker would send
    catalogues: int = 0  # how often it was asked for
    closed: list[str] = field(default_factory=list)
    cancelled: int = 0
    packages: Packages = Packages("3.15.1", "2.21.0")  # noqa: RUF009  # frozen
    found: bool = True
    error: Exception | None = None
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    changed: list[str] = field(default_factory=list)
    active: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.go_on.set()

    def builder_for(self, demand: Demand) -> tuple[Builders, Environment | None]:
        command = demand.settings.interpreter or ("/usr/bin/python3",)
        return self, Environment(command, "PATH", self.packages, demand.legacy) if self.found else None

    async def start(self) -> Hello | str:
        self.starts += 1
        return self.hello

    async def replay(self, request: ReplayRequest) -> ReplayOutcome:
        self.requests.append(request)
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return self.outcome or ReplayOutcome(report_on(request))

    async def catalogue(self) -> ReplayOutcome:
        self.catalogues += 1
        return self.outcome or ReplayOutcome(catalogue=self.offered)

    async def close(self, reason: str) -> None:
        self.closed.append(reason)

    def view_changed(self, key: str) -> None:
        self.changed.append(key)

    def building(self, key: str, active: bool) -> None:
        self.active.append((key, active))


@dataclass
class Disk:
    """ProjectLoader: packages by folder, project settings by root."""

    packages: dict[str, ModulePlace] = field(default_factory=dict)
    settings: dict[str, ProjectSettings] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # files that are not open
    installed: tuple[str, ...] = ()  # folders with packages of the user's Python

    def settings_of(self, root: str) -> ProjectSettings:
        return self.settings.get(root, ProjectSettings())

    def place_of(self, path: str) -> ModulePlace:
        folder = path.rpartition("/")[0]
        return self.packages.get(folder, ModulePlace("", folder))

    def text_of(self, path: str) -> str | None:
        return self.texts.get(path)

    def stamp_of(self, path: str) -> Stamp:
        root, _, name = path.rpartition("/")
        if name == SETTINGS_FILE:
            return (0, hash(repr(self.settings.get(root))), 0) if root in self.settings else None
        text = self.texts.get(path)
        return None if text is None else (0, hash(text), len(text))

    def packages_of(self, command: tuple[str, ...]) -> tuple[str, ...]:
        del command
        return self.installed

    def files_below(self, folder: str) -> Iterator[str]:
        return (path for path in self.texts if path.startswith(f"{folder}/"))


@dataclass
class Bench:
    """A session with what it stands on."""

    builders: Builders
    disk: Disk
    session: Session

    async def settle(self) -> None:
        """Until no replay and no look-up waits or runs."""
        queues = (self.session._queue, self.session._others._queue)
        while any(queue._waiting or queue._running or queue._ending for queue in queues):  # noqa: ASYNC110  # lets the loop turn, waits for no time
            await asyncio.sleep(0)

    async def until_asked(self, count: int) -> None:
        while len(self.builders.requests) < count:  # noqa: ASYNC110  # lets the loop turn, waits for no time
            await asyncio.sleep(0)

    def edit(self, text: str, key: str = KEY) -> None:
        old = self.view(key).document
        version = (old.version or 0) + 1
        self.session.change(dataclasses.replace(old, version=version, text=text))

    def view(self, key: str = KEY) -> DocumentView:
        view = self.session.snapshot().view(key)
        assert view is not None
        return view

    def fact(self, key: str = KEY) -> str:
        """The text that the report's node fact is about by now."""
        view = self.view(key)
        assert view.replay is not None
        (span,) = view.replay.spans
        return span.of(view.document.text)


@pytest.fixture
async def untrusted() -> Bench:
    builders, disk = Builders(), Disk()
    return Bench(builders, disk, Session(builders, Settings(idle_seconds=0.0), builders, disk))


@pytest.fixture
async def bench(untrusted: Bench) -> Bench:
    """Trusted, with the model open and replayed."""
    untrusted.session.set_trusted(True)
    untrusted.session.set_roots(("/w",))
    untrusted.session.open(document())
    await untrusted.settle()
    return untrusted
