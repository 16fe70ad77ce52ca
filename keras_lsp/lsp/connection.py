"""The state of one connection: its client, its session, and what runs beside the messages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

import keras_lsp
from keras_lsp.lsp.client import Client
from keras_lsp.lsp.edits import Edits
from keras_lsp.lsp.lookout import Lookout
from keras_lsp.lsp.protocol import KerasProtocol, logger
from keras_lsp.lsp.publish import Publisher
from keras_lsp.lsp.pull import Pull
from keras_lsp.lsp.workspace_check import WorkspaceCheck
from keras_lsp.sandbox.catalogue_store import CatalogueStore
from keras_lsp.session.session import Session
from keras_lsp.session.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from keras_lsp.lsp.notebooks import Notebook
    from keras_lsp.lsp.transport import Connection
    from keras_lsp.sandbox.pool import BuilderSource


_SHOWN = ("hints", "parameter_hints", "code_lens")  # settings of what clients keep until they are told


class KerasLanguageServer(LanguageServer):
    protocol: KerasProtocol

    def __init__(self, builders: BuilderSource, connection: Connection, *, trusted: bool) -> None:
        super().__init__(
            "keras-lsp",
            keras_lsp.__version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            protocol_cls=KerasProtocol,
        )
        self.connection = connection
        self.protocol.set_writer(connection.writer)
        self.client = Client()
        self.settings = self.initial_settings = Settings()
        self.notebooks: dict[str, Notebook] = {}  # by uri; the session knows their Python cells
        self.publisher = Publisher(self)
        self.lookout = Lookout()
        self.pull = Pull()
        self.workspace_check = WorkspaceCheck(self)
        self.session = Session(builders, self.settings, self.publisher, catalogues=CatalogueStore.of_user())
        self.edits = Edits(self.session)
        self.session.set_trusted(trusted)
        self._tasks: set[asyncio.Task[None]] = set()

    def set_settings(self, settings: Settings) -> None:
        before, self.settings = self.settings, settings
        self.session.set_settings(settings)
        if any(getattr(settings, name) != getattr(before, name) for name in _SHOWN):
            self.publisher.refresh()

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it beside the messages, at the longest until the connection closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, reason: str) -> None:
        """Ends what runs. May be called again."""
        self.publisher.stop()
        for task in self._tasks:
            task.cancel()
        await self.workspace_check.close()
        await self.session.close_all(reason)

    def report_server_error(self, error: Exception, source: object) -> None:
        """Never a popup: the log is where a bug of ours belongs. Requests have been answered and logged."""
        if source is not FeatureRequestError:
            logger.error("%s: %s", source, error, exc_info=error)
