"""What the Keras of each environment offers: kept from before, bundled, or read by its worker once."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from typing import TYPE_CHECKING

from keras_lsp.knowledge.api import FORMAT, read_api
from keras_lsp.knowledge.bundled import bundled

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from keras_lsp.knowledge.api import Api
    from keras_lsp.sandbox.builder import ModelBuilder
    from keras_lsp.sandbox.catalogue_store import CatalogueStore
    from keras_lsp.session.snapshot import EnvironmentFacts

_LONGEST_VERSION = 40

_log = logging.getLogger(__name__)


class Catalogues:
    """`learned` is called when `of` would answer otherwise than before."""

    def __init__(self, store: CatalogueStore, learned: Callable[[], None]) -> None:
        self._store = store
        self._learned = learned
        self._known: dict[str, Api | None] = {}  # by file name; None: looked for and not found
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._hopeless: set[str] = set()  # asking again would end the same way

    def of(self, environment: EnvironmentFacts | None) -> Api | None:
        """Of the Keras that is installed there, as soon as that is known."""
        name = _file_name(environment)
        if name is None or environment is None:
            return None
        if name not in self._known and name not in self._looking:
            self._begin(self._looking, name, self._look_up(name, environment))
        return self._known.get(name)

    def read(self, environment: EnvironmentFacts | None, builder: ModelBuilder) -> None:
        """Has the worker read it where nobody did before; for a time when it has nothing else to do."""
        name = _file_name(environment)
        settled = name in self._reading or name in self._hopeless
        if name is not None and self._known.get(name) is None and not settled:
            self._begin(self._reading, name, self._read(name, builder))

    async def settle(self) -> None:
        """Until nothing is looked for or read."""
        while tasks := [*self._looking.values(), *self._reading.values()]:
            await asyncio.wait(tasks)

    async def close(self) -> None:
        for task in (*self._looking.values(), *self._reading.values()):
            task.cancel()
        await self.settle()

    def _begin(
        self, tasks: dict[str, asyncio.Task[None]], name: str, work: Coroutine[None, None, None]
    ) -> None:
        task = tasks[name] = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(lambda _: tasks.pop(name, None))

    async def _look_up(self, name: str, environment: EnvironmentFacts) -> None:
        self._know(name, await asyncio.to_thread(self._on_disk, name, environment))

    def _on_disk(self, name: str, environment: EnvironmentFacts) -> Api | None:
        kept = _api(self._store.load(name))
        if kept is not None:
            return kept
        ours = bundled(environment.keras_line or 3)
        return ours if ours.version == environment.keras_version else None

    async def _read(self, name: str, builder: ModelBuilder) -> None:
        if name in self._looking:
            await asyncio.wait([self._looking[name]])
        if self._known.get(name) is not None:
            return
        outcome = await builder.catalogue()
        api = await asyncio.to_thread(_api, outcome.catalogue)
        if api is not None:
            self._know(name, api)
            await asyncio.to_thread(self._store.save, name, outcome.catalogue)
        elif outcome.terminal or outcome.catalogue is not None:
            self._hopeless.add(name)

    def _know(self, name: str, api: Api | None) -> None:
        self._known[name] = api
        if api is not None:
            self._learned()


def _api(data: object) -> Api | None:
    if data is None:
        return None
    try:
        return read_api(data)
    except ValueError as error:
        _log.info("a catalogue is not used: %s", error)
        return None


def _file_name(environment: EnvironmentFacts | None) -> str | None:
    """None where the version is not known."""
    if environment is None or environment.keras_version is None or environment.keras_line is None:
        return None
    version = re.sub(r"[^0-9A-Za-z.+-]", "_", environment.keras_version)[:_LONGEST_VERSION]
    # An environment may lie about its version and about Keras, to nobody but itself.
    own = hashlib.sha256("\0".join(environment.command).encode("utf-8", "replace")).hexdigest()[:12]
    return f"keras{environment.keras_line}-{version}-{own}-{FORMAT}.json.gz"
