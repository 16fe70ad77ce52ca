"""Which names selected statements need, and which of those that they assign are needed behind them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features.rules.tree import Function
from keras_lsp.source.parameters import parameter_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.rewrites.selection import Selection
    from keras_lsp.features.rules.tree import Tree

_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Pass, ast.Assert)
_STRANGE = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# Functions that see the names around their call, and one that sees in which class it is.
_SEES_NAMES = frozenset({"locals", "globals", "vars", "dir", "eval", "exec"})
_SEES_CLASS = "super"


@dataclass(frozen=True)
class Flow:
    """Names in the order of the text."""

    needed: tuple[str, ...]  # read before they are assigned
    assigned: tuple[str, ...]
    live: tuple[str, ...]  # assigned, and read behind the selection


def flow(tree: Tree, selected: Selection) -> Flow | None:
    """None where the statements may do more with names than their text says."""
    if any(isinstance(node, (*_STRANGE, *_COMPREHENSIONS)) for node in selected.nodes):
        return None
    if any(isinstance(node, ast.Name) and node.id.startswith("__") for node in selected.nodes):
        return None  # it means another name in a class
    needed: dict[str, None] = {}
    assigned: dict[str, None] = {}
    for statement in selected.statements:
        needed |= {name: None for name in reads(statement) if name not in assigned}
        assigned |= dict.fromkeys(stores(statement))
    inside = set(selected.nodes)
    scope = list(ast.walk(selected.scope))
    if any(isinstance(n, ast.Name) and n.id in _SEES_NAMES for n in scope):
        return None
    if any(isinstance(n, ast.Name) and n.id == _SEES_CLASS for n in inside):
        return None
    if _shared(tree, {*needed, *assigned}) or any(set(free_of(f)) & {*assigned} for f in inner(scope[1:])):
        return None
    elsewhere = set(_reads_outside(selected.scope, inside))
    return Flow(
        tuple(needed), tuple(assigned), tuple(n for n in assigned if _is_live(selected, n, elsewhere))
    )


def _shared(tree: Tree, names: set[str]) -> bool:
    """Whether a function says of one of the names that it is another's."""
    declared = (n for n in tree.nodes if isinstance(n, (ast.Global, ast.Nonlocal)))
    return any(names & set(node.names) for node in declared)


def _is_live(selected: Selection, name: str, elsewhere: set[str]) -> bool:
    if selected.returns:
        return False
    for statement in selected.after:
        if name in reads(statement):
            return True
        if isinstance(statement, _SIMPLE):
            if name in stores(statement):
                return False
        elif selected.nested:  # it may leave the block
            break
    return selected.nested and name in elsewhere


def reads(node: ast.AST) -> list[str]:
    """Names that are read somewhere in it, functions included, in the order of the text."""
    found = [n for n in _walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Store)]
    found += [
        n.target for n in ast.walk(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    ]
    found.sort(key=lambda n: (n.lineno, n.col_offset))
    return list(dict.fromkeys(n.id for n in found))


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node but what functions in it read of their own names."""
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(node, frozenset())]
    while waiting:
        at, own = waiting.pop()
        if isinstance(at, ast.Name) and at.id in own:
            continue
        yield at
        if isinstance(at, (Function, ast.Lambda)):
            names = own | _own(at)
            body = at.body if isinstance(at.body, list) else [at.body]
            waiting += [(child, names) for child in body]
            waiting += [(child, own) for child in ast.iter_child_nodes(at) if child not in body]
        else:
            waiting += [(child, own) for child in ast.iter_child_nodes(at)]


def _own(function: Function | ast.Lambda) -> frozenset[str]:
    if isinstance(function, ast.Lambda):
        extra = [a.arg for a in (function.args.vararg, function.args.kwarg) if a is not None]
        arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        return frozenset([*(a.arg for a in arguments), *extra])
    return frozenset(locals_of(function))


def _reads_outside(scope: Function | ast.Module, inside: set[ast.AST]) -> Iterator[str]:
    for node in (below for statement in scope.body for below in _walk(statement)):
        if node in inside:
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def inner(nodes: Iterable[ast.AST]) -> Iterator[Function | ast.Lambda]:
    return (node for node in nodes if isinstance(node, (Function, ast.Lambda)))


def free_of(function: Function | ast.Lambda) -> list[str]:
    """What a function reads of the names around it, when it is called."""
    own = _own(function)
    body = function.body if isinstance(function.body, list) else [function.body]
    return [name for child in body for name in reads(child) if name not in own]


def stores(node: ast.AST) -> list[str]:
    """Names that are assigned in a statement."""
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def locals_of(scope: Function | ast.Module) -> dict[str, str]:
    """The names that a function or module binds, and what binds each: "import", "def" or "value"."""
    found: dict[str, str] = {}
    outer: set[str] = set()
    if not isinstance(scope, ast.Module):
        found |= dict.fromkeys(parameter_names(scope), "value")
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (Function, ast.ClassDef)):
            found.setdefault(node.name, "def")
            waiting += node.decorator_list
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                found.setdefault(alias.asname or alias.name.partition(".")[0], "import")
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found[node.id] = "value"
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            outer |= set(node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            found[node.name] = "value"
        waiting += ast.iter_child_nodes(node)
    return {name: how for name, how in found.items() if name not in outer}


def unused(tree: Tree, wanted: str) -> str:
    """The name, or one like it that the text has no meaning for, as a variable or as an attribute."""
    text = tree.positions.text
    names = _names(tree) if wanted in text else frozenset()
    name, number = wanted, 1
    while name in names:
        number += 1
        name = f"{wanted}{number}"
    return name


def _names(tree: Tree) -> frozenset[str]:
    found: set[str] = set()
    for node in tree.nodes:
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, (ast.arg, ast.keyword)):
            found.add(node.arg or "")
        elif isinstance(node, ast.alias):
            found |= {node.asname or "", *node.name.split(".")}
        elif isinstance(node, (Function, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            found.add(node.name or "")
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            found |= {*node.names}
    return frozenset(found)
