"""Names that a loop spells: `for i in range(3): setattr(self, f"dense_{i}", ...)`."""

from __future__ import annotations

import ast
from itertools import product
from typing import TYPE_CHECKING

from keras_lsp.source.literals import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 64  # longer loops are not written out
_Values = tuple[str | int, ...]


def loop_values(target: ast.expr, iterated: ast.expr) -> dict[str, _Values]:
    """What the variable of a loop over literals or a literal range runs through; {} when that is not said."""
    if not isinstance(target, ast.Name):
        return _enumerated(target, iterated)
    values = _values(iterated)
    return {target.id: values} if values else {}


def _enumerated(target: ast.expr, iterated: ast.expr) -> dict[str, _Values]:
    """`for i, name in enumerate(["a", "b"])`: the names; `i` and `name` go together, so only one is told."""
    if (
        isinstance(target, ast.Tuple)
        and isinstance(iterated, ast.Call)
        and isinstance(iterated.func, ast.Name)
        and iterated.func.id == "enumerate"
        and len(iterated.args) == 1
        and len(target.elts) == 2
        and isinstance(target.elts[1], ast.Name)
    ):
        values = _values(iterated.args[0])
        return {target.elts[1].id: values} if values else {}
    return {}


def _values(node: ast.expr) -> _Values:
    if isinstance(node, (ast.List, ast.Tuple)):
        found = [literal(element)[0] for element in node.elts[: _MOST + 1]]
        values = tuple(v for v in found if isinstance(v, (str, int)) and not isinstance(v, bool))
        return values if len(values) == len(found) <= _MOST else ()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        limits = [v for v, _ in map(literal, node.args) if isinstance(v, int)]
        if len(limits) == len(node.args) in {1, 2}:
            numbers = range(*limits)
            return tuple(numbers) if len(numbers) <= _MOST else ()
    return ()


def spelled_names(node: ast.expr, loops: Mapping[str, _Values]) -> tuple[str, ...]:
    """Every name that an expression spells while loops run; () when the text does not say."""
    if isinstance(node, ast.JoinedStr):
        parts = [_part(value, loops) for value in node.values]
    else:
        parts = [_part(node, loops)]
    variables = [
        v.value.id
        for v in ast.walk(node)
        if isinstance(v, ast.FormattedValue) and isinstance(v.value, ast.Name)
    ]
    if not all(parts) or len(set(variables)) != len(variables):  # a variable twice: not every product is real
        return ()
    names = ["".join(map(str, combined)) for combined in product(*parts)]
    return tuple(name for name in names[:_MOST] if name.isidentifier())


def _part(node: ast.expr, loops: Mapping[str, _Values]) -> _Values:
    if isinstance(node, ast.FormattedValue):
        plain = node.conversion == -1 and node.format_spec is None
        return _part(node.value, loops) if plain else ()
    if isinstance(node, ast.Name):
        return loops.get(node.id, ())
    value, _ = literal(node)
    return (value,) if isinstance(value, (str, int)) and not isinstance(value, bool) else ()
