"""`keras-lsp show FILE`: the file in the terminal with what an editor would show."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from keras_lsp.cli.examine import StaticOnly, examine
from keras_lsp.features import diagnostics, hover, inlay_hints
from keras_lsp.features.results import Severity
from keras_lsp.sandbox.pool import WorkerPool
from keras_lsp.session.settings import Settings
from keras_lsp.source.facts import ModelKind
from keras_lsp.text.document import Document
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import DocumentView, Snapshot

_HINT = "dim italic cyan"
_COLOURS = {
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFORMATION: "blue",
    Severity.HINT: "dim",
}


def show(
    file: str,
    python: str | None,
    *,
    replay: bool,
    console: Console | None = None,
    untested: bool = False,
) -> int:
    """0 when the file could be shown, with or without a replay; 2 when it cannot be read."""
    console = console or Console()
    path = Path(file).absolute()
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        console.print(Text(f"{file} cannot be read: {error.strerror}", "red"))
        return 2
    document = Document(path.as_uri(), None, text, str(path))
    interpreter = (python,) if python else ()
    settings = Settings(interpreter=interpreter, idle_seconds=0.0, untested_sandbox=untested)
    workers = WorkerPool()
    builders = workers if replay else StaticOnly(workers)
    here = Path.cwd()
    root = here if here in path.parents else path.parent
    with console.status("Asking Keras…" if replay else "Reading…"):
        snapshot = asyncio.run(examine(document, str(root), settings, builders))
    console.print(Group(*render(snapshot, document.key)))
    return 0


def render(snapshot: Snapshot, key: str) -> Iterator[RenderableType]:
    """The source with its hints and findings, the cards of its models, and how all that is known."""
    view = snapshot.view(key)
    if view is None:
        return
    findings = diagnostics.diagnostics(snapshot, key)
    yield from _source(snapshot, view, findings)
    yield from _cards(snapshot, view)
    yield Text(_provenance(view), "dim")
    if findings:
        yield Text(f"{len(findings)} finding{'s' if len(findings) > 1 else ''}.", "bold")


def _source(
    snapshot: Snapshot, view: DocumentView, findings: tuple[Finding, ...]
) -> Iterator[RenderableType]:
    document = view.document
    text = document.text
    code = Syntax(text, "python", theme="ansi_dark", background_color="default").highlight(text)
    shown = inlay_hints.inlay_hints(snapshot, document.key, Span(0, len(text)))
    width = len(str(document.lines.line_count))
    for line in range(document.lines.line_of(len(text.rstrip())) + 1):
        span = document.lines.line_span(line)
        parts, begin = Text(f"{line + 1:>{width}}  ", "dim"), span.start
        for hint in shown:
            if document.lines.line_of(hint.offset) == line:
                parts.append(code[begin : hint.offset]).append(hint.label, _HINT)
                begin = hint.offset
        yield parts.append(code[begin : span.end])
        for finding in findings:
            if document.lines.line_of(finding.span.start) == line:
                yield from _finding(view, finding, width + 2)


def _finding(view: DocumentView, finding: Finding, margin: int) -> Iterator[RenderableType]:
    """A line of carets below the code, and what it is about, both in the finding's colour."""
    lines = view.document.lines
    line = lines.line_span(lines.line_of(finding.span.start))
    end = max(finding.span.start + 1, min(finding.span.end, line.end))
    carets = " " * (margin + finding.span.start - line.start) + "^" * (end - finding.span.start)
    colour = _COLOURS[finding.severity]
    yield Text(carets, colour, no_wrap=True)
    told = [Text(f"{finding.code} {finding.message}", colour)]
    told.extend(
        Text(f"line {lines.line_of(related.span.start) + 1}: {related.message}", "dim")
        for related in finding.related
    )
    told.extend(Text(f"fix: {fix.title}", "green") for fix in finding.fixes)
    yield Padding(Group(*told), (0, 0, 0, margin))


def _cards(snapshot: Snapshot, view: DocumentView) -> Iterator[Panel]:
    """A hover on each model class, and on each model variable of the module that is of another kind."""
    places = [model.name_span for model in view.facts.classes if model.kind is ModelKind.SUBCLASS]
    others = (ModelKind.SEQUENTIAL, ModelKind.FUNCTIONAL)
    places.extend(binding.span for binding in view.facts.bindings if binding.kind in others)
    for place in sorted(places):
        card = hover.hover(snapshot, view.document.key, place.start)
        if card is not None:
            yield Panel(
                Text(card.text.rstrip()), title=place.of(view.document.text), title_align="left", expand=False
            )


def _provenance(view: DocumentView) -> str:
    environment = view.environment
    if view.replay is not None and environment is not None:
        versions = view.replay.report.versions
        return (
            f"Replayed with Keras {versions.keras} of {' '.join(environment.command)} ({environment.origin})."
        )
    return f"From the text alone. {view.reason}"
