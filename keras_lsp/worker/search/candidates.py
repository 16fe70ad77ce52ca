"""What to try for one tensor, best first: by the layers it meets, its uses, documents, and its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from .first_met import FirstMet
from .guess import spec
from .layer_wants import Want, want_of
from .sizes import (
    COLOURS,
    FEATURES,
    FRAMES,
    SIDE,
    STEPS,
    documented_sizes,
    filled,
    own_sizes,
    said_by_class,
    said_by_name,
    sizes_of_rank,
)

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from ..report import TensorSpec
    from .call_hints import CallHints, Leaf

# Tried in this order where nothing is known.
DEFAULTS: Tuple[TensorSpec, ...] = (
    spec((FEATURES,)),
    spec((STEPS, FEATURES)),
    spec((SIDE, SIDE, COLOURS)),
    spec((SIDE, SIDE, FEATURES)),
    spec((FRAMES, SIDE, SIDE, COLOURS)),
    spec((STEPS,), "int32"),
    spec((), "int32"),
    spec(()),
)


class Candidates(NamedTuple):
    """Best first. `sure` when something other than habit gives the rank."""

    tensors: Tuple[TensorSpec, ...]
    sure: bool
    in_list: bool = False  # the first layer wants a list


class Reader:
    """Reads candidates for the inputs of one live layer."""

    def __init__(self, line: KerasLine, layer: Any, hints: CallHints) -> None:
        self.layer = layer
        self._own = want_of(line, layer)
        self._met = FirstMet(line, layer, hints)
        self._plain = bool(hints.parameters) and hints.parameters[0].kind == "plain"
        self._dimensions: Dict[str, int] = {}  # documented dimension -> size; the same in all tensors

    def of(self, leaf: Leaf, first: bool) -> Candidates:
        """`first`: it is, or is in, the first argument, which the layer's own spec is about."""
        met = self._met.want(leaf.use)
        own = self._own if first else Want()
        least = max(met.least, own.least, leaf.use.least_rank)
        rank, dtype = self._rank_and_dtype(leaf, met, own, least, first)
        last = met.last or own.last
        shapes = self._shapes(
            leaf, rank or (least if least > 2 else None), last, met.sizes or own.sizes, dtype
        )
        tensors = [spec(sizes, dtype or "float32") for sizes in shapes]
        rest = [tensor for tensor in DEFAULTS if len(tensor.shape) >= least]
        in_list = met.in_list and leaf.use.rank is None
        return Candidates(tuple(dict.fromkeys([*tensors, *rest])), rank is not None, in_list)

    def _rank_and_dtype(
        self, leaf: Leaf, met: Want, own: Want, least: int, first: bool
    ) -> Tuple[Optional[int], str]:
        documented = leaf.documented
        rank = met.rank or own.rank or leaf.use.rank or (documented.rank if documented else None)
        dtype = met.dtype or own.dtype or leaf.use.dtype
        if not dtype and documented is not None and documented.integer and met.rank is None:
            dtype = "int32"
        named_rank, named_dtype = said_by_name(leaf.name)
        if not dtype and not leaf.use.meets and rank in (None, named_rank):
            dtype = named_dtype  # a layer that is met says more of the dtype than a name does
        if rank is None and (named_rank or 0) >= least:
            rank = named_rank
        if rank is None and not dtype and first and self._plain and least <= 3:
            rank = said_by_class(self.layer)
        if rank is None and dtype == "int32":
            rank = max(2, least)
        return rank, dtype

    def _shapes(
        self,
        leaf: Leaf,
        rank: Optional[int],
        last: Optional[int],
        known: Tuple[Optional[int], ...],
        dtype: str,
    ) -> List[Tuple[int, ...]]:
        """Per-sample sizes for a rank, best first."""
        if rank is None:
            return []
        shapes: List[Tuple[int, ...]] = []
        documented = leaf.documented
        if documented is not None and len(documented.sizes) == rank:
            shapes.append(documented_sizes(self.layer, documented.sizes, last, self._dimensions))
        if known and rank == len(known) + 1:
            shapes.append(filled(known))
            last = last or known[-1]
        if rank > 2:
            own = own_sizes(self.layer, rank, last)
            shapes += [own] if own else []
        return [*shapes, *sizes_of_rank(rank, last, dtype)]
