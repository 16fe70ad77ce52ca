"""The values of expressions whose names are known: arithmetic, containers, the plain builtins.

Nothing of the user's runs: numbers, strings and containers of these are all there is, each small.
"""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keras_lsp.source.literals import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keras_lsp.source.module_index import Definition

_DEPTH = 24
_LONGEST = 256  # elements of a list, characters of a string
_LARGEST = 1 << 64

_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "int": int,
    "float": float,
    "bool": bool,
    "len": len,
    "min": min,
    "max": max,
    "sum": sum,
    "abs": abs,
    "round": round,
    "tuple": tuple,
    "list": list,
    "sorted": sorted,
    "range": lambda *limits: list(range(*limits)[: _LONGEST + 1]),
}


class UnknownError(Exception):
    """The text does not say."""


NOT_SAID = (
    UnknownError,
    ArithmeticError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    StopIteration,
)


@dataclass(frozen=True, slots=True)
class Known:
    """A value, and whether it is only what holds unless somebody chooses otherwise."""

    value: Any  # numbers, strings, None, and tuples, lists and dicts of these
    by_default: bool = False  # of a parameter, or of a class that others may derive from


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: the definitions around it, and what the innermost one was called with."""

    around: tuple[Definition, ...] = ()
    given: Mapping[str, Known] | None = None


class Evaluation:
    """Reads expressions; what names, attributes and calls of them come to is for a subclass to say."""

    def __init__(self) -> None:
        self._depth = 0

    def read(self, node: ast.expr, place: Place) -> Known:
        value, known = literal(node)
        if known:
            return Known(value)
        step = getattr(self, f"_{type(node).__name__.lower()}", None)
        if step is None or self._depth > _DEPTH:
            raise UnknownError
        self._depth += 1
        found: Known = step(node, place)
        self._depth -= 1
        if not _is_small(found.value):
            raise UnknownError
        return found

    def read_all(self, nodes: list[ast.expr], place: Place) -> tuple[list[Any], bool]:
        """The values, and whether any is one by default."""
        read = [self.read(node, place) for node in nodes]
        return [known.value for known in read], any(known.by_default for known in read)

    def _list(self, node: ast.List, place: Place) -> Known:
        values, by_default = self.read_all(node.elts, place)
        return Known(values, by_default)

    def _tuple(self, node: ast.Tuple, place: Place) -> Known:
        values, by_default = self.read_all(node.elts, place)
        return Known(tuple(values), by_default)

    def _dict(self, node: ast.Dict, place: Place) -> Known:
        keys, _ = self.read_all([key for key in node.keys if key is not None], place)
        values, by_default = self.read_all(node.values, place)
        return Known(dict(zip(keys, values, strict=True)), by_default)

    def _binop(self, node: ast.BinOp, place: Place) -> Known:
        (left, right), by_default = self.read_all([node.left, node.right], place)
        compute = _ARITHMETIC[type(node.op)]
        if isinstance(node.op, ast.Pow) and not (abs(left) < _LARGEST and 0 <= right <= 64):
            raise UnknownError
        if isinstance(node.op, ast.Mult):
            for sequence, times in ((left, right), (right, left)):
                if isinstance(sequence, (str, list, tuple)) and len(sequence) * times > _LONGEST:
                    raise UnknownError
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            raise UnknownError
        return Known(compute(left, right), by_default)

    def _unaryop(self, node: ast.UnaryOp, place: Place) -> Known:
        found = self.read(node.operand, place)
        if isinstance(node.op, ast.Not):
            return Known(not found.value, found.by_default)
        if isinstance(node.op, ast.Invert):
            raise UnknownError
        return Known(-found.value if isinstance(node.op, ast.USub) else +found.value, found.by_default)

    def _compare(self, node: ast.Compare, place: Place) -> Known:
        if len(node.ops) != 1:
            raise UnknownError
        (left, right), by_default = self.read_all([node.left, node.comparators[0]], place)
        return Known(_COMPARISONS[type(node.ops[0])](left, right), by_default)

    def _boolop(self, node: ast.BoolOp, place: Place) -> Known:
        decides = isinstance(node.op, ast.Or)
        by_default = False
        found = Known(None)
        for value in node.values:
            found = self.read(value, place)
            by_default = by_default or found.by_default
            if bool(found.value) is decides:
                break
        return Known(found.value, by_default)

    def _ifexp(self, node: ast.IfExp, place: Place) -> Known:
        test = self.read(node.test, place)
        chosen = self.read(node.body if test.value else node.orelse, place)
        return Known(chosen.value, chosen.by_default or test.by_default)

    def _joinedstr(self, node: ast.JoinedStr, place: Place) -> Known:
        parts = []
        for part in node.values:
            if not isinstance(part, ast.FormattedValue):
                parts.append(self.read(part, place))
                continue
            if part.conversion != -1 or part.format_spec is not None:
                raise UnknownError
            parts.append(self.read(part.value, place))
        if not all(isinstance(part.value, (str, int)) for part in parts):
            raise UnknownError
        return Known("".join(str(part.value) for part in parts), any(part.by_default for part in parts))

    def _subscript(self, node: ast.Subscript, place: Place) -> Known:
        if isinstance(node.slice, ast.Slice):
            bounds = [node.slice.lower, node.slice.upper, node.slice.step]
            read = [Known(None) if b is None else self.read(b, place) for b in bounds]
            held = self.read(node.value, place)
            part = held.value[slice(*(bound.value for bound in read))]
            return Known(part, held.by_default or any(bound.by_default for bound in read))
        (held_value, key), by_default = self.read_all([node.value, node.slice], place)
        return Known(held_value[key], by_default)


NOT_KNOWN = object()  # the value of an argument that is not known


def _is_small(value: object) -> bool:
    """Whether it is known at all, and small enough to go on with."""
    if isinstance(value, (str, list, tuple, dict)):
        return len(value) <= _LONGEST
    return abs(value) <= _LARGEST if isinstance(value, int) else value is not NOT_KNOWN


def is_plain(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(is_plain(part) for pair in value.items() for part in pair)
    return value is None or isinstance(value, (str, int, float, bool))
