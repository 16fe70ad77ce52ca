"""What a check found in one file, as plain data that outlives the session: lines and columns, no spans."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.session.snapshot import ReplayState

if TYPE_CHECKING:
    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.document import Document
    from keras_lsp.text.span import Span


@dataclass(frozen=True, slots=True)
class Place:
    """Lines and columns count from 1, columns in code points; the end is behind the last character.

    In a notebook lines are those of a cell, and all cells count from 1.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One finding."""

    code: str
    slug: str
    severity: str
    message: str
    place: Place
    related: tuple[tuple[Place, str], ...] = ()
    fixes: tuple[str, ...] = ()  # their titles


@dataclass(frozen=True, slots=True)
class Checked:
    """`keras` is the version that was asked, "" where the text alone was; `reason` says why it was."""

    path: str
    findings: tuple[Told, ...] = ()
    has_models: bool = False
    keras: str = ""
    reason: str = ""

    def data(self) -> dict[str, Any]:
        return asdict(self)


def checked(snapshot: Snapshot, document: Document) -> Checked:
    view = snapshot.views[document.key]
    found = tuple(_told(document, finding) for finding in diagnostics(snapshot, document.key))
    current = view.current
    return Checked(
        path=document.path or document.key,
        findings=found,
        has_models=view.state is not ReplayState.STATIC,
        keras=current.report.versions.keras if current is not None else "",
        reason="" if view.state is ReplayState.STATIC else view.reason,
    )


def checked_from(data: dict[str, Any]) -> Checked:
    """What `Checked.data` gave, out of JSON. Raises KeyError, TypeError or ValueError for anything else."""
    findings = tuple(
        Told(
            **{
                **told,
                "place": Place(**told["place"]),
                "related": tuple((Place(**place), message) for place, message in told["related"]),
                "fixes": tuple(told["fixes"]),
            }
        )
        for told in data["findings"]
    )
    return Checked(**{**data, "findings": findings})


def _told(document: Document, finding: Finding) -> Told:
    return Told(
        finding.code,
        finding.slug,
        finding.severity.value,
        finding.message,
        place_of(document, finding.span),
        tuple((place_of(document, related.span), related.message) for related in finding.related),
        tuple(fix.title for fix in finding.fixes),
    )


def place_of(document: Document, span: Span) -> Place:
    place = document.cells.place(span) if document.cells else None
    if document.cells and place:
        number, inside = place
        return replace(place_of(document.cells.cells[number], inside), cell=document.cells.names[number])
    (line, column), (end_line, end_column) = (_point(document, at) for at in (span.start, span.end))
    return Place(line, column, end_line, end_column)


def _point(document: Document, offset: int) -> tuple[int, int]:
    line = document.lines.line_of(offset)
    return line + 1, offset - document.lines.line_span(line).start + 1
