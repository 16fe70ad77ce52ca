"""The only mutable state: which documents are open, what is known of each, and which replays are due.

Everything here happens on the event loop's thread and none of it waits: an edit is parsed at once, replays
run in the background and come back as a new snapshot. Disk and processes are behind `ProjectLoader` and
`BuilderSource`.
"""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from keras_lsp.sandbox.catalogue_store import CatalogueStore
from keras_lsp.sandbox.demand import Demand
from keras_lsp.sandbox.examination import Patient, examine
from keras_lsp.session.budget import FailureBudget
from keras_lsp.session.build_queue import BuildQueue
from keras_lsp.session.catalogues import Catalogues
from keras_lsp.session.closed_files import ClosedFiles
from keras_lsp.session.environments import confirmed_facts, environment_facts
from keras_lsp.session.open_document import OpenDocument
from keras_lsp.session.other_files import OtherFiles
from keras_lsp.session.project import ProjectFiles
from keras_lsp.session.recipe import files_of, fingerprint_of, request_for
from keras_lsp.session.settings import Settings
from keras_lsp.session.snapshot import ReplayState, Snapshot
from keras_lsp.session.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from keras_lsp.sandbox.builder import ModelBuilder, ReplayOutcome
    from keras_lsp.sandbox.examination import Findings
    from keras_lsp.sandbox.pool import BuilderSource
    from keras_lsp.session.project import ProjectLoader
    from keras_lsp.source.facts import Elsewhere
    from keras_lsp.text.document import Document

NO_MODEL_CODE = "There is no model code in this file."
NOT_TRUSTED = (
    "The folder is not trusted, so its code is not run. "
    "To see real shapes, trust it in the editor or start the server with `--trust`."
)
NOT_SELECTED = "The editor has not said yet which Python is selected."
STARTING = "Keras is being started."
STOPPED = "You stopped the replay. It is tried again when the code changes, or when you ask for it."
REPLAYING = "The model code is being replayed."


class SessionListener(Protocol):
    def view_changed(self, key: str) -> None:
        """Facts, state or report of a document changed."""

    def building(self, key: str, active: bool) -> None:
        """A replay of a document began or ended."""


class _Nobody:
    def view_changed(self, key: str) -> None:
        """Not told to anybody."""

    def building(self, key: str, active: bool) -> None:
        """Not told to anybody."""


class Session:
    def __init__(
        self,
        builders: BuilderSource,
        settings: Settings | None = None,
        listener: SessionListener | None = None,
        projects: ProjectLoader | None = None,
        catalogues: CatalogueStore | None = None,
    ) -> None:
        self._builders = builders
        self._listener = listener or _Nobody()
        self._around = Surroundings(projects or ProjectFiles(), settings or Settings())
        self._trusted = False
        self._open: dict[str, OpenDocument] = {}
        self._snapshot: Snapshot | None = None
        self._queue = BuildQueue(self._build, self._build_failed)
        self._others = OtherFiles(self._open, self._around, self._learned)
        self._closed = ClosedFiles(self._around)
        self._catalogues = Catalogues(catalogues or CatalogueStore(), self._offer)
        self._budget = FailureBudget()
        self._background: set[asyncio.Task[None]] = set()

    def stand_still(self) -> None:
        """No file changes while this session lasts: what was read of one once need not be read again."""
        self._others.stand_still()

    # -- documents

    def open(self, document: Document) -> None:
        if document.key in self._open:
            self.change(document)
            return
        entry = self._open[document.key] = OpenDocument(document)
        self._find_environment(entry)
        self._look(entry)
        self._text_changed(document.key, entry)

    def change(self, document: Document, *, through: Sequence[Document] = ()) -> None:
        """The new text of an open document; one that is not open is opened.

        `through`: what it was in between, that nobody has to read any more.
        """
        entry = self._open.get(document.key)
        if entry is None:
            self.open(document)
            return
        before = entry.facts.keras
        entry.edit(document, through)
        after = entry.facts.keras
        if (after.legacy, after.backend) != (before.legacy, before.backend):
            self._find_environment(entry)
        self._text_changed(document.key, entry)

    def close(self, key: str) -> None:
        entry = self._open.pop(key, None)
        if entry is not None:
            self._queue.drop(key)
            self._others.closed(key, entry.document.path)
            self._budget.forgive(key)
            self._snapshot = None
            self._refresh_all()
            self._others.others_changed()

    def snapshot(self) -> Snapshot:
        if self._snapshot is None:
            views = {key: entry.view() for key, entry in self._open.items()}
            rules = {key: self._around.rules_of(entry.document.path) for key, entry in self._open.items()}
            self._snapshot = Snapshot(
                MappingProxyType(views),
                self._around.effective_settings(),
                MappingProxyType(rules),
                self._around.problems,
            )
        return self._snapshot

    async def closed_files(self) -> Snapshot:
        """What the text alone says of the files in the folders that are not open."""
        views = await self._closed.views({entry.document.path for entry in self._open.values()})
        return Snapshot(MappingProxyType(views), self._around.effective_settings())

    async def settled(self, key: str) -> None:
        """Returns when nothing is due for a document, neither a look-up in other files nor a replay."""
        while self._others.is_busy(key) or self._queue.is_busy(key):
            await self._others.idle(key)
            await self._queue.idle(key)

    # -- what the user decides

    async def place_of(self, key: str, name: str, method: str = "") -> Elsewhere | None:
        """Where the environment of an open document has the source of a class of Keras, or of its method."""
        return await self._others.place_of(key, name, method) if key in self._open else None

    def text_on_disk(self, path: str) -> str | None:
        """A file as it is saved; None where there is none."""
        return self._around.saved_text(path)

    @property
    def trusted(self) -> bool:
        return self._trusted

    @property
    def roots(self) -> tuple[str, ...]:
        return self._around.roots

    def set_trusted(self, trusted: bool) -> None:
        if trusted == self._trusted:
            return
        self._trusted = trusted
        if not trusted:
            for entry in self._open.values():
                entry.forget_report()
            self._run_in_background(self._builders.close("The folder is no longer trusted."))
        self._refresh_all(changed=True)

    def set_settings(self, settings: Settings) -> None:
        self._around.settings = settings
        self._surroundings_changed()

    def set_roots(self, roots: tuple[str, ...]) -> None:
        self._around.roots = roots
        self._surroundings_changed()

    def set_input_shape(self, class_name: str, shape: str) -> None:
        """The input to build a class with, for this session: "(None, 32)"."""
        self._around.shapes[class_name] = shape
        self._refresh_all(changed=True)

    def look_around(self) -> None:
        """Notices what has changed on disk since the last look, of what the open documents depend on."""
        if self._around.settings_changed():
            self._around.reload()
            self._refresh_all(changed=True)
        changed = [key for key, entry in self._open.items() if self._look(entry)]
        for key in changed:
            self._others.may_have_changed(key)
            if self._refresh(key, self._open[key]):
                self._publish(key)

    def _look(self, entry: OpenDocument) -> bool:
        return entry.disk.look(files_of(entry, self._open.values(), self._around), self._around.stamp_of)

    def rebuild(self, key: str) -> None:
        """Replays a document once more, whatever was decided about it; a worker in trouble is replaced."""
        entry = self._open.get(key)
        if entry is None:
            return
        self._around.reload()
        self._budget.forgive(key)
        entry.restart = entry.state in (ReplayState.FAILED, ReplayState.UNAVAILABLE)
        entry.obstacle = ""
        self._find_environment(entry)
        self._others.forget()
        self._refresh(key, entry, force=True)
        self._publish(key)

    def stop_replay(self, key: str) -> None:
        """What runs for a document ends, at the user's word, and is not tried again of itself."""
        entry = self._open.get(key)
        if entry is not None and entry.state is ReplayState.BUILDING:
            self._budget.refuse(key, entry.fingerprint, STOPPED)
            self._refresh(key, entry)
            self._publish(key)

    async def restart_workers(self) -> None:
        """Ends all workers and replays every open document in fresh ones."""
        for key in self._open:
            self._queue.drop(key)
        await self._builders.close("A restart was asked for.")
        for key in tuple(self._open):
            self.rebuild(key)

    async def examine(self, path: str | None, *, legacy: bool = False, backend: str = "") -> Findings:
        """Whether replays work for a file, or for the first folder, and under what."""
        demand = Demand(path, self._around.roots, self._around.settings, legacy, backend)
        patient = Patient(demand, not_run="" if self._trusted else NOT_TRUSTED)
        return await examine(patient, self._builders)

    async def close_all(self, reason: str) -> None:
        """The end of the session: no replay goes on, no worker is left."""
        await self._queue.close()
        await self._others.close()
        await self._closed.close()
        await self._catalogues.close()
        await asyncio.gather(*self._background)
        await self._builders.close(reason)

    # -- what is due

    def _text_changed(self, key: str, entry: OpenDocument) -> None:
        self._others.text_changed(key)
        changed = self._refresh(key, entry)
        self._publish(key)
        if changed:  # it may be imported by others
            self._refresh_all(but=key)
            self._others.others_changed(but=key)

    def _learned(self, key: str) -> None:
        """The text is the same, and more is known of the classes it imports."""
        self._refresh(key, self._open[key])
        self._publish(key)

    def _surroundings_changed(self) -> None:
        self._around.reload()
        for entry in self._open.values():
            entry.imports = None
            self._find_environment(entry)
        self._others.forget()
        self._refresh_all(changed=True)

    def _refresh_all(self, *, but: str | None = None, changed: bool = False) -> None:
        """Looks at every document again; `changed`: something of each surely did."""
        for key, entry in tuple(self._open.items()):
            if key != but and (self._refresh(key, entry) or changed):
                self._publish(key)

    def _refresh(self, key: str, entry: OpenDocument, *, force: bool = False) -> bool:
        """Brings state in line with text and surroundings, and asks for a replay if one is due.

        Returns whether what a replay depends on has changed. With `force` a replay is always due.
        """
        changed = self._take_fingerprint(entry)
        state, reason = self._standing(key, entry, force)
        if (state, reason) != (entry.state, entry.reason):
            entry.enter(state, reason)
        retried = state is ReplayState.UNAVAILABLE and reason == entry.obstacle
        if state is not ReplayState.BUILDING and not retried:
            entry.wanted = None
            self._queue.drop(key)
        elif force or entry.wanted != entry.fingerprint:
            entry.wanted = entry.fingerprint
            quiet = self._budget.quiet_time(key, self._around.settings.idle_seconds)
            self._queue.want(key, 0.0 if force else quiet)
        return changed

    def _standing(self, key: str, entry: OpenDocument, force: bool) -> tuple[ReplayState, str]:
        if not entry.has_model_code:
            return ReplayState.STATIC, NO_MODEL_CODE
        if not self._trusted:
            return ReplayState.UNAVAILABLE, NOT_TRUSTED
        if self._around.settings.interpreters_follow:
            return ReplayState.UNAVAILABLE, NOT_SELECTED
        if entry.is_current and not force:
            return ReplayState.READY, ""
        verdict = self._budget.verdict(key, entry.fingerprint)
        if verdict:
            return ReplayState.FAILED, verdict
        if entry.obstacle:  # shown until the next try finds it gone
            return ReplayState.UNAVAILABLE, entry.obstacle
        return ReplayState.BUILDING, REPLAYING if entry.confirmed else STARTING

    def _take_fingerprint(self, entry: OpenDocument) -> bool:
        return entry.take_fingerprint(fingerprint_of(entry, self._open.values(), self._around))

    # -- replays

    async def _build(self, key: str) -> None:
        entry = self._open[key]
        builder = self._find_environment(entry)
        self._take_fingerprint(entry)
        entry.wanted = entry.fingerprint
        self._listener.building(key, True)
        try:
            outcome = await self._replay(entry, builder)
        finally:
            self._listener.building(key, False)
        entry.wanted = None
        self._conclude(key, entry, outcome)
        self._publish(key)
        self._catalogues.read(entry.environment, builder)

    async def _replay(self, entry: OpenDocument, builder: ModelBuilder) -> ReplayOutcome | str:
        """The outcome, or why there is no worker to ask."""
        if entry.restart:
            entry.restart = False
            await builder.close("A fresh start was asked for.")
        hello = await builder.start()
        if isinstance(hello, str):
            return hello
        entry.obstacle = ""
        entry.confirm(confirmed_facts(entry.found, hello))
        entry.offer(self._catalogues.of(entry.environment))
        entry.enter(ReplayState.BUILDING, REPLAYING)
        self._publish(entry.document.key)
        entry.send()
        return await builder.replay(request_for(entry, self._open.values(), self._around))

    def _conclude(self, key: str, entry: OpenDocument, outcome: ReplayOutcome | str) -> None:
        if isinstance(outcome, str):
            entry.obstacle = outcome
            entry.enter(ReplayState.UNAVAILABLE, outcome)
        elif outcome.report is None:
            if outcome.terminal:
                self._budget.fail(key, entry.fingerprint, outcome.reason)
            entry.enter(ReplayState.FAILED, outcome.reason)
        else:
            self._budget.forgive(key)
            entry.accept(outcome.report)
            self._look(entry)
            self._refresh(key, entry)

    def _build_failed(self, key: str, error: BaseException) -> None:
        entry = self._open.get(key)
        if entry is not None:
            entry.wanted = None
            entry.enter(ReplayState.FAILED, f"An error inside keras-lsp: {type(error).__name__}: {error}")
            self._publish(key)

    def _find_environment(self, entry: OpenDocument) -> ModelBuilder:
        keras = entry.facts.keras
        around = self._around
        builder, environment = self._builders.builder_for(
            Demand(entry.document.path, around.roots, around.settings, keras.legacy, keras.backend)
        )
        entry.settle(environment_facts(environment) if environment else None)
        entry.offer(self._catalogues.of(entry.environment))
        return builder

    def _offer(self) -> None:
        """More is known of what the Kerases of the environments offer; it is shown when it is asked for."""
        for entry in self._open.values():
            entry.offer(self._catalogues.of(entry.environment))
        self._snapshot = None

    def _publish(self, key: str) -> None:
        self._snapshot = None
        self._listener.view_changed(key)

    def _run_in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
