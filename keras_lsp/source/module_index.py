"""What a module defines and imports, at any depth: one quick look at its statements."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_lsp.source.keras_names import Imports
from keras_lsp.source.literals import index_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass
class ModuleIndex:
    """Names of a module; of several definitions with one name the last counts."""

    imports: Imports = field(default_factory=Imports)
    classes: list[ast.ClassDef] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)  # of the module body
    methods: set[str] = field(default_factory=set)  # names of all functions, at any depth
    constants: set[str] = field(default_factory=set)  # names the module body binds to literals
    numbers: dict[str, int | None] = field(default_factory=dict)  # those bound once, to an int; else None
    written_out: set[str] = field(default_factory=set)  # those it binds to a lambda, a list or a dict
    body: list[ast.stmt] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)  # at any depth, in the order of the text

    def callables(self) -> frozenset[str]:
        """Names that run code of this module when they are called."""
        return frozenset(self.methods | {node.name for node in self.classes})


def index_module(tree: ast.Module) -> ModuleIndex:
    """Every import, class and function, in the order of the text."""
    found = ModuleIndex(body=tree.body)
    waiting: list[tuple[ast.AST, bool]] = [(statement, True) for statement in reversed(tree.body)]
    while waiting:
        node, top_level = waiting.pop()
        _note(found, node, top_level)
        inside = top_level and not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        waiting += [(child, inside) for child in reversed(list(blocks_of(node)))]
    return found


_SIMPLE = (
    ast.Expr,
    ast.Assign,
    ast.Return,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Raise,
    ast.Import,
    ast.ImportFrom,
)


def blocks_of(node: ast.AST) -> Iterator[ast.AST]:
    """The statements directly below a statement, handlers and cases included, in order."""
    if isinstance(node, _SIMPLE):
        return
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield from block


def _note(found: ModuleIndex, node: ast.AST, top_level: bool) -> None:
    if isinstance(node, ast.Import):
        found.imports.add_import(node, top_level)
    elif isinstance(node, ast.ImportFrom):
        found.imports.add_from(node, top_level)
    elif isinstance(node, ast.ClassDef):
        found.classes.append(node)
        found.definitions.append(node)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        found.definitions.append(node)
        found.methods.add(node.name)
        if top_level:
            found.functions[node.name] = node
    elif isinstance(node, (ast.AugAssign, ast.For, ast.AsyncFor)):
        _note_rebound(found, node.target, top_level)
    elif isinstance(node, ast.Global):
        found.numbers.update(dict.fromkeys(node.names))
    elif isinstance(node, ast.Assign):
        for name, value in assigned_names(node):
            _note_variable(found, name, value, top_level)


def assigned_names(node: ast.Assign) -> list[tuple[str, ast.expr]]:
    """The names that an assignment gives one value each: `a = x`, `a, b = x, y`."""
    if len(node.targets) != 1:
        return []
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    both = (ast.Tuple, ast.List)
    if not isinstance(target, both) or not isinstance(value, both) or len(target.elts) != len(value.elts):
        return []
    pairs = zip(target.elts, value.elts, strict=True)
    return [(name.id, given) for name, given in pairs if isinstance(name, ast.Name)]


def _note_variable(found: ModuleIndex, name: str, value: ast.expr, top_level: bool) -> None:
    if top_level:
        number = index_literal(value) if isinstance(value, ast.Constant) else None
        found.numbers[name] = number if name not in found.numbers else None
    if top_level and isinstance(value, (ast.Lambda, ast.Dict, ast.List, ast.Tuple)):
        found.written_out.add(name)
    if isinstance(value, (ast.Attribute, ast.Name)):
        found.imports.add_alias(name, value, top_level)
    elif top_level and isinstance(value, (ast.Constant, ast.Tuple, ast.BinOp)):
        found.constants.add(name)


def _note_rebound(found: ModuleIndex, target: ast.expr, top_level: bool) -> None:
    if top_level:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                found.numbers[node.id] = None
