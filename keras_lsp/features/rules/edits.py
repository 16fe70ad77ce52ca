"""Edits that fixes of several rules are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.features.results import TextEdit
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.text.document import Document

_COMMA_BEHIND = re.compile(r"\s*,[ \t]*")
_EQUALS = re.compile(r"\s*=\s*")


def without_keyword(document: Document, name: str, value: Span) -> TextEdit | None:
    """A call without `name=value`, and without the comma that parted it; None where it is not spelled so."""
    text = document.text
    start = text.rfind(name, 0, value.start)
    if start < 0 or not _EQUALS.fullmatch(text, start + len(name), value.start):
        return None
    before = len(text[:start].rstrip())
    if text[:before].endswith(","):
        return TextEdit(Span(before - 1, value.end), "")
    behind = _COMMA_BEHIND.match(text, value.end)
    return TextEdit(Span(start, behind.end() if behind else value.end), "")


def without_lines(document: Document, statement: Span) -> TextEdit | None:
    """The text without a statement; None where something else stands on its lines."""
    lines, text = document.lines, document.text
    first = lines.line_span(lines.line_of(statement.start), with_ending=True)
    last = lines.line_span(lines.line_of(statement.end), with_ending=True)
    if text[first.start : statement.start].strip() or text[statement.end : last.end].strip():
        return None
    return TextEdit(Span(first.start, last.end), "")
