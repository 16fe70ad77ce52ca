"""What can be written in a comment that speaks to us: an input to pin, and rules to silence on its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.results import Completion, CompletionKind
from keras_lsp.features.rules import RULES
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.typed import Inside
    from keras_lsp.session.snapshot import DocumentView, Snapshot

_MARK = "keras-lsp:"
_BEGUN = re.compile(r"#\s*(k[a-z-]*:?)\Z")
_VERB = re.compile(r"#\s*keras-lsp:\s*(\w*)\Z")
_SHAPE = re.compile(r"#\s*keras-lsp:\s*input=(\(?)\Z")
_RULES = re.compile(r"#\s*keras-lsp:\s*ignore\[(?:[\w-]+\s*,\s*)*([\w-]*)\Z")
_REST_OF_NAME = re.compile(r"[\w-]*")


def complete_comment(
    snapshot: Snapshot, key: str, view: DocumentView, offset: int, inside: Inside
) -> tuple[Completion, ...]:
    """At the cursor in a comment, where what is before it begins one of ours."""
    text = view.document.text
    head = text[inside.start : offset]
    for pattern, offers in ((_BEGUN, _marks), (_VERB, _verbs), (_SHAPE, _shapes)):
        found = pattern.search(head)
        if found is not None:
            return tuple(offers(view, Span(inside.start + found.start(1), offset)))
    found = _RULES.search(head)
    if found is None:
        return ()
    end = _REST_OF_NAME.match(text, offset)
    replace = Span(inside.start + found.start(1), end.end() if end else offset)
    return tuple(_silenced(snapshot, key, view, replace))


def _marks(view: DocumentView, replace: Span) -> Iterator[Completion]:
    if _MARK.startswith(replace.of(view.document.text)):
        for verb in ("input=", "ignore["):
            yield _written(f"{_MARK} {verb}", replace)


def _verbs(view: DocumentView, replace: Span) -> Iterator[Completion]:  # noqa: ARG001  # as the others
    yield _written("input=", replace, "pins what goes into the model on this line, or on the next")
    yield _written("ignore[", replace, "silences findings on this line")


def _shapes(view: DocumentView, replace: Span) -> Iterator[Completion]:
    """The shapes that the file speaks of."""
    facts = view.facts
    said = [
        *(pragma.text for pragma in facts.pragmas if not pragma.problem),
        *(model.input_text for model in facts.classes if model.input_text),
        *(event.shape_text for event in facts.events if event.shape_text),
    ]
    shapes = dict.fromkeys(shape for shape in said if shape.startswith("(") and "\n" not in shape)
    closed = replace.length and view.document.text.startswith(")", replace.end)  # an editor did that
    replace = Span(replace.start, replace.end + 1) if closed else replace
    for number, shape in enumerate([*shapes, "(None, )"]):
        yield _written(shape, replace, sort=f"{number:03}")


def _silenced(snapshot: Snapshot, key: str, view: DocumentView, replace: Span) -> Iterator[Completion]:
    """Rules by name; first those that find something on this line."""
    line = view.document.lines.line_span(view.document.lines.line_of(replace.start))
    here = {finding.code for finding in diagnostics(snapshot, key) if finding.span.overlaps(line)}
    for rule in RULES:
        first = "0" if rule.code in here else "1"
        yield Completion(
            rule.slug,
            CompletionKind.STRING,
            replace,
            rule.slug,
            rule.code,
            rule.why,
            sort=f"{first}{rule.code}",
            filter=f"{rule.slug} {rule.code}" if replace.of(view.document.text)[:2] != "KL" else rule.code,
        )


def _written(text: str, replace: Span, detail: str = "", sort: str = "") -> Completion:
    return Completion(text, CompletionKind.STRING, replace, text, detail, sort=sort)
