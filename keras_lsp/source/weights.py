"""Weights that classes make for themselves: `self.kernel = self.add_weight(...)`."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.facts import MadeWeight
    from keras_lsp.text.span import Span

_METHODS = frozenset({"add_weight", "add_variable"})
_VARIABLES = {"keras.Variable": "keras.Variable", "tensorflow.Variable": "tf.Variable"}


def weight_calls(
    value: ast.expr, own: str, calls: Calls, conditional: bool = False
) -> Iterator[tuple[ast.Call, str, bool]]:
    """The calls in a value that make a weight, what each calls, and whether it may not run.

    `own` is what the method calls its object.
    """
    if isinstance(value, ast.IfExp):
        for branch in (value.body, value.orelse):
            yield from weight_calls(branch, own, calls, conditional=True)
    elif isinstance(value, ast.Call) and isinstance(value.func, (ast.Attribute, ast.Name)):
        maker = _maker(value.func, own, calls)
        if maker is not None:
            yield value, maker, conditional


def _maker(func: ast.Attribute | ast.Name, own: str, calls: Calls) -> str | None:
    if isinstance(func, ast.Attribute) and func.attr in _METHODS:
        return func.attr if isinstance(func.value, ast.Name) and func.value.id == own else None
    if (func.attr if isinstance(func, ast.Attribute) else func.id) != "Variable":
        return None
    return _VARIABLES.get(calls.canonical(func) or "")


def weights_at(weights: Iterable[MadeWeight], at: Span) -> Iterator[MadeWeight]:
    """Weights of a class of another file; `at`, what names it here, stands for all places in that file."""
    for weight in weights:
        arguments = tuple(replace(argument, span=at) for argument in weight.arguments)
        yield replace(weight, definition=at, source_line=at, arguments=arguments)
