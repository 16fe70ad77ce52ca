"""How the text can reach each layer: the attribute paths from the outermost models."""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

MAX_PATHS = 8
MAX_DEPTH = 16


class Members(NamedTuple):
    """What one layer or model holds, by number."""

    number: int
    kind: str
    layers: Tuple[int, ...]  # its `.layers`
    attributes: Dict[str, int]  # by attribute path


def paths(holders: Sequence[Members]) -> Dict[int, List[Tuple[int, str]]]:
    """For each number the (number of an outermost holder, path) that reach it: `(3, "blocks[2].conv")`."""
    found: Dict[int, List[Tuple[int, str]]] = {}
    members = {holder.number: dict(_named(holder)) for holder in holders}
    inner = {member for own in members.values() for member in own.values()}

    def visit(root: int, prefix: str, holder: int, depth: int) -> None:
        for name, member in members[holder].items():
            path = f"{prefix}.{name}" if prefix else name
            known = found.setdefault(member, [])
            if len(known) >= MAX_PATHS or depth >= MAX_DEPTH or member not in members:
                continue
            known.append((root, path))
            visit(root, path, member, depth + 1)

    for holder in holders:
        if holder.number not in inner and members[holder.number]:
            visit(holder.number, "", holder.number, 0)
    return found


def _named(holder: Members) -> Iterator[Tuple[str, int]]:
    """What it holds: by attribute, and where it has none by its place in `.layers`."""
    yield from holder.attributes.items()
    held = set(holder.attributes.values())
    if holder.kind in ("sequential", "functional"):
        for index, member in enumerate(holder.layers):
            if member not in held:
                yield f"layers[{index}]", member
