"""What a dotted name of a text stands for, brought to the spelling under `keras.`"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.features.rebound import is_rebound
from keras_lsp.features.typed import OF_BASE, code_mask, without_blanks
from keras_lsp.knowledge.bundled import bundled
from keras_lsp.source.keras_names import canonical
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.knowledge.api import Api
    from keras_lsp.session.snapshot import DocumentView

_DOTTED_END = re.compile(rf"(?<!\w)(?:{OF_BASE})?[^\W\d]\w*(?:[ \t]*\.[ \t]*[^\W\d]\w*)*\Z")
_WORD = re.compile(r"\w*")


def api_of(view: DocumentView) -> Api:
    """What the user's Keras offers; what the product came with where that has not been read."""
    line = view.keras_line or 3
    return view.api if view.api is not None and view.api.line == line else bundled(line)


def resolve(view: DocumentView, dotted: str, offset: int) -> str | None:
    """`tf.keras.layers` -> `keras.layers`; None for what is not imported, or something else at `offset`."""
    root, _, rest = dotted.partition(".")
    known = dict(view.facts.keras.names).get(root)
    if known is None or is_rebound(view, root, offset):
        return None
    return canonical(f"{known}.{rest}" if rest else known)


def comes_by_tensorflow(view: DocumentView, dotted: str) -> bool:
    """Whether `dotted` means what TensorFlow calls `keras`, which may have more than Keras has."""
    return dotted.partition(".")[0] in view.facts.keras.by_tensorflow


def dotted_at(view: DocumentView, offset: int) -> tuple[str, Span] | None:
    """The dotted name in code that ends with the word at `offset`, and where that word is."""
    mask = code_mask(view.document.text)
    end = _WORD.match(mask, offset)
    found = _DOTTED_END.search(mask, max(0, offset - 300), end.end() if end else offset)
    if found is None:
        return None
    word = found[0].rpartition(".")[2].strip()
    return without_blanks(found[0]), Span(found.end() - len(word), found.end())
