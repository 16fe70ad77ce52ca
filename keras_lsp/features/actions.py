"""What can be done at a place: fixes for findings, comments that silence them, pinning a guessed input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rules.ignores import ignoring
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.source.facts import ModelClass


def code_actions(snapshot: Snapshot, key: str, span: Span) -> tuple[tuple[Finding, Fix], ...]:
    """Each fix once, with the first finding it mends; `span` may be a bare cursor."""
    fixes: dict[Fix, Finding] = {}
    for finding in diagnostics(snapshot, key):
        if finding.span.start <= span.end and span.start <= finding.span.end:
            for fix in finding.fixes:
                fixes.setdefault(fix, finding)
    return tuple((finding, fix) for fix, finding in fixes.items())


def silencers(snapshot: Snapshot, key: str, span: Span) -> tuple[tuple[Finding, Fix], ...]:
    """For each finding a comment on its line that says it is known; after all that mends it."""
    view = snapshot.view(key)
    if view is None:
        return ()
    found = []
    for finding in diagnostics(snapshot, key):
        near = finding.span.start <= span.end and span.start <= finding.span.end
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
        guessed = [layer for layer in view.current.instances_of(model_class.name) if layer.guessed]
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
    text, lines = view.document.text, view.document.lines
    several = "=" in shape.split("(", 1)[0]
    comment = f"# keras-lsp: {shape if several else f'input={shape}'}"
    title = f"Pin the input shape {shape} for `{model_class.name}`"
    for pragma in view.facts.pragmas:
        if pragma.target == model_class.name:
            return Fix(title, (TextEdit(pragma.span, comment),))
    line = lines.line_span(lines.line_of(model_class.span.start), with_ending=True)
    start = model_class.span.start
    indent = text[line.start : start]
    ending = "\r\n" if line.of(text).endswith("\r\n") else "\n"
    return Fix(title, (TextEdit(Span(start, start), f"{comment}{ending}{indent}"),))
