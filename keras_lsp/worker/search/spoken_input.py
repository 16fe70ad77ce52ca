"""An input as a user spells it, in a pragma or a setting: text to symbolic inputs.

Like the arguments of a call: `(None, 32)` or `input=(None, 32)` for the first, `key=(None, 16, 32)` for
others by name. A value is a shape with its batch axis; `int32(None, 16)` has a dtype; lists, tuples and dicts
hold values. The server's side of it is `source/pragmas.py`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple, Union

from ..report import TensorSpec
from .guess import spec_text

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

FIRST = "input"  # names the first argument, whatever `call` calls it


class Spoken(NamedTuple):
    """What a call gets: the first argument where it is not named, and others by name."""

    first: Any  # TensorSpec, or list, tuple, dict of them; None when only names are given
    named: Dict[str, Any]

    def arguments(self, line: KerasLine, dtype: str = "float32") -> Tuple[List[Any], Dict[str, Any]]:
        """Positional and keyword arguments; `dtype` is for tensors whose dtype is not said."""

        def tensor(spec: TensorSpec) -> Any:
            return line.symbolic_input(TensorSpec(spec.shape, spec.dtype or dtype))

        named = {name: _mapped(tensor, value) for name, value in self.named.items()}
        return ([] if self.first is None else [_mapped(tensor, self.first)]), named

    def text(self) -> str:
        """The same, spelled in one way."""
        parts = [] if self.first is None else [_text(self.first)]
        return ", ".join([*parts, *(f"{name}={_text(value)}" for name, value in self.named.items())])


def spoken_input(text: str) -> Optional[Spoken]:
    """None when the text is no input: half-typed, a name, a negative size."""
    try:
        node = ast.parse(f"_({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) > 1:
        return None
    try:
        first = _structure(node.args[0]) if node.args else None
        named = {str(keyword.arg): _structure(keyword.value) for keyword in node.keywords}
    except ValueError:
        return None
    if FIRST in named and first is None:
        first = named.pop(FIRST)
    return Spoken(first, named) if first is not None or named else None


def _structure(node: ast.expr) -> Any:
    """A shape, or a structure of shapes. Raises ValueError for anything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return TensorSpec(_sizes(node.args), node.func.id)
    if isinstance(node, ast.Dict) and node.values and None not in node.keys:
        keys = [ast.literal_eval(key) for key in node.keys if key is not None]
        return {key: _structure(value) for key, value in zip(keys, node.values)}
    if isinstance(node, (ast.List, ast.Tuple)):
        if all(isinstance(element, ast.Constant) for element in node.elts):
            return TensorSpec(_sizes(node.elts), "")
        kind: Union[type, Any] = list if isinstance(node, ast.List) else tuple
        return kind(_structure(element) for element in node.elts)
    raise ValueError


def _sizes(nodes: List[ast.expr]) -> Tuple[Optional[int], ...]:
    """At least the batch axis; each a size or None."""
    sizes = tuple(node.value if isinstance(node, ast.Constant) else -1 for node in nodes)
    if not sizes or any(size is not None and (type(size) is not int or size < 1) for size in sizes):
        raise ValueError
    return tuple(None if size is None else int(size) for size in sizes)  # type: ignore[arg-type]  # checked above


def _mapped(function: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(function, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(function, item) for item in value)
    return function(value)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_text, value)) + ("," if len(value) == 1 else "") + ")"
    return spec_text(value.shape, value.dtype or "float32")
