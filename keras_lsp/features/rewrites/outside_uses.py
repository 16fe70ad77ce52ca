"""What the rest of a file asks of that which a rewrite changes: variables, places in `model.layers`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.rules.tree import Function
from keras_lsp.source.enclosing import own_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keras_lsp.features.rules.tree import Tree
    from keras_lsp.text.span import Span

_AGAIN = (ast.For, ast.AsyncFor, ast.While)


def used_outside(tree: Tree, statements: Sequence[ast.stmt], names: Iterable[str], whole: Span) -> bool:
    """`statements` follow each other in one body, and `whole` covers them."""
    home = tree.function_of(statements[0])
    wanted = set(names)
    found: dict[str, list[ast.Name]] = {}
    for node in tree.every(ast.Name):
        if node.id in wanted and not whole.covers(tree.span(node)) and not _is_another(tree, node, home):
            found.setdefault(node.id, []).append(node)
    if any(isinstance(holder, _AGAIN) for holder in tree.above(statements[0])):
        return bool(found)
    body = tree.body_of(statements[0])
    for nodes in found.values():
        if any(tree.function_of(node) is not home for node in nodes):
            return True  # read by a function, nobody knows when
        after = [node for node in nodes if tree.span(node).start >= whole.end]
        if after and not _is_given_anew(tree, body, after[0]):
            return True
    return False


def counts_layers(tree: Tree, model: str) -> bool:
    """Whether something goes by the places in `model.layers`: only a functional model has its input there."""
    for node in tree.every(ast.Attribute):
        if not isinstance(node.value, ast.Name) or node.value.id != model:
            continue
        use = tree.parents[node]
        if (node.attr == "layers" and _takes_place(use, node)) or (
            node.attr == "get_layer" and _asks_by_index(use, node)
        ):
            return True
    return False


def _takes_place(use: ast.AST, layers: ast.Attribute) -> bool:
    """`model.layers[1]`, `zip(model.layers, other.layers)`; from the end, places are the same."""
    if isinstance(use, ast.Subscript):
        return not (isinstance(use.slice, ast.UnaryOp) and isinstance(use.slice.op, ast.USub))
    return isinstance(use, ast.Call) and use.func is not layers


def _asks_by_index(use: ast.AST, method: ast.Attribute) -> bool:
    """`model.get_layer(index=1)`."""
    if not isinstance(use, ast.Call) or use.func is not method:
        return False
    return len(use.args) > 1 or any(keyword.arg == "index" for keyword in use.keywords)


def _is_another(tree: Tree, node: ast.Name, home: Function | None) -> bool:
    """Whether it is a variable of a function's own that has the same name."""
    for holder in tree.above(node):
        if holder is home:
            return False
        if isinstance(holder, Function) and node.id in own_names(holder):
            return True
    return False


def _is_given_anew(tree: Tree, body: Sequence[ast.stmt], name: ast.Name) -> bool:
    """Whether a statement of the same body gives it another value, for which it does not ask for this one."""
    statement = tree.parents[name]
    if not isinstance(statement, ast.Assign) or statement not in body or name not in statement.targets:
        return False
    return not any(isinstance(node, ast.Name) and node.id == name.id for node in tree.below(statement.value))
