"""What annotations say of models and layers: `Net`, `"Net"`, `Net | None`, `Optional[keras.Model]`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.source.facts import ModelKind
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.syntax import expression
from keras_lsp.source.variables import Sort, Value

if TYPE_CHECKING:
    from keras_lsp.source.walk import Walk

_LONGEST = 200  # characters of an annotation in a string


def choices_of(node: ast.expr) -> list[ast.expr]:
    """What an annotation lets something be, but None: `A | None`, `Optional[A]`, `Union[A, B]`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*choices_of(node.left), *choices_of(node.right)]
    word = (dotted_name(node.value) or "").rpartition(".")[2] if isinstance(node, ast.Subscript) else ""
    if isinstance(node, ast.Subscript) and word in {"Optional", "Union", "Annotated"}:
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return [found for part in (inner[:1] if word == "Annotated" else inner) for found in choices_of(part)]
    return [] if isinstance(node, ast.Constant) and node.value is None else [node]


def annotated(node: ast.expr | None, walk: Walk) -> Value | None:
    """The one model or layer that something is, if it is not None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _in_string(node.value, walk)
    choices = choices_of(node) if node is not None else []
    if len(choices) != 1 or not isinstance(choices[0], (ast.Name, ast.Attribute)):
        return None
    maker = walk.calls.maker(choices[0])
    if maker is None:
        return walk.object_of(choices[0])
    if maker.is_input:
        return None
    kind = ModelKind.UNKNOWN if maker.callee == "keras.Model" else maker.kind
    return Value(Sort.OBJECT, kind, class_name=maker.callee if maker.callee in walk.classes else None)


def _in_string(text: str, walk: Walk) -> Value | None:
    """Of a class of this module; where its name stands in the string is not noted."""
    node = expression(text) if len(text) <= _LONGEST else None
    choices = choices_of(node) if node is not None else []
    info = walk.classes.get(dotted_name(choices[0]) or "") if len(choices) == 1 else None
    return Value(Sort.OBJECT, info.kind, class_name=info.node.name) if info is not None else None
