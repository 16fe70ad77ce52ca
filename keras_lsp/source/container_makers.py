"""Calls that make containers: `list(...)`, `dict(...)`, `map(Dense, units)`, `itertools.chain(...)`."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.source.held import EACH, OPEN, Entry, Held, concatenated, container, either
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.literals import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.held import Environment
    from keras_lsp.source.held_reader import HeldReader

_MAPPINGS = frozenset({"dict", "collections.OrderedDict"})
_NAMES = frozenset(
    {"list", "tuple", "set", "sorted", "reversed", "map", "sum", "itertools.chain", *_MAPPINGS}
)


class ContainerMakers:
    """In the methods of one class; what their arguments hold, `reader` says."""

    def __init__(self, reader: HeldReader, calls: Calls) -> None:
        self._reader = reader
        self._calls = calls

    def read(self, node: ast.Call, local: Environment) -> Held | None:
        """What the call gives; None when it is none of them."""
        name = self._name(node.func, local)
        if name is None:
            return None
        if name in _MAPPINGS:
            return self._mapping(node, local)
        if node.keywords and name != "sorted":
            return OPEN
        if name == "map":
            return self._mapped(node, local)
        if name == "sum":
            return self._sum(node.args, local)
        if name == "itertools.chain":
            return self._joined([self._reader.read(argument, local) for argument in node.args])
        return self._listed(name, node.args, local)

    def _name(self, func: ast.expr, local: Environment) -> str | None:
        if isinstance(func, ast.Name) and func.id in _NAMES:
            return None if func.id in local or self._calls.defines(func.id) else func.id
        if isinstance(func, (ast.Name, ast.Attribute)):
            name = self._calls.canonical(func)
            return name if name in _NAMES else None
        return None

    def _listed(self, name: str, given: Sequence[ast.expr], local: Environment) -> Held:
        if not given:
            return container([], listed=True)
        held = self._reader.read(given[0], local)
        if isinstance(given[0], ast.Starred) or not held.is_container:
            return replace(OPEN, entries=held.entries)
        held = replace(held, is_made_later=False)
        if name == "reversed":
            return held.times(None) if held.length is None else held.part(slice(None, None, -1))
        if name == "sorted":
            return held.times(1)
        return replace(held.times(1), open=True) if name == "set" else held  # hidden or tracked, by version

    def _sum(self, given: Sequence[ast.expr], local: Environment) -> Held | None:
        """`sum(lists, [])`; of numbers it is a number."""
        if len(given) != 2:
            return None
        held = self._reader.read(given[0], local)
        inner = tuple(replace(e, place=EACH + e.place.split("]", 2)[-1]) for e in held.entries)
        return Held(inner, open=held.open or not inner, is_container=True)

    def _joined(self, held: Sequence[Held]) -> Held:
        found = container([], listed=True)
        for one in held:
            if not one.is_container:
                return OPEN
            found = concatenated(found, one)
        return replace(found, is_made_later=True)

    # map

    def _mapped(self, node: ast.Call, local: Environment) -> Held | None:
        if len(node.args) < 2 or any(isinstance(argument, ast.Starred) for argument in node.args):
            return OPEN
        made, *given = node.args
        counts = [self._reader.count(argument, local) for argument in given]
        known = [count for count in counts if count is not None]
        each = self._made_of_each(node, made, given, local)
        length = min(known) if len(known) == len(counts) else None
        return Held(each.under(EACH), each.open, True, length, is_made_later=True)

    def _made_of_each(
        self, node: ast.Call, made: ast.expr, given: Sequence[ast.expr], local: Environment
    ) -> Held:
        held = self._reader.read(made, local)
        if held.classes:
            span = self._calls.span(node)
            calls = [self._calls.mapped(node, maker) for maker in held.classes]
            certain = len(calls) == 1 and not held.open
            return Held(tuple(Entry("", call, span, not certain) for call in calls), held.open)
        called = ast.copy_location(ast.Call(made, [], []), node)
        return self._reader.applied(called, [self._reader.each(one, local) for one in given], local)

    # Mappings

    def _mapping(self, node: ast.Call, local: Environment) -> Held:
        found = [self._pairs(argument, local) for argument in node.args]
        if any(keyword.arg is None for keyword in node.keywords):
            found.append(OPEN)
        named = [
            (f"[{k.arg!r}]", self._reader.read(k.value, local)) for k in node.keywords if k.arg is not None
        ]
        return merged([*found, container(named, listed=False)])

    def _pairs(self, node: ast.expr, local: Environment) -> Held:
        """A mapping, or keys with values."""
        if isinstance(node, (ast.List, ast.Tuple)):
            elements = []
            for pair in node.elts:
                if not isinstance(pair, (ast.Tuple, ast.List)) or len(pair.elts) != 2:
                    return OPEN
                elements.append((key_place(pair.elts[0]), self._reader.read(pair.elts[1], local)))
            return container(elements, listed=False)
        if isinstance(node, (ast.GeneratorExp, ast.ListComp)) and isinstance(node.elt, ast.Tuple):
            held = self._reader.read(node, local)
            return replace(
                held,
                entries=tuple(
                    replace(e, place=EACH + e.place.split("]", 2)[-1])
                    for e in held.entries
                    if e.place.startswith(f"{EACH}[1]")
                ),
                length=None,
            )
        if isinstance(node, ast.Call) and dotted_name(node.func) == "zip" and len(node.args) == 2:
            return self._zipped(node.args[0], self._reader.read(node.args[1], local))
        held = self._reader.read(node, local)
        return held if held.is_container and held.length is None else OPEN

    def _zipped(self, keys: ast.expr, values: Held) -> Held:
        if not values.is_container:
            return OPEN
        if not isinstance(keys, (ast.List, ast.Tuple)) or values.length is None:
            return replace(values.times(None), length=None)
        places = [key_place(key) for key in keys.elts]
        return container(
            [(place, values.element(f"[{n}]")) for n, place in enumerate(places[: values.length])],
            listed=False,
        )


def key_place(key: ast.expr) -> str:
    spelled, known = literal(key)
    return f"[{spelled!r}]" if known else EACH


def merged(mappings: Sequence[Held]) -> Held:
    """`{**a, **b}`: of values under one key the last counts."""
    found = container([], listed=False)
    for held in mappings:
        if not held.is_container and (held.entries or held.open):
            return OPEN
        replaced = {e.place.partition("]")[0] for e in held.entries if not e.place.startswith(EACH)}
        kept = tuple(e for e in found.entries if e.place.partition("]")[0] not in replaced)
        parts = (*(p for p in found.parts if p[0][:-1] not in replaced), *held.parts)
        found = replace(found, entries=(*kept, *held.entries), open=found.open or held.open, parts=parts)
    return found


def chosen(held: Held, place: str) -> Held:
    """The classes or functions at `place` of a container; EACH where nobody knows which."""
    exact = [part for at, part in held.parts if at == place]
    if exact and place != EACH:
        return exact[-1]
    found = either(*(part for _, part in held.parts))
    return replace(found, open=True, is_container=False)
