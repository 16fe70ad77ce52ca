"""Layers applied one after the other, as a function of their own: `x = block(x)`.

The same statements run in the same order, so layers have the same names and weights, and files of weights
fit as before.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rewrites.flow import flow, free_of, inner, locals_of, stores, unused
from keras_lsp.features.rewrites.selection import above, rows, step_of
from keras_lsp.features.rules.tree import Function, calls_of, tree_of
from keras_lsp.source.calls import is_input
from keras_lsp.source.parameters import self_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.rewrites.flow import Flow
    from keras_lsp.features.rewrites.selection import Selection
    from keras_lsp.features.rules.tree import Tree
    from keras_lsp.session.snapshot import DocumentView

_LEAST = 2  # of layers, which make a block


def extractions(view: DocumentView, selected: Selection) -> Iterator[Fix]:
    tree = tree_of(view)
    applied = _applied(view, selected)
    moved = flow(tree, selected) if applied >= _LEAST else None
    parameters = _parameters(tree, selected, moved) if moved is not None else None
    if moved is None or parameters is None:
        return
    name, step = unused(tree, "block"), step_of(view)
    outputs = ", ".join(moved.live)
    if not outputs and not selected.returns:
        return
    written = [f"def {name}({', '.join(parameters)}):", *rows(view, selected.lines, selected.indent, step)]
    written += [] if selected.returns else [f"{step}return {outputs}"]
    edit = above(view, selected.top, written)
    if edit is not None:
        call = f"{'return' if selected.returns else f'{outputs} ='} {name}({', '.join(parameters)})"
        edits = (edit, TextEdit(selected.lines, selected.indent + call))
        yield Fix(f"Extract {applied} layers to a function `{name}`", edits)


def _applied(view: DocumentView, selected: Selection) -> int:
    """How many layers are made and called at once; 0 where models or inputs are made, too."""
    calls, tree = calls_of(view), tree_of(view)
    made = {
        node: call
        for node in selected.nodes
        if isinstance(node, ast.Call) and (call := calls.get(tree.span(node))) is not None
    }
    if any(is_input(call) or call.callee == "keras.Model" for call in made.values()):
        return 0
    return sum(isinstance(node, ast.Call) and node.func in made for node in selected.nodes)


def _parameters(tree: Tree, selected: Selection, moved: Flow) -> list[str] | None:
    """What the function has to be given, tensors first; the rest it finds in the module.

    None where that is `self`, or something that an import in the function gives.
    """
    functions = [node for node in tree.above(selected.statements[0]) if isinstance(node, Function)]
    scopes = [locals_of(function) for function in functions]
    own = {name for function in functions for name in [_receiver(tree, function)] if name}
    if not functions:
        scopes = [_variables(tree, moved)]
    bound = {name: how for scope in reversed(scopes) for name, how in scope.items()}
    needed = [name for name in moved.needed if name in bound]
    late = {name for node in inner(selected.nodes) for name in free_of(node)}
    if own & {*needed} or any(bound[name] == "import" for name in needed) or late & {*bound}:
        return None
    tensors = _tensors(selected)
    return [*(n for n in needed if n in tensors), *(n for n in needed if n not in tensors)]


def _variables(tree: Tree, moved: Flow) -> dict[str, str]:
    """The variables of the module, without what a function of it sees as well: definitions and constants."""
    names = locals_of(tree.module)
    times = [name for statement in tree.module.body for name in stores(statement)]
    fixed = {n for n in names if n.isupper() and times.count(n) == 1 and n not in moved.assigned}
    return {name: how for name, how in names.items() if how == "value" and name not in fixed}


def _receiver(tree: Tree, function: Function) -> str | None:
    return self_name(function) if isinstance(tree.parents.get(function), ast.ClassDef) else None


def _tensors(selected: Selection) -> set[str]:
    """The names that stand somewhere else than in what makes a layer."""
    called = (n for n in selected.nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Call))
    made = {part for call in called for part in ast.walk(call.func)}
    return {node.id for node in selected.nodes if isinstance(node, ast.Name) and node not in made}
