"""One builder for each environment in use, chosen anew for each document from what is on disk."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import keras_lsp
from keras_lsp.sandbox import outer
from keras_lsp.sandbox.builder import ModelBuilder, NullBuilder
from keras_lsp.sandbox.demand import Demand
from keras_lsp.sandbox.environment import Environment, NoEnvironment, discover
from keras_lsp.sandbox.freshness import EnvironmentWatch
from keras_lsp.sandbox.jail import Jail
from keras_lsp.sandbox.keras_config import default_backend
from keras_lsp.sandbox.machine import Machine
from keras_lsp.sandbox.process import WorkerProcess
from keras_lsp.sandbox.sandboxed import SandboxBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keras_lsp.sandbox.demand import InterpreterSettings

BOOT = Path(keras_lsp.__file__).parent / "worker" / "boot.py"
_LOOK_AGAIN = 5.0  # seconds a look at the disk stays good


class BuilderSource(Protocol):
    """Where a document's builder comes from, with the environment it stands for, if there is one."""

    def builder_for(self, demand: Demand) -> tuple[ModelBuilder, Environment | None]: ...

    async def close(self, reason: str) -> None: ...


class WorkerPool:
    """A warm worker for each interpreter, meaning of `tf.keras` and backend; none before it is needed."""

    def __init__(
        self,
        machine: Machine | None = None,
        launch: Callable[[Environment, Machine], WorkerProcess] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._machine = machine or Machine.here()
        self._launch = launch or launch_worker
        self._clock = clock
        self._builders: dict[object, tuple[EnvironmentWatch, SandboxBuilder]] = {}
        self._looked: dict[object, tuple[float, Environment | NoEnvironment]] = {}

    def builder_for(self, demand: Demand) -> tuple[ModelBuilder, Environment | None]:
        found = self._discover(demand)
        if isinstance(found, NoEnvironment):
            return NullBuilder(found.reason), None
        around = outer.choose(demand, self._machine, found)
        if isinstance(around, str):
            return NullBuilder(around), found
        backend = "" if demand.backend == default_backend(self._machine) else demand.backend
        found = replace(found, backend=backend, outer=around)
        key = (found.command, found.legacy, found.backend, found.outer)
        known = self._builders.get(key)
        if known is None:
            known = self._builders[key] = (EnvironmentWatch(found, self._machine), self._builder(found))
        elif known[0].changed():
            known[1].renew()
        return known[1], found

    def stamp(self, path: str, roots: Sequence[str], settings: InterpreterSettings) -> str:
        """Another text where the environment of a file, or what is installed in it, is another."""
        found = self._discover(Demand(path, tuple(roots), settings))
        if isinstance(found, NoEnvironment):
            return found.reason
        return f"{found} {EnvironmentWatch(found, self._machine).seen}"

    async def close(self, reason: str) -> None:
        """Ends all workers. Builders asked for later start afresh."""
        self._looked.clear()
        builders, self._builders = list(self._builders.values()), {}
        await asyncio.gather(*(builder.close(reason) for _, builder in builders))

    def _builder(self, environment: Environment) -> SandboxBuilder:
        return SandboxBuilder(lambda: self._launch(environment, self._machine), self._clock)

    def _discover(self, demand: Demand) -> Environment | NoEnvironment:
        folder = str(Path(demand.path).parent) if demand.path else None
        chosen = tuple(sorted(demand.settings.interpreters.items()))
        key = (folder, demand.roots, demand.settings.interpreter, chosen, demand.legacy)
        now = self._clock()
        known = self._looked.get(key)
        if known is None or now - known[0] > _LOOK_AGAIN:
            found = discover(demand, self._machine)
            known = self._looked[key] = (now, found)
        return known[1]


def launch_worker(environment: Environment, machine: Machine) -> WorkerProcess:
    """A worker of the product, not yet started. Raises OSError when its folder cannot be made."""
    return WorkerProcess((*environment.command, str(BOOT)), Jail.prepare(environment, machine))
