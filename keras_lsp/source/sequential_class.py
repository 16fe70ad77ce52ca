"""The layers of a class derived from `Sequential`, where its constructor gives them one after the other."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.source.calls import is_input, layers_argument
from keras_lsp.source.facts import LayerSlot
from keras_lsp.source.parameters import self_name
from keras_lsp.source.slot_reader import is_super

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.facts import LayerCall
    from keras_lsp.source.module_index import Function
    from keras_lsp.source.positions import Positions

_CHANGES = frozenset({"add", "pop", "_layers", "layers"})


def sequential_slots(
    node: ast.ClassDef, init: Function | None, calls: Calls, positions: Positions
) -> tuple[LayerSlot, ...] | None:
    """What `.layers` of an object holds, in order; None where the text is not sure of all of it."""
    others = [
        s for s in node.body if s is not init and isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    if init is None or any(_changes(method, self_name(method)) for method in others):
        return None
    found = list(_given(init, calls))
    if None in found:
        return None
    made = [(statement, call) for one in found if one is not None for statement, call in [one]]
    return tuple(
        LayerSlot(node.name, f"layers[{number}]", call.span, call, positions.header_span(statement))
        for number, (statement, call) in enumerate(pair for pair in made if not is_input(pair[1]))
    )


def _given(init: Function, calls: Calls) -> Iterator[tuple[ast.stmt, LayerCall] | None]:
    """Each layer that the constructor gives, with its statement; None for what it may do beside that."""
    own, begun = self_name(init), False
    for statement in init.body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if not isinstance(call, ast.Call):
            if _changes(statement, own):
                yield None
        elif is_super(call, "__init__"):
            layers, complete = calls.sequential_layers(call)
            named_only = layers_argument(call) is None and not call.args
            yield from ((statement, layer) for layer in layers)
            if begun or not (complete or named_only):
                yield None
            begun = True
        elif _is_add(call, own) and len(call.args) == 1 and not call.keywords:
            layer = calls.layer_call(call.args[0]) if isinstance(call.args[0], ast.Call) else None
            yield (statement, layer) if layer is not None and begun else None
        elif _changes(statement, own):
            yield None
    if not begun:
        yield None


def _is_add(call: ast.Call, own: str | None) -> bool:
    func = call.func
    named = isinstance(func, ast.Attribute) and func.attr == "add" and isinstance(func.value, ast.Name)
    return named and func.value.id == own  # type: ignore[attr-defined]


def _changes(node: ast.AST, own: str | None) -> bool:
    """Whether code may change which layers the object has: it names what does, or hands the object over."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == own:
            stores = not isinstance(inner.ctx, ast.Load)
            if inner.attr in {"add", "pop"} or (stores and inner.attr in _CHANGES):
                return True
        elif isinstance(inner, ast.Call) and any(isinstance(a, ast.Name) and a.id == own for a in inner.args):
            return not is_super(inner, "__init__")
    return False
