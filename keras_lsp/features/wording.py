"""How shapes, sizes and values are spelled, in every feature the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.worker.report import CostReport, LayerReport, TensorSpec, Value, WeightReport

_DTYPE_BYTES = {"bool": 1, "float8_e4m3fn": 1, "float8_e5m2": 1, "bfloat16": 2, "half": 2}
_THOUSANDS = ("", "k", "M", "G", "T")
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def shape_text(of: TensorSpec | WeightReport) -> str:
    """A shape as Python writes a tuple: `(None, 64)`, `(64,)`; `(len(vocab), 64)` where a size has a name."""
    names = dict(of.named)
    sizes = [names.get(axis, str(size)) for axis, size in enumerate(of.shape)]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def count_text(count: int, word: str) -> str:
    """`1 weight`, `2,112 parameters`, `3 information`."""
    return f"{count:,} {word}" if count == 1 or word == "information" else f"{count:,} {word}s"


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
    total = parameter_count(layer)
    if total is None:
        return "parameters not known"
    if not total:
        return "no weights"
    text = count_text(total, "parameter")
    if layer.non_trainable_parameters:
        text += f" ({layer.non_trainable_parameters:,} not trainable)"
    return text


def parameter_count(layer: LayerReport) -> int | None:
    """None where it depends on something that is not known."""
    if layer.trainable_parameters is None or layer.non_trainable_parameters is None:
        return None
    return layer.trainable_parameters + layer.non_trainable_parameters


def parameter_cell(layer: LayerReport) -> str:
    """The count for a table, `?` where it is not known."""
    count = parameter_count(layer)
    return "?" if count is None or not (layer.built or layer.weights) else f"{count:,}"


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
    """`(None, 10) int32 → (None, 10, 64)`, dtypes where not float32; "" when the layer was never called."""
    if layer.flows:
        inputs, outputs = zip(*((flow.inputs, flow.outputs) for flow in layer.flows), strict=True)
    else:
        inputs, outputs = layer.inputs, layer.outputs
    return f"{one_of(inputs) or '?'} → {one_of(outputs)}" if outputs else ""


def flops_text(count: int) -> str:
    """`4,224 FLOPs`, `7.76 GFLOPs`."""
    size, unit = float(count), ""
    for unit in _THOUSANDS:
        if size < 10_000 or unit == _THOUSANDS[-1]:
            break
        size /= 1000
    number = f"{size:,.0f}" if not unit or size >= 100 else f"{size:.3g}"
    return f"{number} {unit}FLOPs"


def cost_text(cost: CostReport | None) -> str:
    """`at least 0.2 MFLOPs · activations 12 KiB per sample`; "" when nothing is known."""
    if cost is None:
        return ""
    parts = [flops_text(cost.flops)] if cost.flops else []
    if cost.activation_bytes:
        parts.append(f"activations {bytes_text(cost.activation_bytes)}")
    least = "" if cost.complete else "at least "
    return f"{least}{' · '.join(parts)} per sample" if parts else ""


def value_text(value: Value, with_dtype: bool = False) -> str:
    """The shapes in a value, in the structure it has; "" when there is no tensor in it."""
    if value.kind == "tensor" and value.tensor is not None:
        shape = shape_text(value.tensor)
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
