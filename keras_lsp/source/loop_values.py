"""Names that a loop spells: `for i in range(3): setattr(self, f"dense_{i}", ...)`."""

from __future__ import annotations

import ast
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from keras_lsp.source.literals import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keras_lsp.source.constants import Constants

_MOST = 64  # longer loops are not written out
_Values = tuple[str | int, ...]


class LoopValues(NamedTuple):
    """What the variable of a loop runs through. Variables of one loop go together."""

    values: _Values
    loop: int


def loop_values(target: ast.expr, iterated: ast.expr, constants: Constants) -> dict[str, LoopValues]:
    """Of the variables of a loop over what the text spells; {} when it does not say."""
    if isinstance(target, ast.Name):
        found = {target.id: _values(iterated, constants)}
    else:
        found = _enumerated(target, iterated, constants)
    return {name: LoopValues(values, id(iterated)) for name, values in found.items() if values}


def _enumerated(target: ast.expr, iterated: ast.expr, constants: Constants) -> dict[str, _Values]:
    """`for i, name in enumerate(["a", "b"])`."""
    if (
        isinstance(target, ast.Tuple)
        and isinstance(iterated, ast.Call)
        and isinstance(iterated.func, ast.Name)
        and iterated.func.id == "enumerate"
        and len(iterated.args) == 1
        and len(target.elts) == 2
    ):
        values = _values(iterated.args[0], constants)
        both = zip(target.elts, (tuple(range(len(values))), values), strict=True)
        return {name.id: given for name, given in both if isinstance(name, ast.Name)}
    return {}


def _values(node: ast.expr, constants: Constants) -> _Values:
    known = constants.certain(node)
    if not isinstance(known, (list, tuple)):
        return ()
    values = tuple(v for v in known if isinstance(v, (str, int)) and not isinstance(v, bool))
    return values if len(values) == len(known) <= _MOST else ()


def spelled_names(node: ast.expr, loops: Mapping[str, LoopValues]) -> tuple[str, ...]:
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
    together = [loops[name].loop for name in variables if name in loops]
    if not all(parts) or len(set(together)) != len(together):  # not every product is real
        return ()
    names = ["".join(map(str, combined)) for combined in product(*parts)]
    return tuple(name for name in names[:_MOST] if name.isidentifier())


def _part(node: ast.expr, loops: Mapping[str, LoopValues]) -> _Values:
    if isinstance(node, ast.FormattedValue):
        plain = node.conversion == -1 and node.format_spec is None
        return _part(node.value, loops) if plain else ()
    if isinstance(node, ast.Name):
        known = loops.get(node.id)
        return known.values if known is not None else ()
    value, _ = literal(node)
    return (value,) if isinstance(value, (str, int)) and not isinstance(value, bool) else ()
