"""How much weights and tensors hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..report import WeightReport

BYTES = {"float64": 8, "int64": 8, "uint64": 8, "float16": 2, "bfloat16": 2, "int16": 2, "uint16": 2}
SINGLE_BYTE = frozenset({"int8", "uint8", "bool", "float8_e4m3fn", "float8_e5m2"})


def item_bytes(dtype: str) -> int:
    return 1 if dtype in SINGLE_BYTE else BYTES.get(dtype, 4)


def parameter_count(weight: WeightReport) -> int:
    """0 while a dimension is not known."""
    return math.prod(dimension or 0 for dimension in weight.shape)
