"""Edits that fixes of several rules are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.features.results import TextEdit
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.text.document import Document

_COMMA_BEFORE = re.compile(r",\s*\Z")
_COMMA_BEHIND = re.compile(r"\s*,[ \t]*")


def without_argument(document: Document, argument: Span) -> TextEdit:
    """A call without one of its arguments, and without the comma that parted it from another."""
    text = document.text
    before = _COMMA_BEFORE.search(text, 0, argument.start)
    if before is not None:
        return TextEdit(Span(before.start(), argument.end), "")
    behind = _COMMA_BEHIND.match(text, argument.end)
    return TextEdit(Span(argument.start, behind.end() if behind else argument.end), "")


def without_lines(document: Document, statement: Span) -> TextEdit | None:
    """The text without a statement; None where something else stands on its lines."""
    lines, text = document.lines, document.text
    first = lines.line_span(lines.line_of(statement.start), with_ending=True)
    last = lines.line_span(lines.line_of(statement.end), with_ending=True)
    if text[first.start : statement.start].strip() or text[statement.end : last.end].strip():
        return None
    return TextEdit(Span(first.start, last.end), "")
