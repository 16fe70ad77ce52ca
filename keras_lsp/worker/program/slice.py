"""Which statements of a module matter to its models.

A module-level statement matters when it speaks of Keras or TensorFlow, of a name that holds something made
from them, or binds or changes a name that such a statement needs. The rest is not run.
"""

from __future__ import annotations

import ast
import builtins
from typing import Callable, Iterable, Iterator, List, Set

from ..record.instrument import ASSIGN, CALLEE, LOOP, METHOD, RECORD, WHILE

INSTRUMENTS = frozenset({RECORD, ASSIGN, LOOP, WHILE, METHOD, CALLEE})
STAR = "*"  # what `from x import *` binds
KERAS_MODULES = frozenset({"keras", "tensorflow", "tf_keras", "keras_hub", "keras_nlp", "keras_cv"})


def relevant_statements(body: List[ast.stmt], in_workspace: Callable[[str], bool]) -> Set[int]:
    """Indices into `body` of the statements to replay. `in_workspace(module)`: whether a top-level module is
    the user's own, so that what comes from it may be a model."""
    model_names = _model_sources(body, in_workspace)
    bound = [set(bound_names(statement)) for statement in body]
    loaded = [set(loaded_names(statement)) for statement in body]
    if STAR in model_names.union(*bound):
        unbound = _bound_nowhere(body)
        bound = [names | unbound if STAR in names else names for names in bound]
        model_names |= unbound if STAR in model_names else set()
    imported = {name for statement in body if _is_import(statement) for name in bound_names(statement)}
    relevant: Set[int] = set()
    grew = True
    while grew:
        grew = False
        for index in range(len(body)):
            if index not in relevant and loaded[index] & model_names:
                relevant.add(index)
                model_names |= bound[index] | set(changed_names(body[index])) - imported
                grew = True
    return _with_needs(body, relevant, bound, loaded)


def _with_needs(
    body: List[ast.stmt], relevant: Set[int], bound: List[Set[str]], loaded: List[Set[str]]
) -> Set[int]:
    needed: Set[str] = set()
    for index in relevant:
        needed |= loaded[index]
    grew = True
    while grew:
        grew = False
        for index, statement in enumerate(body):
            changes = bound[index] | set(changed_names(statement))
            if index not in relevant and changes & needed:
                relevant.add(index)
                needed |= loaded[index]
                grew = True
    return relevant


def _model_sources(body: List[ast.stmt], in_workspace: Callable[[str], bool]) -> Set[str]:
    names: Set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.split(".")[0]
                    if top in KERAS_MODULES or in_workspace(top):
                        names.add(alias.asname or alias.name.split(".")[0])
            elif isinstance(node, ast.ImportFrom):
                top = (node.module or "").split(".")[0]
                if node.level or top in KERAS_MODULES or in_workspace(top):
                    names.update(alias.asname or alias.name for alias in node.names)
    return names


def _bound_nowhere(body: List[ast.stmt]) -> Set[str]:
    """Names that only a `from x import *` can have brought."""
    loaded: Set[str] = set()
    bound = set(dir(builtins))
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                (loaded if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            elif isinstance(node, ast.arg):
                bound.add(node.arg)
            elif isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
                bound.update(bound_names(node))
    return loaded - bound


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Import, ast.ImportFrom))


def bound_names(statement: ast.AST) -> Iterator[str]:
    """Names a statement binds in its own scope."""
    for node in _own_scope(statement):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.id
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0]
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def changed_names(statement: ast.AST) -> Iterator[str]:
    """Names whose object a statement may change: `x.append(...)`, `x[0] = ...`, `x.a = ...`."""
    for node in _own_scope(statement):
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            if isinstance(node.ctx, ast.Store):
                yield from _root(node)
        elif isinstance(node, ast.Call) and not _is_recording(node):
            function = _unwrapped(node.func)
            if isinstance(function, ast.Attribute):
                yield from _root(function)


def loaded_names(statement: ast.AST) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


def _root(node: ast.AST) -> Iterable[str]:
    node = _unwrapped(node)
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = _unwrapped(node.value)
    return (node.id,) if isinstance(node, ast.Name) else ()


def _is_recording(node: ast.AST) -> bool:
    """Whether this is a call that instrumentation put around the user's expression."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in INSTRUMENTS


def _unwrapped(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Call) and _is_recording(node):
        node = node.args[0]
    return node


def _own_scope(statement: ast.AST) -> Iterator[ast.AST]:
    """The statement and what is in it, without the insides of functions, classes and lambdas."""
    yield statement
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return
    for child in ast.iter_child_nodes(statement):
        yield from _own_scope(child)


def is_main_guard(statement: ast.stmt) -> bool:
    """`if __name__ == "__main__":`, either way round."""
    if not isinstance(statement, ast.If) or not isinstance(statement.test, ast.Compare):
        return False
    sides = [statement.test.left, *statement.test.comparators]
    names = {side.id for side in sides if isinstance(side, ast.Name)}
    texts = {side.value for side in sides if isinstance(side, ast.Constant)}
    return "__name__" in names and "__main__" in texts
