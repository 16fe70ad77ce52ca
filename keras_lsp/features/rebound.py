"""Whether an imported name means something else at one place: a parameter, a variable, a class of the user's.

Read from the text, since the statement with the cursor often is not Python yet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.features.open_call import statements
from keras_lsp.features.typed import code_mask
from keras_lsp.source.keras_names import canonical, is_keras

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView

_FUNCTION = re.compile(
    r"^(?P<indent>[ \t]*)(?:async[ \t]+)?def[ \t]+\w+[ \t]*\((?P<parameters>.*?)\)[ \t]*(?:->[^\n]*)?:",
    re.MULTILINE | re.DOTALL,
)
_DOTTED = re.compile(r"([^\W\d]\w*)(\.[\w.]+)?")


def is_rebound(view: DocumentView, name: str, offset: int) -> bool:
    mask = code_mask(view.document.text)
    starts = {line.start for line in statements(view.document.text)}
    parameter = re.compile(rf"(?:^|,)\s*\*{{0,2}}{name}\s*(?:[,:=]|\Z)")
    functions = list(_functions_around(mask, offset))
    if any(parameter.search(parameters) for _, parameters in functions):
        return True
    for line, found in _bindings(mask, name):
        own = line == found.start() or any(start <= line < offset for start, _ in functions)
        being_written = line <= offset <= found.end()  # that is nothing yet
        if own and found.start() in starts and not being_written and not _means_keras(view, found):
            return True
    return False


def _bindings(mask: str, name: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Statements that bind `name`, with where their lines begin; those that import it are known already.

    Only lines that hold the name are looked at, each from its first word: a text in a string or a comment is
    blanks in here, and a pattern that may begin with blanks takes time by the square of their number.
    """
    binding = re.compile(
        rf"(?:[\w, \t]*,[ \t]*)?{name}[ \t]*(?:,[\w, \t]*|:[^=\n]+)?=(?!=)(?P<value>[^\n]*)"
        rf"|(?:async[ \t]+)?for[ \t]+(?:[\w, \t(]*[ \t,(])?{name}\b(?=[^\n]*\bin\b)"
        rf"|(?:with|except)\b[^\n]*\bas[ \t]+{name}\b"
        rf"|(?:def|class)[ \t]+{name}\b"
    )
    looked_at = 0
    for place in re.finditer(rf"\b{name}\b", mask):
        if place.start() < looked_at:
            continue
        line = mask.rfind("\n", 0, place.start()) + 1
        end = mask.find("\n", place.start())
        looked_at = len(mask) if end < 0 else end
        found = binding.match(mask, looked_at - len(mask[line:looked_at].lstrip(" \t")), looked_at)
        if found is not None:
            yield line, found


def _means_keras(view: DocumentView, found: re.Match[str]) -> bool:
    """`layers = tf.keras.layers` is as good as an import."""
    value = _DOTTED.fullmatch((found["value"] or "").strip())
    known = dict(view.facts.keras.names).get(value[1]) if value else None
    if value is None or known is None:
        return False
    return is_keras(canonical(known + (value[2] or "")))


def _functions_around(mask: str, offset: int) -> Iterator[tuple[int, str]]:
    """Where each function that holds `offset` begins, the innermost first, and its parameters."""
    line = mask[mask.rfind("\n", 0, offset) + 1 : offset]
    indent = _width(line[: len(line) - len(line.lstrip())])
    for found in reversed(list(_FUNCTION.finditer(mask, 0, offset))):
        if _width(found["indent"]) < indent:
            indent = _width(found["indent"])
            yield found.start(), found["parameters"]


def _width(blank: str) -> int:
    return len(blank.expandtabs(8))
