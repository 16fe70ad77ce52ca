"""Text that expects to fail: what stands in a `try`, or in `with pytest.raises(...)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.text.span import Span

_GUARD = re.compile(r"try\s*:|with\b.*\b(?:raises|suppress|assertRaises\w*)\s*\(")


def guarded(view: DocumentView, span: Span) -> bool:
    """Whether a block around `span` may catch what is raised there, read from the indentation alone."""
    index, text = view.document.lines, view.document.text
    number = index.line_of(span.start)
    column = _column(index.line_span(number).of(text))
    while column > 0 and number > 0:
        number -= 1
        line = index.line_span(number).of(text)
        if not line.strip() or _column(line) >= column:
            continue
        column = _column(line)
        if _GUARD.match(line.lstrip()):
            return True
    return False


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())
