"""What the text of a class's `call` says about its inputs: how many, which keys, what meets them first."""

from __future__ import annotations

import ast
from typing import List, Optional

NOT_TENSORS = frozenset(
    {"training", "mask", "self", "attention_mask", "padding_mask", "return_attention_scores"}
)


class CallHints:
    """Parameters without default of `call`, and how the first one is used."""

    def __init__(self, required: List[str]) -> None:
        self.required = required
        self.keys: List[str] = []  # inputs["a"]
        self.unpacked = 0  # a, b = inputs
        self.indexed = 0  # inputs[1]: one more than the highest index
        self.first_layer: Optional[str] = None  # attribute of self that is called on the first parameter


def call_hints(tree: ast.AST, class_name: str) -> CallHints:
    """Hints of `class_name.call` in a module; those of a plain `call(self, inputs)` where there is none."""
    function = _call_of(tree, class_name)
    if function is None:
        return CallHints(["inputs"])
    names = [argument.arg for argument in function.args.args[1:]]
    without_default = names[: len(names) - len(function.args.defaults)] or names[:1]
    hints = CallHints([name for name in without_default if name not in NOT_TENSORS])
    if hints.required:
        _read_uses(function, hints)
    return hints


def _call_of(tree: ast.AST, class_name: str) -> Optional[ast.FunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            for statement in node.body:
                if isinstance(statement, ast.FunctionDef) and statement.name == "call":
                    return statement
    return None


def _read_uses(function: ast.FunctionDef, hints: CallHints) -> None:
    first = hints.required[0]
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and _is_name(node.value, first):
            key = getattr(node.slice, "value", None)
            if isinstance(key, str) and key not in hints.keys:
                hints.keys.append(key)
            elif isinstance(key, int):
                hints.indexed = max(hints.indexed, key + 1)
        elif isinstance(node, ast.Assign) and _is_name(node.value, first):
            if isinstance(node.targets[0], (ast.Tuple, ast.List)):
                hints.unpacked = len(node.targets[0].elts)
        elif isinstance(node, ast.Call) and node.args and _is_name(node.args[0], first):
            hints.first_layer = hints.first_layer or _own_attribute(node.func)


def _own_attribute(node: ast.AST) -> Optional[str]:
    """The name in `self.name`."""
    if isinstance(node, ast.Attribute) and _is_name(node.value, "self"):
        return node.attr
    return None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
