"""One open document: its text, what is known of it, and where its replay stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_lsp.session.snapshot import DocumentView, EnvironmentFacts, ReplayState, ReplayView
from keras_lsp.source.incremental import LiveModule
from keras_lsp.text.notebook import edits_between
from keras_lsp.text.shift import Shift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keras_lsp.knowledge.api import Api
    from keras_lsp.session.project import Stamp
    from keras_lsp.source.facts import ModuleFacts
    from keras_lsp.source.parse import ParsedModule
    from keras_lsp.source.resolve import NameResolver
    from keras_lsp.text.document import Document
    from keras_lsp.worker.report import ReplayReport


@dataclass(slots=True)
class _Replayed:
    """A text that was replayed: its fingerprint, and the edits made to it since."""

    text: str
    code: str  # the same without what does not parse
    fingerprint: str
    shift: Shift = field(default_factory=Shift.identity)
    report: ReplayReport | None = None
    is_torn: bool = False  # an edit took code with it, of which some is there again
    is_lost: bool = False  # of some code of the text as it is now nobody can tell where it was

    def edit(self, step: Shift, before: str, text: str) -> None:
        """What was cut and is back, as by an undo, is where it was: no edit could say so."""
        self.shift = Shift.identity() if text == self.text else self.shift.then(step)
        self.is_torn |= any(edit.replaced.of(before).strip() for edit in step.edits)

    def come_back(self, code: str) -> None:
        """The same code, as a program: where the lines of code are the same, it is clear where each was."""
        by_lines = Shift.by_lines(self.code, code)
        self.shift = Shift.between(self.code, code) if by_lines is None else by_lines
        self.is_torn, self.is_lost = False, by_lines is None


@dataclass(slots=True)
class DiskState:
    """Files that a document depends on, and how they were when somebody looked last."""

    stamps: dict[str, Stamp] = field(default_factory=dict)
    changes: int = 0  # how often one of them was another than before

    def look(self, paths: Iterable[str], stamp_of: Callable[[str], Stamp]) -> bool:
        """Whether one has changed since; those that nobody looked at before have not."""
        before, self.stamps = self.stamps, {path: stamp_of(path) for path in paths}
        changed = any(before.get(path, stamp) != stamp for path, stamp in self.stamps.items())
        self.changes += changed
        return changed


class OpenDocument:
    """Holds and moves state; decides nothing."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.module = LiveModule(document.text)
        self.imports: frozenset[str] | None = None  # files its imports may mean, once somebody asked
        self.fingerprint = ""  # of all that a replay of the text as it is now depends on
        self.disk = DiskState()
        self.wanted: str | None = None  # fingerprint of the replay that waits or runs
        self.obstacle = ""  # why no worker can be had, as of the last try
        self.restart = False  # the user asked for a fresh worker
        self.found: EnvironmentFacts | None = None  # from package metadata
        self.confirmed: EnvironmentFacts | None = None  # the same, as the worker said
        self.api: Api | None = None  # what the installed Keras offers
        self.state = ReplayState.STATIC
        self.reason = ""
        self._sent: _Replayed | None = None
        self._kept: _Replayed | None = None
        self._view: DocumentView | None = None

    def edit(self, document: Document, through: Iterable[Document] = ()) -> None:
        for text in (*through, document):
            old, new = self.document.cells, text.cells
            step = edits_between(old, new) if old and new else Shift.between(self.document.text, text.text)
            for replayed in (self._sent, self._kept):
                if replayed is not None:
                    replayed.edit(step, self.document.text, text.text)
            self.document = text
        self._view = self.imports = None
        self.module.edit(document.text)

    def learn(self, names: NameResolver | None) -> None:
        """The same text, with what is known now of classes of other files."""
        self._view = None
        self.module.learn(names)

    @property
    def parsed(self) -> ParsedModule:
        return self.module.parsed

    @property
    def facts(self) -> ModuleFacts:
        return self.module.facts

    def take_fingerprint(self, fingerprint: str) -> bool:
        """Whether it is another one: then a report of the old code is stale."""
        is_other = fingerprint != self.fingerprint
        for replayed in (self._sent, self._kept):
            if (
                replayed is not None
                and replayed.fingerprint == fingerprint
                and (is_other or replayed.is_torn)
            ):
                replayed.come_back(self.parsed.text)
                self._view = None
        if is_other:
            self.fingerprint, self._view = fingerprint, None
        return is_other

    def enter(self, state: ReplayState, reason: str = "") -> None:
        self.state, self.reason, self._view = state, reason, None

    def settle(self, found: EnvironmentFacts | None) -> None:
        """The environment as found on disk; what a worker confirmed of another one no longer counts."""
        if found != self.found:
            self.found, self.confirmed, self._view = found, None, None

    def confirm(self, environment: EnvironmentFacts | None) -> None:
        self.confirmed, self._view = environment, None

    def offer(self, api: Api | None) -> None:
        if api is not self.api:
            self.api, self._view = api, None

    def send(self) -> None:
        """The text as it is now goes to the worker."""
        self._sent = _Replayed(self.document.text, self.parsed.text, self.fingerprint)

    def accept(self, report: ReplayReport) -> bool:
        """Keeps the report of the text that was sent; False when the code has changed meanwhile."""
        sent, self._sent = self._sent, None
        if sent is None or sent.fingerprint != self.fingerprint:
            return False
        sent.report = report
        self._kept, self._view = sent, None
        return True

    def forget_report(self) -> None:
        self._sent = self._kept = self._view = None

    @property
    def path(self) -> str:
        """Where the document is, or a name of its own for one that is nowhere."""
        return self.document.path or f"/{re.sub(r'[^0-9A-Za-z]+', '_', self.document.key).strip('_')}.py"

    @property
    def files_read(self) -> tuple[str, ...]:
        """What the last report depends on of the disk."""
        return self._kept.report.files if self._kept is not None and self._kept.report is not None else ()

    @property
    def environment(self) -> EnvironmentFacts | None:
        return self.confirmed or self.found

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.module.class_names

    @property
    def has_model_code(self) -> bool:
        return self.module.has_model_code

    @property
    def is_current(self) -> bool:
        """Whether the report is of today's code, also where another layout has moved it."""
        kept = self._kept
        return kept is not None and kept.fingerprint == self.fingerprint and not kept.is_lost

    def view(self) -> DocumentView:
        if self._view is None:
            kept, replay = self._kept, None
            if kept is not None and kept.report is not None:
                replay = ReplayView(kept.report, kept.shift, stale=not self.is_current)
            self._view = DocumentView(
                self.document,
                self.facts,
                self.parsed,
                self.state,
                self.reason,
                replay,
                self.environment,
                self.api,
            )
        return self._view
