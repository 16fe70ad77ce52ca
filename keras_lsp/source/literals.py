"""Values that the text itself spells out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_lsp.source.facts import Literal

_PLAIN = (str, int, float, bool, type(None))


def literal(node: ast.expr) -> tuple[Literal, bool]:
    """The value of a literal expression, and whether it is one: `(None, 32)`, `-1`, `"relu"`."""
    if isinstance(node, ast.Constant):
        return (node.value, True) if isinstance(node.value, _PLAIN) else (None, False)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value, known = literal(node.operand)
        if known and isinstance(value, (int, float)):
            return -value, True
    if isinstance(node, ast.Tuple):
        values = [literal(element) for element in node.elts]
        if all(known for _, known in values):
            return tuple(value for value, _ in values), True
    return None, False


def is_literal(value: object) -> bool:
    """Whether a value is one that `literal` can give."""
    return all(map(is_literal, value)) if isinstance(value, tuple) else isinstance(value, _PLAIN)


def index_literal(node: ast.expr) -> int | None:
    """The int of `[0]` or `[-1]`."""
    value, _ = literal(node)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def slice_literal(node: ast.Slice) -> slice | None:
    """The slice of `[-2:]` or `[::2]`; None when the text does not say it."""
    parts = [None if part is None else index_literal(part) for part in (node.lower, node.upper, node.step)]
    given = [part is not None for part in (node.lower, node.upper, node.step)]
    known = all(part is not None for part, is_given in zip(parts, given, strict=True) if is_given)
    return slice(*parts) if known and parts[2] != 0 else None
