"""How shapes, sizes and values are spelled, in every feature the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.worker.report import LayerReport, Shape, Value, WeightReport

_DTYPE_BYTES = {"bool": 1, "float8_e4m3fn": 1, "float8_e5m2": 1, "bfloat16": 2, "half": 2}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def shape_text(shape: Shape) -> str:
    """A shape as Python writes a tuple: `(None, 64)`, `(64,)`."""
    return str(tuple(shape))


def count_text(count: int, word: str) -> str:
    """`1 weight`, `2,112 parameters`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def bytes_text(count: int) -> str:
    size = float(count)
    unit = _UNITS[0]
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            break
        size /= 1024
    digits = f"{size:.2f}".rstrip("0").rstrip(".") if size < 100 else f"{size:,.0f}"
    return f"{digits} {unit}"


def parameters_text(layer: LayerReport) -> str:
    """`2,112 parameters`, with the split when some are not trainable."""
    total = layer.trainable_parameters + layer.non_trainable_parameters
    if not total:
        return "no weights"
    text = count_text(total, "parameter")
    if layer.non_trainable_parameters:
        text += f" ({layer.non_trainable_parameters:,} not trainable)"
    return text


def parameter_count(layer: LayerReport) -> int:
    return layer.trainable_parameters + layer.non_trainable_parameters


def size_text(layer: LayerReport) -> str:
    """Parameters and memory of a layer in one phrase."""
    return " · ".join([parameters_text(layer), *([bytes_text(layer.bytes)] if layer.bytes else [])])


def weight_bytes(weight: WeightReport) -> int | None:
    """Memory of one weight; None when the dtype or a dimension is not known."""
    width = _DTYPE_BYTES.get(weight.dtype)
    if width is None:
        digits = "".join(character for character in weight.dtype if character.isdigit())
        width = int(digits) // 8 if digits else 0
    if not width or any(size is None for size in weight.shape):
        return None
    return width * math.prod(size for size in weight.shape if size is not None)


def one_of(texts: Iterable[str]) -> str:
    """The first of several distinct texts, and a sign that there are more."""
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return ""
    return distinct[0] if len(distinct) == 1 else f"{distinct[0]}, …"


def flow_text(layer: LayerReport) -> str:
    """`(None, 32) → (None, 64)`; "" when the layer was never called."""
    if not layer.outputs:
        return ""
    return f"{one_of(layer.inputs) or '?'} → {one_of(layer.outputs)}"


def value_text(value: Value, with_dtype: bool = False) -> str:
    """The shapes in a value, in the structure it has; "" when there is no tensor in it."""
    if value.kind == "tensor" and value.tensor is not None:
        shape = shape_text(value.tensor.shape)
        return f"{shape} {value.tensor.dtype}" if with_dtype else shape
    if value.kind not in ("list", "dict"):
        return ""
    items = [value_text(item, with_dtype) for item in value.items]
    if not any(items):
        return ""
    items = [item or "…" for item in items]
    if value.kind == "dict" and len(value.keys) == len(items):
        return "{" + ", ".join(f"{key!r}: {item}" for key, item in zip(value.keys, items, strict=True)) + "}"
    tail = ["…"] if value.length > len(items) else []
    return "[" + ", ".join([*items, *tail]) + "]"


def one_line(text: str) -> str:
    return " ".join(text.split())
