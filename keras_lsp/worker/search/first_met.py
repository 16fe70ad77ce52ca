"""What the layers want that an input meets first, through the user's own layers as far as their text goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lines.symbolic import KerasLine, is_library
from .call_hints import CallHints, call_hints
from .layer_wants import Want, find_layer, joined, members_of, want_of, want_of_name

if TYPE_CHECKING:
    from .tensor_uses import LayerPath, Use

MAX_DEPTH = 4  # classes of the user's within each other
MAX_MEETS = 12


class FirstMet:
    """Asks for the inputs of one live layer."""

    def __init__(self, line: KerasLine, layer: Any, hints: CallHints) -> None:
        self.line = line
        self.layer = layer
        self.hints = hints

    def want(self, use: Use) -> Want:
        return self._met(self.layer, use, self.hints, MAX_DEPTH)

    def _met(self, owner: Any, use: Use, hints: CallHints, depth: int) -> Want:
        """Of all layers met as long as the rank is still the input's own; the first counts most."""
        found = Want()
        for meet in use.meets[:MAX_MEETS]:
            if not all(self._at(owner, path, hints, depth, 0).keeps for path in meet.passed):
                continue
            position = meet.role if isinstance(meet.role, int) else 0
            want = self._at(owner, meet.layer, hints, depth, position)
            if meet.passed:  # sizes and dtype may be others by then
                want = want._replace(last=None, sizes=(), in_list=False, dtype="")
            found = joined(found, want)
        return found

    def _at(self, owner: Any, path: LayerPath, hints: CallHints, depth: int, position: int) -> Want:
        """Of the layer at a path, or of the class that the text puts there later."""
        layer = find_layer(self.line, owner, path)
        if layer is not None:
            return self._want(layer, hints, depth, position)
        name = hints.made.get(str(path[0])) if path else None
        if name is None:
            return Want()
        known = want_of_name(name)
        return known if known != Want() else self._of_text(known, None, name, hints, depth, position)

    def _want(self, layer: Any, hints: CallHints, depth: int, position: int) -> Want:
        """Of Keras's layers from their class, of the user's from their text."""
        want = want_of(self.line, layer)
        if type(layer).__name__ == "Sequential" and want.rank is None and not want.dtype:
            inner = members_of(layer)
            if inner and not is_library(type(inner[0])):
                return joined(want, self._want(inner[0], hints, depth, 0))._replace(keeps=False)
        if is_library(type(layer)) or want.rank is not None:
            return want
        return self._of_text(want, layer, type(layer).__name__, hints, depth, position)

    def _of_text(
        self, want: Want, layer: Any, name: str, hints: CallHints, depth: int, position: int
    ) -> Want:
        """What the text of a class adds; `layer` is None for one that is not made yet."""
        inner = call_hints(hints.tree, name) if depth else None
        if inner is None or position >= len(inner.parameters) or inner.parameters[position].kind != "plain":
            return want
        use = inner.parameters[position].leaves[0].use
        met = self._met(layer, use, inner, depth - 1)
        own = Want(rank=use.rank, least=use.least_rank, dtype=use.dtype)
        return joined(joined(want, met), own)._replace(keeps=False)
