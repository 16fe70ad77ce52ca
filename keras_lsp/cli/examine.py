"""What is known of a file once nothing is due any more: a session of its own, without an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.sandbox.builder import NullBuilder
from keras_lsp.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.sandbox.builder import ModelBuilder
    from keras_lsp.sandbox.catalogue_store import CatalogueStore
    from keras_lsp.sandbox.demand import Demand
    from keras_lsp.sandbox.environment import Environment
    from keras_lsp.sandbox.pool import BuilderSource
    from keras_lsp.session.settings import Settings
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.document import Document


class Examiner:
    """One document after the other, with workers that stay warm. To ask for a file is to trust it."""

    def __init__(
        self,
        builders: BuilderSource,
        settings: Settings,
        roots: Sequence[str],
        catalogues: CatalogueStore | None = None,
    ) -> None:
        self._session = Session(builders, settings, catalogues=catalogues)
        self._session.set_roots(tuple(roots))
        self._session.set_trusted(True)
        self._session.stand_still()

    async def examine(self, document: Document) -> Snapshot:
        self._session.open(document)
        try:
            await self._session.settled(document.key)
            return self._session.snapshot()
        finally:
            self._session.close(document.key)

    async def close(self) -> None:
        await self._session.close_all("All files have been examined.")


async def examine(document: Document, root: str, settings: Settings, builders: BuilderSource) -> Snapshot:
    examiner = Examiner(builders, settings, (root,))
    try:
        return await examiner.examine(document)
    finally:
        await examiner.close()


class StaticOnly:
    """Environments as found, replays refused."""

    def __init__(self, builders: BuilderSource) -> None:
        self._builders = builders

    def builder_for(self, demand: Demand) -> tuple[ModelBuilder, Environment | None]:
        _, environment = self._builders.builder_for(demand)
        return NullBuilder("Replays are turned off with `--static-only`."), environment

    async def close(self, reason: str) -> None:
        await self._builders.close(reason)
