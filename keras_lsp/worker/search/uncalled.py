"""Arguments for the classes and builder functions that a program defines and does not use.

Defaults count; what other calls in the text give is taken where it is spelled out; the rest is unknown, as a
caller's values are.
"""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from ..unknown.hole import Hole

# A shape whose rank nobody knows: an image, features, a sequence.
SHAPE_NAME = re.compile(r"shape$|^input_size$|^image_size$|^img_size$")
RANKS = (3, 1, 2)
VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Arguments(NamedTuple):
    """Keyword arguments for a call."""

    values: Dict[str, Any]
    guessed: bool  # whether a rank was guessed


def arguments(function: Any, name: str, tree: ast.AST, space: Dict[str, Any]) -> Iterator[Arguments]:
    """What to call a function or class with, the likeliest first.

    Yields nothing where the signature is not known or has positional-only parameters without default.
    """
    try:
        parameters = _parameters(function)
    except (TypeError, ValueError):
        return
    if any(p.kind is p.POSITIONAL_ONLY and p.default is p.empty for p in parameters):
        return
    spelled = _spelled_out(tree, name, [p.name for p in parameters], space)
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in VARIABLE]
    shapes = [
        parameter for parameter in required if parameter not in spelled and SHAPE_NAME.search(parameter)
    ]
    for rank in RANKS if shapes else RANKS[:1]:
        values = {
            parameter: spelled[parameter]
            if parameter in spelled
            else _shape(parameter, rank)
            if parameter in shapes
            else _unknown(parameter)
            for parameter in required
        }
        yield Arguments(values, guessed=bool(shapes))


def _parameters(function: Any) -> List[inspect.Parameter]:
    """Of a class those of its `__init__`, also where a base takes anything in its `__new__`."""
    initializer = getattr(function, "__init__", None)
    if not isinstance(function, type) or initializer is None or initializer is object.__init__:
        return list(inspect.signature(function).parameters.values())
    return list(inspect.signature(initializer).parameters.values())[1:]


def _unknown(name: str) -> Hole:
    return Hole(f"nobody in this file gives `{name}`", text=name)


def _shape(name: str, rank: int) -> Tuple[Any, ...]:
    sizes = tuple(_unknown(f"{name}[{axis}]") for axis in range(rank))
    return (*sizes[:2], 3) if rank == 3 else sizes


def _spelled_out(tree: ast.AST, name: str, parameters: List[str], space: Dict[str, Any]) -> Dict[str, Any]:
    """Arguments that calls of `name` in the text give as literals or as constants of the module."""
    found: Dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            given = [*zip(parameters, node.args), *((k.arg, k.value) for k in node.keywords if k.arg)]
            for parameter, expression in given:
                literal = _literal(expression, space)
                if parameter not in found and literal is not None:
                    found[parameter] = literal
    return found


def _literal(node: ast.AST, space: Dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        value = space.get(node.id)
        return value if isinstance(value, (bool, int, float, str, list, tuple)) else None
    try:
        return ast.literal_eval(node)
    except (ValueError, SyntaxError, TypeError):
        return None


def builders(tree: ast.Module, space: Dict[str, Any], classes: Set[str]) -> Iterator[ast.FunctionDef]:
    """Module-level functions that make layers, by the look of their text."""
    for node in tree.body:
        if (
            isinstance(node, ast.FunctionDef)
            and not _is_traced(node)
            and inspect.isfunction(space.get(node.name))
            and any(_makes_layer(inner, space, classes) for inner in ast.walk(node))
        ):
            yield node


def _is_traced(function: ast.FunctionDef) -> bool:
    return any("function" in ast.dump(decorator) for decorator in function.decorator_list)


def _makes_layer(node: ast.AST, space: Dict[str, Any], classes: Set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    if isinstance(function, ast.Name):
        return function.id in classes or _is_keras_class(space.get(function.id))
    return isinstance(function, ast.Attribute) and _is_keras_class(_looked_up(function, space))


def _looked_up(node: ast.expr, space: Dict[str, Any]) -> Optional[Any]:
    """The object that a dotted name denotes, through modules only."""
    if isinstance(node, ast.Name):
        return space.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _looked_up(node.value, space)
        return getattr(owner, node.attr, None) if inspect.ismodule(owner) else None
    return None


def _is_keras_class(value: Any) -> bool:
    return isinstance(value, type) and value.__module__.startswith(("keras.", "tf_keras.", "keras_hub."))
