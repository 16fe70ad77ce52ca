"""The models of a file as tables: a tree of layers with classes, output shapes, sizes and places."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from keras_lsp.cli.checked import place_of
from keras_lsp.features import wording
from keras_lsp.features.summary import rows
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import JustifyMethod

    from keras_lsp.features.summary import Row
    from keras_lsp.features.view_data import ModelView, ViewModel
    from keras_lsp.text.document import Document

_MOST_ROWS = 2_000
_LEAST = 12  # columns for a class and its arguments
_NUMBERS = ("parameters", "memory", "FLOPs", "cell", "line")


def table(document: Document, shown: ModelView, model: ViewModel, width: int) -> Table:
    """Columns that say nothing are left out."""
    every = list(rows(shown, model))
    found = Table(box=None, pad_edge=False)
    cells = [_cells(document, row) for row in every[:_MOST_ROWS]]
    names = [name for name in ("layer", "class", "output", *_NUMBERS) if any(cell[name] for cell in cells)]
    widths = {name: max(len(name), *(cell[name].cell_len for cell in cells)) for name in names}
    for spare in ("FLOPs", "memory"):  # what a narrow terminal does without
        if spare in widths and _needed(widths) + _LEAST > width:
            names.remove(spare)
            del widths[spare]
    room = width - _needed(widths)
    for name in names:
        justify: JustifyMethod = "right" if name in _NUMBERS else "left"
        # Where there is not room for all, it is taken from the arguments.
        wide = max(_LEAST, min(widths[name], room)) if name == "class" else widths[name]
        found.add_column(
            name, justify=justify, no_wrap=True, overflow="ellipsis", header_style="dim", width=wide
        )
    for row in cells:
        found.add_row(*(row[name] for name in names))
    if len(every) > _MOST_ROWS:
        found.caption = f"… and {len(every) - _MOST_ROWS:,} more"
    return found


def _needed(widths: dict[str, int]) -> int:
    """Columns of all but the class, and the gaps between."""
    return sum(wide + 2 for name, wide in widths.items() if name != "class")


def _cells(document: Document, row: Row) -> dict[str, Text]:
    layer = row.layer
    about = "~" if layer.guessed else ""
    least = "" if layer.cost_complete else "≥ "
    kind = f"{layer.class_name}({layer.config})" if layer.config else layer.class_name
    span = layer.made or next(iter(layer.called), None)
    place = None if span is None else place_of(document, span)
    return {
        "layer": Text.assemble((row.guide, "dim"), row.label),
        "class": Text(kind, "cyan"),
        "output": Text(f"{about}{layer.output}" if layer.output else "", "green"),
        "parameters": Text("" if layer.parameters is None else f"{layer.parameters:,}"),
        "memory": Text("" if not layer.bytes else wording.bytes_text(layer.bytes)),
        "FLOPs": Text("" if not layer.flops else f"{least}{wording.flops_text(layer.flops)}"),
        "cell": Text("" if place is None or place.cell is None else str(place.cell), "dim"),
        "line": Text("" if place is None else str(place.line), "dim"),
    }


def data(document: Document, shown: ModelView, models: Sequence[ViewModel]) -> dict[str, Any]:
    """The models with all that is in them as plain data, spans as lines and columns that count from 1."""
    wanted = {row.layer.id for model in models for row in rows(shown, model)}
    return {
        "origin": shown.origin,
        "models": [plain(document, model) for model in models],
        "layers": [plain(document, layer) for layer in shown.layers if layer.id in wanted],
        "failures": [plain(document, failure) for failure in shown.failures],
        "holes": [plain(document, hole) for hole in shown.holes],
    }


def plain(document: Document, value: Any) -> Any:
    if isinstance(value, Span):
        return asdict(place_of(document, value))
    if is_dataclass(value):
        return {field.name: plain(document, getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (list, tuple)):
        return [plain(document, item) for item in value]
    return value
