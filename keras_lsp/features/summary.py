"""A model as plain text, to be pasted somewhere: a tree of its layers with classes, outputs and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features import wording
from keras_lsp.features.card import Table
from keras_lsp.features.model_view import model_view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.view_data import ModelView, ViewLayer, ViewModel, ViewStep
    from keras_lsp.session.snapshot import DocumentView, Snapshot

_HEADER = ("layer", "class", "output", "parameters")
_MOST_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """One layer at its place in a model; `guide` draws the tree before its label."""

    layer: ViewLayer
    label: str
    guide: str = ""


def rows(shown: ModelView, model: ViewModel) -> Iterator[Row]:
    """The model and what is in it, in the order in which it runs or is held."""
    known = {layer.id: layer for layer in shown.layers}
    root = known.get(model.id)
    if root is not None:
        yield Row(root, model.title)
        yield from _below(known, root, "", (root.id,))


def summary(snapshot: Snapshot, key: str, offset: int) -> str | None:
    """Of the model that a place is about, or is in, else of the first; None where there is no model."""
    shown, view = model_view(snapshot, key, offset), snapshot.view(key)
    if shown is None or view is None or not shown.models:
        return None
    model = _meant(shown)
    every = list(rows(shown, model))
    if not every:
        return None
    cells = tuple(_cells(row) for row in every[:_MOST_ROWS])
    table = Table(cells, _HEADER, frozenset({3}), len(every) - len(cells))
    root, title = every[0].layer, model.title
    parts = [title if title == root.class_name else f"{title} ({root.class_name})", root.flow]
    if root.bytes:
        parts.append(wording.bytes_text(root.bytes))
    first = " · ".join(part for part in parts if part)
    lines = [first, "", *table.lines(), "", *root.notes, *_origin(view)]
    return "\n".join(lines).rstrip() + "\n"


def _origin(view: DocumentView) -> Iterator[str]:
    if view.replay is not None:
        version = f"Keras {view.replay.report.versions.keras}"
        yield f"{version}, of an earlier text" if view.replay.stale else version
    elif view.reason:
        yield f"From the text alone: {view.reason}"


def _meant(shown: ModelView) -> ViewModel:
    """The model itself, the smallest one that holds what is meant, or the first."""
    for model in shown.models:
        if model.id in shown.here:
            return model
    holding = [(len(found), model) for model in shown.models if (found := _ids(shown, model)) & {*shown.here}]
    return min(holding, key=lambda pair: pair[0])[1] if holding else shown.models[0]


def _ids(shown: ModelView, model: ViewModel) -> set[int]:
    return {row.layer.id for row in rows(shown, model)}


def _below(
    known: dict[int, ViewLayer], layer: ViewLayer, guide: str, above: tuple[int, ...]
) -> Iterator[Row]:
    inside = [(step, known[step.layer]) for step in layer.steps if step.layer in known]
    for number, (step, part) in enumerate(inside, 1):
        last = number == len(inside)
        yield Row(part, _label(step), f"{guide}{'└─ ' if last else '├─ '}")
        if part.id not in above and step.call == 1:
            yield from _below(known, part, f"{guide}{'   ' if last else '│  '}", (*above, part.id))


def _label(step: ViewStep) -> str:
    return f"{step.label} (call {step.call} of {step.calls})" if step.calls > 1 else step.label


def _cells(row: Row) -> tuple[str, str, str, str]:
    layer = row.layer
    kind = f"{layer.class_name}({layer.config})" if layer.config else layer.class_name
    about = "~" if layer.guessed else ""
    return (
        f"{row.guide}{row.label}",
        kind,
        f"{about}{layer.output}" if layer.output else "",
        "" if layer.parameters is None else f"{layer.parameters:,}",
    )
