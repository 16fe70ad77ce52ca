"""One text as the user sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from keras_lsp.text.line_index import LineIndex


@dataclass(frozen=True)
class Document:
    """`key` is the client's uri; `version` is the client's, None when the text is from disk."""

    key: str
    version: int | None
    text: str
    path: str | None = None  # file path, None for untitled documents

    @cached_property
    def lines(self) -> LineIndex:
        return LineIndex(self.text)
