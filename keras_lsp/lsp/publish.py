"""What the server says unasked: diagnostics and status of each document, when they have changed.

A client that pulls diagnostics is only told to ask again; see `pull`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.rules import choice
from keras_lsp.lsp import status, to_lsp
from keras_lsp.lsp.progress import Progress
from keras_lsp.lsp.sheet import sheets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.lsp.client import Client
    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.lsp.sheet import Sheet
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.worker.report import ReplayReport

IDLE_SECONDS = 0.1  # quiet time after an edit before its diagnostics are published

logger = logging.getLogger(__name__)


@dataclass
class _Told:
    """What the client was last told about one document; of a notebook by its cells."""

    version: int | None = None  # of the text last looked at
    diagnostics: dict[str, Sequence[types.Diagnostic]] = field(default_factory=dict)  # by uri
    quiet: asyncio.Event = field(default_factory=asyncio.Event)  # set while no edit waits to be looked at
    pulled: bool = False  # whether the client has asked for the diagnostics
    waiting: int = 0  # how many wait for that
    status: dict[str, status.Status] = field(default_factory=dict)  # by uri
    report: ReplayReport | None = None
    stale: bool = False
    timer: asyncio.TimerHandle | None = None


class Publisher:
    """Listens to the session. Looks at a document soon after it changed, once for many changes."""

    def __init__(self, ls: KerasLanguageServer) -> None:
        self._ls = ls
        self._told: dict[str, _Told] = {}
        self._progress = Progress(ls)
        self._told_problems: set[str] = set()  # of settings
        self._to_refresh: asyncio.Handle | None = None

    def view_changed(self, key: str) -> None:
        view = self._ls.session.snapshot().view(key)
        if view is None:
            return
        told = self._told.setdefault(key, _Told(view.document.version))
        typing = told.version != view.document.version
        told.version = view.document.version
        told.stale = told.stale or (view.replay is not None and view.replay.stale)  # and was asked for, maybe
        told.quiet.clear()
        if told.timer is not None:
            if not typing:
                return  # it will be looked at soon
            told.timer.cancel()
        delay = IDLE_SECONDS if typing else 0.0
        told.timer = asyncio.get_running_loop().call_later(delay, self._publish, key)

    async def quiet(self, key: str) -> None:
        """Returns when the last edit of a document has been looked at."""
        told = self._told.get(key)
        if told is None:
            return
        told.pulled = True
        told.waiting += 1
        try:
            await told.quiet.wait()
        finally:
            told.waiting -= 1

    def building(self, key: str, active: bool) -> None:
        self._progress.building(key, active)

    def closed(self, key: str) -> None:
        """Forget the document; what was shown for it disappears."""
        told = self._told.pop(key, None)
        if told is None:
            return
        if told.timer is not None:
            told.timer.cancel()
        told.quiet.set()
        for uri in () if self._ls.client.pulls_diagnostics else told.diagnostics:
            self._ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def refresh(self) -> None:
        """What clients keep until they are told: hints and lenses."""
        if self._told and self._ls.client.refreshes_hints:
            self._ls.workspace_inlay_hint_refresh(None)
        if self._told and self._ls.client.refreshes_lenses:
            self._ls.workspace_code_lens_refresh(None)

    def stop(self) -> None:
        for told in self._told.values():
            if told.timer is not None:
                told.timer.cancel()
            told.quiet.set()
        self._progress.stop()

    def _publish(self, key: str) -> None:
        snapshot = self._ls.session.snapshot()
        view, told = snapshot.view(key), self._told.get(key)
        if view is None or told is None:
            return
        told.timer = None
        told.quiet.set()
        self._tell_problems(snapshot)
        self._tell_status(view, told)
        self._tell_diagnostics(snapshot, view, told)
        report, stale = (view.replay.report, view.replay.stale) if view.replay else (None, False)
        # When it gets old the client has just edited, and asks anyway; not so when an edit is taken back.
        if report is not told.report or (told.stale and not stale):
            self.refresh()
        told.report, told.stale = report, stale

    def _tell_problems(self, snapshot: Snapshot) -> None:
        """Settings that have no effect are said once each, where a user looks who wonders why."""
        for problem in choice.problems(snapshot):
            if problem not in self._told_problems:
                self._told_problems.add(problem)
                self._ls.window_log_message(types.LogMessageParams(types.MessageType.Warning, problem))

    def _tell_status(self, view: DocumentView, told: _Told) -> None:
        before, told.status = told.status, {}
        for sheet in sheets_of(view.document, self._ls.client.encoding):
            now = told.status[sheet.uri] = status.of(view, sheet.uri)
            if now != before.get(sheet.uri):
                self._ls.protocol.notify(status.METHOD, now.params())

    def _tell_diagnostics(self, snapshot: Snapshot, view: DocumentView, told: _Told) -> None:
        before, told.diagnostics = told.diagnostics, {}
        for sheet in sheets_of(view.document, self._ls.client.encoding):
            now = diagnostics_in(snapshot, sheet, self._ls.client)
            if now != before.pop(sheet.uri, ()):
                self._say(told, sheet, now)
            if now:
                told.diagnostics[sheet.uri] = now
        for uri in before:  # of cells that are gone
            if not self._ls.client.pulls_diagnostics:
                self._ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, ()))

    def _say(self, told: _Told, sheet: Sheet, now: Sequence[types.Diagnostic]) -> None:
        if not self._ls.client.pulls_diagnostics:
            self._ls.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(sheet.uri, now, sheet.own.version)
            )
            return
        # Who waits for an answer is about to see it, of a notebook only in one cell.
        sees = not told.pulled or (told.waiting > 0 and sheet.cell is None)
        if self._to_refresh is None and not sees:
            self._to_refresh = asyncio.get_running_loop().call_soon(self._ask_to_pull)

    def _ask_to_pull(self) -> None:
        """Once for all documents that have changed together."""
        self._to_refresh = None
        self._ls.workspace_diagnostic_refresh(None)


def diagnostics_in(snapshot: Snapshot, sheet: Sheet, client: Client) -> tuple[types.Diagnostic, ...]:
    """What is found in what the client calls a document; nothing where a rule fails, which is logged."""
    document = sheet.document
    try:
        findings = diagnostics(snapshot, document.key)
    except Exception:
        logger.exception("diagnostics failed for %s, version %s", document.key, document.version)
        return ()
    here = (to_lsp.diagnostic(found, sheet, client) for found in findings if sheet.starts(found.span))
    return tuple(found for found in here if found is not None)
