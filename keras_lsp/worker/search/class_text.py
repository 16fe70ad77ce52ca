"""A class as its module's text has it: its methods, with those it inherits there, and what it makes."""

from __future__ import annotations

import ast
from typing import Dict, List, NamedTuple, Optional, Set

from .tensor_uses import is_name


class ClassText(NamedTuple):
    node: ast.ClassDef
    methods: Dict[str, ast.FunctionDef]  # also those of base classes in the same module
    made: Dict[str, str]  # attribute of self -> name of the class that is made for it


def class_text(tree: ast.AST, class_name: str) -> Optional[ClassText]:
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    node = classes.get(class_name)
    if node is None:
        return None
    methods: Dict[str, ast.FunctionDef] = {}
    queue: List[ast.ClassDef] = [node]
    seen: Set[str] = set()
    while queue:
        current = queue.pop(0)
        if current.name in seen:
            continue
        seen.add(current.name)
        for statement in current.body:
            if isinstance(statement, ast.FunctionDef):
                methods.setdefault(statement.name, statement)
        bases = [base.id for base in current.bases if isinstance(base, ast.Name)]
        queue += [classes[name] for name in bases if name in classes]
    return ClassText(node, methods, _made(methods))


def _made(methods: Dict[str, ast.FunctionDef]) -> Dict[str, str]:
    """By attribute: `self.att = Attention(...)`, `self.blocks = [Block(...)]`, `self.blocks.append(...)`."""
    made: Dict[str, str] = {}
    for node in (node for method in methods.values() for node in ast.walk(method)):
        target: Optional[ast.AST] = None
        value: Optional[ast.AST] = None
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            added = node.args if node.func.attr == "append" else []
            target, value = node.func.value, next(iter(added), None)
        name = _class_name(value)
        if name and isinstance(target, ast.Attribute) and is_name(target.value, "self"):
            made.setdefault(target.attr, name)
    return made


def _class_name(value: Optional[ast.AST]) -> str:
    """Of what a call makes, or the first call in a list; "" for anything else."""
    if isinstance(value, ast.ListComp):
        value = value.elt
    elif isinstance(value, (ast.List, ast.Tuple)) and value.elts:
        value = value.elts[0]
    if not isinstance(value, ast.Call):
        return ""
    return value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
