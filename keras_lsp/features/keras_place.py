"""The place in a document where something of Keras may be completed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from keras_lsp.features.keras_name import api_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.knowledge.api import Api
    from keras_lsp.session.snapshot import DocumentView

_WORD_BEFORE = re.compile(r"\w*\Z")
_WORD_AFTER = re.compile(r"\w*")
_TAIL = 2000  # characters before the cursor in which an import or a name may start


@dataclass(frozen=True)
class Place:
    view: DocumentView
    offset: int
    mask: str  # the text without the insides of strings and comments

    @property
    def api(self) -> Api:
        return api_of(self.view)

    @cached_property
    def head(self) -> str:
        return self.mask[max(0, self.offset - _TAIL) : self.offset]

    @cached_property
    def word(self) -> Span:
        """The word around the cursor; none where it only stands before one."""
        before = _WORD_BEFORE.search(self.head)
        after = _WORD_AFTER.match(self.mask, self.offset)
        if before is None or after is None or not before[0]:
            return Span(self.offset, self.offset)
        return Span(self.offset - len(before[0]), after.end())

    @property
    def typed(self) -> str:
        """The part of that word before the cursor."""
        return self.mask[self.word.start : self.offset]
