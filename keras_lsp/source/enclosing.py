"""What stands around a place of a module, and what each function, class and the module itself gives names.

A *giving* of a name is every statement that binds it, whatever the way; its value is the expression where the
text has one for this name alone, an import statement itself, else None.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

from keras_lsp.source.module_index import Definition, Function, blocks_of
from keras_lsp.source.parameters import parameter_names, self_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Import = ast.Import | ast.ImportFrom
Giving = ast.expr | Import | None
Givings = dict[str, list[Giving]]
# Methods of lists and dicts that change them.
CHANGING = frozenset(
    {
        "append",
        "extend",
        "insert",
        "update",
        "setdefault",
        "pop",
        "popitem",
        "remove",
        "clear",
        "sort",
        "reverse",
    }
)


class Enclosing:
    """The definitions of one module, in the order of the text; each is looked into when somebody asks."""

    def __init__(self, body: Sequence[ast.stmt], definitions: Sequence[Definition]) -> None:
        self._body = body
        self._definitions = definitions
        self._starts = [node.lineno for node in definitions]
        self._outer: dict[Definition, Definition | None] = {}
        self._given: dict[Function | None, Givings] = {}
        self._kept: dict[ast.ClassDef, dict[str, list[ast.expr | None]]] = {}
        self._changed: frozenset[str] | None = None
        self._changed_by_functions: frozenset[str] | None = None
        self._changed_in: dict[Definition, frozenset[str]] = {}
        self._set: dict[Definition | None, frozenset[tuple[str, str]]] = {}
        open_: list[Definition] = []
        for node in definitions:
            while open_ and (open_[-1].end_lineno or 0) < node.lineno:
                open_.pop()
            self._outer[node] = open_[-1] if open_ else None
            open_.append(node)

    def around(self, node: ast.expr) -> tuple[Definition, ...]:
        """The definitions whose bodies hold a node, innermost first."""
        found: Definition | None = None
        number = bisect_right(self._starts, node.lineno)
        if number:
            found = self._definitions[number - 1]
        while found is not None and not _holds(found, node):
            found = self._outer[found]
        chain = []
        while found is not None:
            chain.append(found)
            found = self._outer[found]
        return tuple(chain)

    def given_in(self, function: Function | None) -> Mapping[str, list[Giving]]:
        """What a function gives to its own names, parameters aside; None asks for the module."""
        if function not in self._given:
            self._given[function] = givings(self._body if function is None else function.body)
        return self._given[function]

    def kept_by(self, node: ast.ClassDef) -> Mapping[str, list[ast.expr | None]]:
        """As the function of that name; looked up once."""
        if node not in self._kept:
            self._kept[node] = kept_by(node)
        return self._kept[node]

    @property
    def changed(self) -> frozenset[str]:
        """Names of lists and dicts that some statement of the module changes."""
        if self._changed is None:
            self._changed = frozenset(changed_names(self._body))
        return self._changed

    @property
    def changed_by_functions(self) -> frozenset[str]:
        """Names of the module of which functions or classes change a list or dict, or that they give anew."""
        if self._changed_by_functions is None:
            bodies = [node for node in self._definitions if self._outer[node] is None]
            said = (node for body in bodies for node in ast.walk(body) if isinstance(node, ast.Global))
            anew = {name for node in said for name in node.names}
            self._changed_by_functions = frozenset(changed_names(bodies) | anew)
        return self._changed_by_functions

    def changes(self, definition: Definition, name: str) -> bool:
        """Whether a function changes the list or dict that it calls so."""
        if definition not in self._changed_in:
            self._changed_in[definition] = frozenset(changed_names(definition.body))
        return name in self._changed_in[definition]

    def set_from_outside(self, definition: Definition | None) -> frozenset[tuple[str, str]]:
        """Name and attribute of each `name.x = ...` or `name.y.x = ...`; None asks for the module."""
        if definition not in self._set:
            body = self._body if definition is None else [definition]
            self._set[definition] = frozenset(_set_attributes(body))
        return self._set[definition]


def kept_by(node: ast.ClassDef) -> dict[str, list[ast.expr | None]]:
    """What the body of a class gives to names, and its methods to attributes of `self`."""
    found = {
        name: [value if isinstance(value, ast.expr) else None for value in values]
        for name, values in givings(node.body).items()
    }
    for method in node.body:
        if isinstance(method, Function):
            found.pop(method.name, None)
            _note_attributes(method, self_name(method), found)
    return found


def _set_attributes(body: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                root = root_name(node)
                if root is not None and not (root == "self" and isinstance(node.value, ast.Name)):
                    yield root, node.attr


def root_name(node: ast.expr | None) -> str | None:
    """The `a` of `a.b[0].c`."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def changed_names(statements: Iterable[ast.AST]) -> set[str]:
    """Names of lists and dicts that some statement changes, but for those of a function's own."""
    found: set[str] = set()
    waiting = list(statements)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function):
            inside = changed_names(node.body)
            found |= inside - own_names(node) if inside else inside
            continue
        name = root_name(changed_by(node))
        if name is not None:
            found.add(name)
        waiting += ast.iter_child_nodes(node)
    return found


def own_names(function: Function) -> set[str]:
    return {*parameter_names(function), *givings(function.body)} - set(_names_of_others(function))


def changed_by(node: ast.AST) -> ast.expr | None:
    """The list or dict of which a node gives or deletes an element, or calls a method that changes it."""
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return node.value
    return node.value if isinstance(node, ast.Attribute) and node.attr in CHANGING else None


def _holds(definition: Definition, node: ast.expr) -> bool:
    """Whether a node is in the body: a default or a base belongs to what is around the definition."""
    first = definition.body[0]
    last = (definition.end_lineno or first.lineno, definition.end_col_offset or 0)
    return (first.lineno, first.col_offset) <= (node.lineno, node.col_offset) < last


def givings(body: Iterable[ast.stmt]) -> Givings:
    """What statements give to names of the scope that they are in."""
    found: Givings = defaultdict(list)
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Definition):
            found[node.name].append(None)
            for name in _names_of_others(node):
                found[name].append(None)
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found[node.id].append(None)
            continue
        waiting += _note(node, found)
    return dict(found)


def _names_of_others(definition: Definition) -> Iterator[str]:
    """The names around a definition to which something in it may give a value."""
    waiting: list[ast.AST] = [definition]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names
        waiting += blocks_of(node)


def _note(node: ast.AST, found: Givings) -> Iterable[ast.AST]:
    """Note what a node gives with a value of its own, or without a name node; returns what is left to see."""
    if isinstance(node, ast.Assign):
        left: list[ast.AST] = [node.value]
        for target in node.targets:
            left += _assigned(target, node.value, found)
        return left
    if isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and isinstance(node.target, ast.Name):
        if node.value is not None:
            found[node.target.id].append(node.value)
            return (node.value,)
        return ()
    if isinstance(node, Import):
        for alias in node.names:
            found[bound_name(alias)].append(node)
        return ()
    for name in named_without_node(node):
        found[name].append(None)
    return ast.iter_child_nodes(node)


def bound_name(alias: ast.alias) -> str:
    """The name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def named_without_node(node: ast.AST) -> list[str]:
    """Names that a node binds and that are plain strings in the tree."""
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return node.names
    if isinstance(node, ast.Lambda):
        return [inner.arg for inner in ast.walk(node.args) if isinstance(inner, ast.arg)]
    name = node.rest if isinstance(node, ast.MatchMapping) else None
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        name = node.name
    return [name] if name else []


def _assigned(target: ast.expr, value: ast.expr, found: Givings) -> Iterable[ast.AST]:
    if isinstance(target, ast.Name):
        found[target.id].append(value)
        return ()
    both = (ast.Tuple, ast.List)
    if isinstance(target, both) and isinstance(value, both) and len(target.elts) == len(value.elts):
        pairs = list(zip(target.elts, value.elts, strict=True))
        if not any(isinstance(node, ast.Starred) for pair in pairs for node in pair):
            return [left for name, given in pairs for left in _assigned(name, given, found)]
    return (target,)


def _note_attributes(method: Function, own: str | None, found: dict[str, list[ast.expr | None]]) -> None:
    if own is None:
        return
    values: dict[ast.expr, ast.expr] = {}
    for node in ast.walk(method):
        if isinstance(node, ast.Assign):
            values.update(dict.fromkeys(node.targets, node.value))
        elif isinstance(node, ast.AnnAssign):
            if node.value is None:
                continue
            values[node.target] = node.value
        elif (
            isinstance(node, ast.Attribute)
            and not isinstance(node.ctx, ast.Load)
            and isinstance(node.value, ast.Name)
            and node.value.id == own
        ):
            found.setdefault(node.attr, []).append(values.get(node))
