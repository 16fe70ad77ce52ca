"""What can be done at a place: fixes for findings, comments that silence them, pinning a guessed input.

Several fixes go into one action where none is in another's way; what is left out can be fixed after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rules.ignores import ignoring
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.source.facts import ModelClass


class Together(NamedTuple):
    """What is mended at once, and how."""

    findings: tuple[Finding, ...]
    fix: Fix


def code_actions(snapshot: Snapshot, key: str, span: Span) -> tuple[tuple[Finding, Fix], ...]:
    """Each fix once, with the first finding it mends; `span` may be a bare cursor."""
    fixes: dict[Fix, Finding] = {}
    for finding in diagnostics(snapshot, key):
        if _touch(finding.span, span):
            for fix in finding.fixes:
                fixes.setdefault(fix, finding)
    return tuple((finding, fix) for fix, finding in fixes.items())


def fixes_of_a_kind(snapshot: Snapshot, key: str, span: Span) -> tuple[Together, ...]:
    """For each kind of finding at the place that takes more than one fix in the document: all of these."""
    found = diagnostics(snapshot, key)
    kinds = dict.fromkeys(finding.code for finding in found if _touch(finding.span, span))
    together = (_together(finding for finding in found if finding.code == code) for code in kinds)
    return tuple(
        Together(findings, Fix(f"Fix all `{findings[0].slug}` in this file", edits))
        for findings, fixes, edits in together
        if len(fixes) > 1
    )


def all_fixes(snapshot: Snapshot, key: str) -> Together | None:
    """The obvious fix of each finding that has one."""
    findings, fixes, edits = _together(diagnostics(snapshot, key))
    return Together(findings, Fix("Fix all that keras-lsp can fix", edits)) if fixes else None


def _together(
    findings: Iterable[Finding],
) -> tuple[tuple[Finding, ...], tuple[Fix, ...], tuple[TextEdit, ...]]:
    """The findings with an obvious fix, as far as these do not get into each other's way."""
    mended: list[Finding] = []
    fixes: dict[Fix, None] = {}
    edits: dict[TextEdit, None] = {}
    for finding in findings:
        fix = next((fix for fix in finding.fixes if fix.preferred), None)
        if fix is None or (
            fix not in fixes and any(_clash(edit, other) for edit in fix.edits for other in edits)
        ):
            continue
        mended.append(finding)
        fixes[fix] = None
        edits.update(dict.fromkeys(fix.edits))
    return tuple(mended), tuple(fixes), tuple(edits)


def _clash(edit: TextEdit, other: TextEdit) -> bool:
    """Whether two edits cannot both be made; the same one twice is one."""
    return edit != other and (edit.span.overlaps(other.span) or edit.span.start == other.span.start)


def _touch(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end


def silencers(snapshot: Snapshot, key: str, span: Span) -> tuple[tuple[Finding, Fix], ...]:
    """For each finding a comment on its line that says it is known; after all that mends it."""
    view = snapshot.view(key)
    if view is None:
        return ()
    found = []
    for finding in diagnostics(snapshot, key):
        near = _touch(finding.span, span)
        comment = ignoring(view.document, finding) if near and not finding.code.startswith("KL9") else None
        if comment is not None:
            found.append((finding, comment))
    return tuple(found)


def pins(snapshot: Snapshot, key: str, span: Span) -> tuple[Fix, ...]:
    """For a class whose input is guessed: a comment that makes the guess the input.

    Offered in the text of the class and where a variable gets one.
    """
    view = snapshot.view(key)
    if view is None or view.current is None:
        return ()
    found: dict[Fix, None] = {}
    for model_class in _classes_at(view, span):
        instances = view.current.instances_of(model_class.name, model_class.name_span.start)
        guessed = [layer for layer in instances if layer.guessed]
        if guessed:
            found[_pin(view, model_class, guessed[0].guess)] = None
    return tuple(found)


def pin(snapshot: Snapshot, key: str, class_name: str, said: str) -> Fix | None:
    """The edit that pins a class to an input, whatever it was pinned to; None where the class is not."""
    view = snapshot.view(key)
    model_class = view.facts.model_class(class_name) if view else None
    return _pin(view, model_class, said) if view and model_class else None


def _classes_at(view: DocumentView, span: Span) -> list[ModelClass]:
    around = view.facts.class_at(span.start)
    if around is not None:
        return [around]
    used = [b.class_name for b in view.facts.bindings if b.class_name and b.statement.touches(span.start)]
    return [model_class for name in used if (model_class := view.facts.model_class(name)) is not None]


def _pin(view: DocumentView, model_class: ModelClass, shape: str) -> Fix:
    """A comment above the class, or in the place of the one it has."""
    lines = view.document.lines
    several = "=" in shape.split("(", 1)[0]
    comment = f"# keras-lsp: {shape if several else f'input={shape}'}"
    title = f"Pin the input shape {shape} for `{model_class.name}`"
    for pragma in view.facts.pragmas:
        if pragma.target == model_class.name:
            return Fix(title, (TextEdit(pragma.span, comment),))
    start = model_class.span.start
    below = f"{comment}{lines.ending}{lines.before(start)}"
    return Fix(title, (TextEdit(Span(start, start), below),))
