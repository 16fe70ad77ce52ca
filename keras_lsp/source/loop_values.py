"""Names that a loop spells: `for i in range(3): setattr(self, f"dense_{i}", ...)`."""

from __future__ import annotations

import ast
import re
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from keras_lsp.source.literals import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keras_lsp.source.constants import Constants

_MOST = 64  # longer loops are not written out
_Values = tuple[str | int, ...]


class LoopValues(NamedTuple):
    """What the variable of a loop runs through. Variables of one loop go together."""

    values: _Values
    loop: int
    by_default: bool = (
        False  # what it runs through unless a caller, or a class derived from it, says otherwise
    )


def loop_values(target: ast.expr, iterated: ast.expr, constants: Constants) -> dict[str, LoopValues]:
    """Of the variables of a loop over what the text spells; {} when it does not say."""
    if isinstance(target, ast.Name):
        found = {target.id: _values(iterated, constants)}
    else:
        found = _enumerated(target, iterated, constants)
    by_default = _is_by_default(iterated, constants)
    return {name: LoopValues(values, id(iterated), by_default) for name, values in found.items() if values}


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


def _is_by_default(node: ast.expr, constants: Constants) -> bool:
    given = node.args if isinstance(node, ast.Call) else [node]
    return any(known.by_default for one in given if (known := constants.of(one)) is not None)


def _values(node: ast.expr, constants: Constants) -> _Values:
    found = constants.of(node)
    known = found.value if found is not None else None
    if not isinstance(known, (list, tuple)):
        return ()
    values = tuple(v for v in known if isinstance(v, (str, int)) and not isinstance(v, bool))
    return values if len(values) == len(known) <= _MOST else ()


def spelled_names(node: ast.expr, loops: Mapping[str, LoopValues]) -> tuple[str, ...]:
    """Every name that an expression spells while loops run; () when the text does not say."""
    pieces = _pieces(node)
    parts = [_part(piece, loops) for piece in pieces]
    variables = [name.id for piece in pieces if isinstance(name := _unwrapped(piece), ast.Name)]
    together = [loops[name].loop for name in variables if name in loops]
    if not all(parts) or len(set(together)) != len(together):  # not every product is real
        return ()
    names = ["".join(map(str, combined)) for combined in product(*parts)]
    return tuple(name for name in names[:_MOST] if name.isidentifier())


def are_certain(node: ast.expr, loops: Mapping[str, LoopValues]) -> bool:
    """Whether nobody can have the loops spell other names."""
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return not any(loops[name].by_default for name in names & loops.keys())


_FIELD = re.compile(r"%[sd]|{}")


def _pieces(node: ast.expr) -> list[ast.expr]:
    """What a string is put together from: `f"d{i}"`, `"d" + str(i)`, `"d%d" % i`, `"d{}".format(i)`."""
    if isinstance(node, ast.JoinedStr):
        return node.values
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_pieces(node.left), *_pieces(node.right)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        given = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _filled_in(node, node.left, given, "{}")
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and not node.keywords
    ):
        return _filled_in(node, node.func.value, node.args, "%")
    return [node]


def _filled_in(whole: ast.expr, text: ast.expr, given: Sequence[ast.expr], other: str) -> list[ast.expr]:
    """`other` begins what stands for a value in another way of formatting."""
    spelled = literal(text)[0]
    if not isinstance(spelled, str) or other in spelled:
        return [whole]
    around = _FIELD.split(spelled)
    if len(around) != len(given) + 1 or any("%" in part or "{" in part for part in around):
        return [whole]
    between = [
        piece for value, part in zip(given, around[1:], strict=True) for piece in (value, ast.Constant(part))
    ]
    return [ast.Constant(around[0]), *between]


def _unwrapped(node: ast.expr) -> ast.expr:
    """The `i` of `{i}` and of `str(i)`."""
    if isinstance(node, ast.FormattedValue):
        return node.value if node.conversion == -1 and node.format_spec is None else node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return node.args[0] if len(node.args) == 1 else node
    return node


def _part(node: ast.expr, loops: Mapping[str, LoopValues]) -> _Values:
    node = _unwrapped(node)
    if isinstance(node, ast.Name):
        known = loops.get(node.id)
        return known.values if known is not None else ()
    value, _ = literal(node)
    return (value,) if isinstance(value, (str, int)) and not isinstance(value, bool) else ()
