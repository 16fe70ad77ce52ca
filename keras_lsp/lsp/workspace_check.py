"""All files of the workspace, when somebody asks: a check beside the server, its findings in closed files.

What is open is shown by `publish` and `pull`, with its unsaved text.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from keras_lsp.features import wording
from keras_lsp.features.results import Finding, Related, Severity
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.progress import begun, ended
from keras_lsp.lsp.sheet import Sheet
from keras_lsp.sandbox.check_process import CheckFailedError, CheckProcess
from keras_lsp.text.document import Document
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.lsp.connection import KerasLanguageServer

NOTEBOOK = ".ipynb"  # its cells have uris of the client's own, which nobody else can know

logger = logging.getLogger(__name__)


class WorkspaceCheck:
    def __init__(self, ls: KerasLanguageServer) -> None:
        self._ls = ls
        self._process: CheckProcess | None = None
        self._shown: set[str] = set()  # uris of files with findings that the client was told of

    async def run(self) -> str:
        """What was looked at and found, in a sentence. The findings are published as they come."""
        if self._process is not None:
            return "A check is running already."
        roots = self._ls.session.roots
        if not roots:
            return "No folder is open."
        trusted = self._ls.session.trusted
        try:
            settings = dataclasses.asdict(self._ls.settings)
            process = await CheckProcess.start(roots, settings, static_only=not trusted)
        except OSError as error:
            return f"The check could not be started: {error.strerror or error}."
        self._process = process
        self._forget(tuple(self._shown))
        bar = _Bar(self._ls, process)
        try:
            files = [file async for file in self._files(process, bar)]
        except (CheckFailedError, ValueError, KeyError, TypeError) as error:
            logger.warning("the check of the workspace failed: %s", error)
            return f"The check failed: {error}"
        finally:
            self._process = None
            bar.end()
            await process.stop()
        told = _summary(files, trusted=trusted)
        return f"Stopped. {told}" if bar.stopped else told

    async def _files(self, process: CheckProcess, bar: _Bar) -> Any:
        async for data in process.lines():
            if "path" not in data:
                await bar.begin(data["files"])
                continue
            bar.step()
            self._tell(data)
            yield data

    def opened(self, uri: str) -> None:
        """It has findings of its own from now on."""
        self._forget([uri])

    def changed(self, uris: Iterable[str]) -> None:
        """On disk, so that what was found there may be true no more."""
        self._forget(uris)

    async def close(self) -> None:
        if self._process is not None:
            await self._process.stop()

    def _forget(self, uris: Iterable[str]) -> None:
        for uri in self._shown.intersection(uris):
            self._shown.discard(uri)
            self._ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def _tell(self, data: dict[str, Any]) -> None:
        path = str(data["path"])
        uri = PurePath(path).as_uri()
        if not data["findings"] or path.endswith(NOTEBOOK):
            return
        if self._ls.session.snapshot().view_with(uri) is not None:
            return
        text = self._ls.session.text_on_disk(path)
        if text is None:
            return
        sheet = Sheet(Document(uri, None, text, path), self._ls.client.encoding)
        told = [_finding(sheet.document, one) for one in data["findings"]]
        shown = [one for found in told if (one := to_lsp.diagnostic(found, sheet, self._ls.client))]
        self._shown.add(uri)
        self._ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown))


class _Bar:
    """How far the check is, for a client that shows it; its user may stop it there."""

    def __init__(self, ls: KerasLanguageServer, process: CheckProcess) -> None:
        self._ls = ls
        self._process = process
        self._token: str | None = None
        self._all = self._done = 0
        self.stopped = False

    async def begin(self, files: int) -> None:
        self._all = files
        if self._ls.client.shows_progress:
            begin = types.WorkDoneProgressBegin(
                title="Keras", cancellable=True, message="checking all files", percentage=0
            )
            self._token = await begun(self._ls, begin, self._stop)

    def step(self) -> None:
        self._done += 1
        if self._token is not None:
            report = types.WorkDoneProgressReport(
                message=f"{self._done:,} of {self._all:,} files",
                percentage=100 * self._done // max(1, self._all),
            )
            self._ls.work_done_progress.report(self._token, report)

    def end(self) -> None:
        if self._token is not None:
            ended(self._ls, self._token)

    def _stop(self) -> None:
        self.stopped = True
        self._ls.in_background(self._process.stop())


def _finding(document: Document, data: dict[str, Any]) -> Finding:
    span = partial(_span, document)
    return Finding(
        data["code"],
        data["slug"],
        Severity(data["severity"]),
        span(data["place"]),
        data["message"],
        tuple(Related(span(place), message) for place, message in data["related"]),
    )


def _span(document: Document, place: dict[str, int]) -> Span:
    """Lines and columns count from 1, columns in code points."""
    lines = document.lines
    start, end = (
        lines.line_span(place[line] - 1).start + place[column] - 1
        for line, column in (("line", "column"), ("end_line", "end_column"))
    )
    return Span(start, max(start, end))


def _summary(files: list[dict[str, Any]], *, trusted: bool) -> str:
    """`40 files, 3 with models, run with Keras 3.15.0: 1 error, 2 warnings.`"""
    counts = Counter(one["severity"] for file in files for one in file["findings"])
    models = [file for file in files if file["has_models"]]
    versions = sorted({file["keras"] for file in models if file["keras"]})
    found = ", ".join(
        wording.count_text(counts[level.value], level.value) for level in Severity if counts[level.value]
    )
    parts = [f"{wording.count_text(len(files), 'file')}, {len(models):,} with models"]
    if versions:
        parts.append(f"run with Keras {' and '.join(versions)}")
    told = f"{', '.join(parts)}: {found or 'nothing found'}."
    hidden = sum(len(file["findings"]) for file in files if file["path"].endswith(NOTEBOOK))
    if hidden:
        verb = "is" if hidden == 1 else "are"
        told += f" {hidden:,} {verb} in notebooks, which show theirs when they are open."
    if not trusted:
        return f"{told} The folder is not trusted, so no code was run."
    for reason, count in Counter(file["reason"] for file in models if file["reason"]).most_common(1):
        told += f" {wording.count_text(count, 'file')} judged by the text alone: {reason}"
    return told
