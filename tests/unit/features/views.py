"""Snapshots of one document, and places in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.session.snapshot import DocumentView, EnvironmentFacts, ReplayState, ReplayView, Snapshot
from keras_lsp.source.extract import extract
from keras_lsp.source.parse import parse
from keras_lsp.text.document import Document
from keras_lsp.text.shift import Shift
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.features.results import TextEdit
    from keras_lsp.source.facts import ModuleFacts
    from keras_lsp.source.parse import ParsedModule
    from keras_lsp.worker.report import ReplayReport

KEY = "file:///program.py"


def read(text: str) -> tuple[ModuleFacts, ParsedModule]:
    return extract(text), parse(text)


def static(text: str, line: int | None = None, reason: str = "TensorFlow is not installed") -> Snapshot:
    """What is known without a replay; `line` is the Keras line the environment is known to have."""
    environment = EnvironmentFacts(("python",), "PATH", keras_line=line) if line else None
    document = Document(KEY, 1, text)
    view = DocumentView(document, *read(text), ReplayState.UNAVAILABLE, reason, None, environment)
    return Snapshot({KEY: view})


def current(text: str, report: ReplayReport) -> Snapshot:
    replay = ReplayView(report, Shift.identity(), stale=False)
    return Snapshot({KEY: DocumentView(Document(KEY, 1, text), *read(text), ReplayState.READY, "", replay)})


def stale(text: str, report: ReplayReport, replayed_text: str) -> Snapshot:
    """The text after edits, with the report of what it was before."""
    replay = ReplayView(report, Shift.between(replayed_text, text), stale=True)
    reason = "a new replay is under way"
    view = DocumentView(Document(KEY, 2, text), *read(text), ReplayState.BUILDING, reason, replay)
    return Snapshot({KEY: view})


def at(text: str, marked: str) -> int:
    """Offset of the `|` in `marked`, where the text holds `marked` without it."""
    before, after = marked.split("|")
    return text.index(before + after) + len(before)


def cursor(marked: str) -> tuple[str, int]:
    """A text with its last `‸` taken out, and where that was."""
    offset = marked.rindex("‸")
    return marked[:offset] + marked[offset + 1 :], offset


def whole(text: str) -> Span:
    return Span(0, len(text))


def applied(text: str, edits: tuple[TextEdit, ...]) -> str:
    for edit in sorted(edits, key=lambda e: e.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text
