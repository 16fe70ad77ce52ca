"""`keras-lsp show FILE[:NAME]`: a file as an editor would show it, and its models as tables."""

from __future__ import annotations

import asyncio
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from keras_lsp.cli import model_table
from keras_lsp.cli.examine import StaticOnly, examine
from keras_lsp.cli.notebook_file import UnreadableNotebookError, document_of
from keras_lsp.features import diagnostics, hover, inlay_hints
from keras_lsp.features.model_view import model_view
from keras_lsp.features.results import Severity
from keras_lsp.features.view_data import ModelView
from keras_lsp.sandbox.pool import WorkerPool
from keras_lsp.session.settings import Settings
from keras_lsp.source.facts import ModelKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from keras_lsp.features.results import Finding
    from keras_lsp.features.view_data import ViewModel
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.text.document import Document

_JSON_VERSION = 1
_NARROWEST, _WIDEST = 60, 200  # columns of a picture
_FONT_FACE = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
_HINT = "dim italic cyan"
_COLOURS = {
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFORMATION: "blue",
    Severity.HINT: "dim",
}


FORMATS = ("text", "json", "svg", "html")


def show(
    file: str,
    python: str | None,
    *,
    replay: bool,
    console: Console | None = None,
    untested: bool = False,
    form: str = "text",
) -> int:
    """0 when it could be shown, with or without a replay; 2 when there is no such file or model."""
    console = console or Console()
    errors = console if form == "text" else Console(stderr=True)
    given, name = _file_and_name(file)
    path = given.absolute()
    try:
        document = document_of(path)
    except (OSError, UnreadableNotebookError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        errors.print(Text(f"{given} cannot be read: {why}", "red"), soft_wrap=True)
        return 2
    interpreter = (python,) if python else ()
    settings = Settings(interpreter=interpreter, idle_seconds=0.0, untested_sandbox=untested)
    workers = WorkerPool()
    builders = workers if replay else StaticOnly(workers)
    here = Path.cwd()
    root = here if here in path.parents else path.parent
    with errors.status("Asking Keras…" if replay else "Reading…"):
        snapshot = asyncio.run(examine(document, str(root), settings, builders))
    view, shown = snapshot.views[document.key], model_view(snapshot, document.key) or ModelView("text")
    models = [model for model in shown.models if name in ("", *names_of(shown, model))]
    if name and not models:
        known = ", ".join(dict.fromkeys(model.title for model in shown.models)) or "none"
        errors.print(Text(f"There is no model {name} in {given}. There are: {known}.", "red"), soft_wrap=True)
        return 2
    if form == "json":
        console.print(Text(_as_json(view, given, shown, models)), soft_wrap=True)
    elif form == "text":
        console.print(
            Group(
                *(() if name else render(snapshot, document.key)), *tables(view, shown, models, console.width)
            )
        )
        console.print(Text(_provenance(view), "dim"))
    else:
        found = Group(*tables(view, shown, models, _WIDEST), Text(_provenance(view), "dim"))
        console.print(
            Text(_picture(found, f"{given.name}{f':{name}' if name else ''}", form)), soft_wrap=True
        )
    return 0


def _file_and_name(given: str) -> tuple[Path, str]:
    """`FILE:NAME`, where there is no file of that whole name."""
    file, colon, name = given.rpartition(":")
    if not colon or not name.isidentifier() or Path(given).exists():
        return Path(given), ""
    return Path(file), name


def names_of(shown: ModelView, model: ViewModel) -> tuple[str, ...]:
    """What a model is called: its variable, its class, and the name it has in Keras."""
    layers = [layer for layer in shown.layers if layer.id == model.id]
    return (model.title, *(name for layer in layers for name in (layer.class_name, layer.name) if name))


def tables(
    view: DocumentView, shown: ModelView, models: Sequence[ViewModel], width: int
) -> Iterator[RenderableType]:
    """A table for each model, with what is to be known about its whole."""
    layers = {layer.id: layer for layer in shown.layers}
    for model in models:
        yield Text("")
        yield Text(model.title, "bold")
        yield model_table.table(view.document, shown, model, width)
        for note in layers[model.id].notes if model.id in layers else ():
            yield Text(note, "dim")


def _as_json(view: DocumentView, file: Path, shown: ModelView, models: Sequence[ViewModel]) -> str:
    """`{version, path, keras, reason}` and what `features/view_data.py` has."""
    current = view.current
    said = {
        "version": _JSON_VERSION,
        "path": str(file),
        "keras": current.report.versions.keras if current is not None else "",
        "reason": view.reason,
        **model_table.data(view.document, shown, models),
    }
    return json.dumps(said, indent=2, ensure_ascii=False)


def _picture(found: RenderableType, title: str, form: str) -> str:
    """What a terminal would show, as wide as it wants to be; nothing in it is fetched from anywhere."""
    console = Console(
        record=True, file=io.StringIO(), width=_WIDEST, force_terminal=True, color_system="truecolor"
    )
    width = console.measure(found).maximum
    console.width = max(_NARROWEST, min(width, _WIDEST))
    console.print(found)
    if form == "html":
        return console.export_html(inline_styles=True)
    return _FONT_FACE.sub("", console.export_svg(title=title))


def render(snapshot: Snapshot, key: str) -> Iterator[RenderableType]:
    """The source with its hints and findings, and the cards of its models."""
    view = snapshot.view(key)
    if view is None:
        return
    findings = diagnostics.diagnostics(snapshot, key)
    yield from _source(snapshot, view, findings)
    yield from _cards(snapshot, view)
    if findings:
        yield Text(f"{len(findings)} finding{'s' if len(findings) > 1 else ''}.", "bold")


def _source(
    snapshot: Snapshot, view: DocumentView, findings: tuple[Finding, ...]
) -> Iterator[RenderableType]:
    """Line by line; a notebook cell by cell, each with its number and its own lines."""
    document, cells = view.document, view.document.cells
    labels = [
        (_place(document, Span(hint.offset, hint.offset)), hint.label)
        for hint in inlay_hints.inlay_hints(snapshot, document.key, Span(0, len(document.text)))
    ]
    told = [(_place(document, finding.span), finding) for finding in findings]
    sheets = cells.cells if cells else (document,)
    margin = max((len(str(sheet.lines.line_count)) for sheet in sheets), default=0) + 2
    if not sheets:
        yield Text("No Python cells.", "dim")
    for number, sheet in enumerate(sheets):
        if cells:
            yield Text(f"{'' if number == 0 else chr(10)}cell {cells.names[number]}", "bold")
        hints_here = [(span.start, label) for (there, span), label in labels if there == number]
        told_here = [(span, finding) for (there, span), finding in told if there == number]
        code = Syntax(sheet.text, "python", theme="ansi_dark", background_color="default")
        coloured = code.highlight(sheet.text)
        for line in range(sheet.lines.line_of(len(sheet.text.rstrip())) + 1):
            span = sheet.lines.line_span(line)
            parts, begin = Text(f"{line + 1:>{margin - 2}}  ", "dim"), span.start
            for offset, label in hints_here:
                if sheet.lines.line_of(offset) == line:
                    parts.append(coloured[begin:offset]).append(label, _HINT)
                    begin = offset
            yield parts.append(coloured[begin : span.end])
            for marked, finding in told_here:
                if sheet.lines.line_of(marked.start) == line:
                    yield from _finding(document, finding, span, marked, margin)


def _place(document: Document, span: Span) -> tuple[int, Span]:
    """In which cell a span begins, and what of it is there; a file that is no notebook counts as one."""
    return (document.cells.place(span) if document.cells else None) or (0, span)


def _finding(
    document: Document, finding: Finding, line: Span, marked: Span, margin: int
) -> Iterator[RenderableType]:
    """A line of carets below the code, and what it is about, both in the finding's colour."""
    end = max(marked.start + 1, min(marked.end, line.end))
    carets = " " * (margin + marked.start - line.start) + "^" * (end - marked.start)
    colour = _COLOURS[finding.severity]
    yield Text(carets, colour, no_wrap=True)
    told = [Text(f"{finding.code} {finding.message}", colour)]
    told.extend(
        Text(f"{document.spot(related.span.start)}: {related.message}", "dim") for related in finding.related
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
