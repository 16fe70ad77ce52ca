"""What docstrings and annotations say of inputs: `inputs: tensor of shape (batch, time, dim)`."""

from __future__ import annotations

import ast
import re
from typing import Dict, List, NamedTuple, Optional, Tuple, Union

Size = Union[str, int]

_SHAPE = re.compile(r"[(\[]\s*((?:[\w?]+|\.\.\.)(?:\s*,\s*(?:[\w?* /+-]+|\.\.\.))+),?\s*[)\]]")
_RANK = re.compile(r"\b(\d)\s?-?D\b(?! ?(?:conv|pool))|\brank[ -](\d)\b", re.IGNORECASE)
_BATCH = re.compile(r"(?i)(?:batch\w*|b|bs|bsz|n|none|num_samples|samples|n_samples|\?)$")
_LIST = re.compile(r"(?i)\blist (?:of|with)\b(?: length)?\s*(\w+)?")
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "2": 2, "3": 3, "4": 4, "5": 5}
_INTEGER = re.compile(r"(?i)\b(?:int32|int64|integers?|indices|token ids|vocabulary)\b")
_ITEM = re.compile(
    r"^\s*(?:[-*]\s*)?(?::param\s+)?[`*\"']*(\w+)[`*\"']*\s*(?:\([^)]*\))?\s*(?::|\bis an?\b|--)"
)
_INPUTS = re.compile(r"(?i)^\s*[-*#]*\s*(?:call )?(?:inputs?(?:[ _-]shapes?)?|input tensors?)\b")
_OTHER = re.compile(
    r"(?i)^\s*[-*#]*\s*(?:returns?|outputs?|output[ _-]shapes?|references?|examples?|raises)\b\s*:?"
)


class Documented(NamedTuple):
    """One tensor as documented, with the batch axis. Sizes are numbers, or names such as "embed_dim"."""

    sizes: Tuple[Size, ...]  # () where only the rank is said
    rank: int
    integer: bool = False
    in_list: bool = False


def documented_inputs(
    node: ast.ClassDef, call: ast.FunctionDef, parameters: List[str]
) -> Dict[str, List[Documented]]:
    """For each parameter the tensors that make it up: one, or those of a list."""
    found: Dict[str, List[Documented]] = {}
    for argument in call.args.args:
        annotation = argument.annotation
        if isinstance(annotation, ast.Subscript) and argument.arg in parameters:
            found.update(_annotated(argument.arg, annotation))
    init = next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)
    for owner in (call, node, init):
        text = ast.get_docstring(owner) if owner is not None else None
        for name, tensors in _read(text or "", parameters).items():
            found.setdefault(name, tensors)
    return found


def _annotated(name: str, annotation: ast.Subscript) -> Dict[str, List[Documented]]:
    """jaxtyping's way: `x: Float[Tensor, "batch time dim"]`."""
    strings = [
        n.value for n in ast.walk(annotation) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]
    sizes = tuple(strings[-1].split()) if strings else ()
    if len(sizes) < 2 or any(not re.match(r"\w+$", size) for size in sizes):
        return {}
    integer = ast.unparse(annotation.value).endswith(("Int", "Int32", "Int64"))
    return {name: [Documented(tuple(map(_size, sizes)), len(sizes), integer)]}


def _read(text: str, parameters: List[str]) -> Dict[str, List[Documented]]:
    """Line by line: whose line it is, and the shapes on it."""
    found: Dict[str, List[Documented]] = {}
    lists: Dict[str, int] = {}
    current: Optional[str] = None
    for line in text.splitlines():
        item = _ITEM.match(line)
        if _OTHER.match(line):
            current = None
        elif item is not None and item.group(1) in parameters:
            current = item.group(1)
        elif _INPUTS.match(line) and parameters:
            current = parameters[0]
        elif item is not None and not line.lstrip().startswith("-") and current is not None:
            current = None  # another argument's item
        if current is None:
            continue
        listed = _LIST.search(line)
        if listed is not None:
            lists[current] = _NUMBERS.get((listed.group(1) or "").lower(), 2)
        found.setdefault(current, []).extend(_tensors(line))
    return {
        name: _put_together(tensors, lists.get(name, 0), len(parameters) == 1)
        for name, tensors in found.items()
        if tensors
    }


def _put_together(tensors: List[Documented], listed: int, alone: bool) -> List[Documented]:
    if not listed or not alone:
        return tensors[:1]
    exact = [tensor for tensor in tensors if tensor.sizes] or tensors
    members = exact * listed if len(exact) == 1 else exact
    return [member._replace(in_list=True) for member in members]


def _tensors(line: str) -> List[Documented]:
    integer = _INTEGER.search(line) is not None
    found = []
    for match in _SHAPE.finditer(line):
        sizes = tuple(_size(part.strip()) for part in match.group(1).split(","))
        if _BATCH.match(str(sizes[0])) and "..." not in sizes and len(sizes) < 7:
            found.append(Documented(sizes, len(sizes), integer))
    if not found and "..." not in line:
        found = [Documented((), int(m.group(1) or m.group(2)), integer) for m in _RANK.finditer(line)][:1]
    return [tensor for tensor in found if 0 < tensor.rank < 7]


def _size(text: str) -> Size:
    return int(text) if text.isdigit() else text
