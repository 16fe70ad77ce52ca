"""A line above each model class: its size and what goes in and out, and the way to the model view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import wording
from keras_lsp.features.results import CodeLens

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.source.facts import ModelClass
    from keras_lsp.worker.report import LayerReport


def code_lenses(snapshot: Snapshot, key: str) -> tuple[CodeLens, ...]:
    view = snapshot.view(key)
    if view is None or not snapshot.settings.code_lens:
        return ()
    found = ((model_class, _title(view, model_class)) for model_class in view.facts.classes)
    return tuple(CodeLens(model_class.name_span, title) for model_class, title in found if title)


def _title(view: DocumentView, model_class: ModelClass) -> str:
    """`2,762 parameters · 10.8 KiB · (None, 32) → (None, 10)`; from the text alone, how many layers."""
    instances = view.replay.instances_of(model_class.name) if view.replay is not None else ()
    if not instances:
        return _of_text(model_class)
    parts = [wording.one_of(map(_size, instances)), wording.one_of(map(wording.flow_text, instances))]
    title = " · ".join(part for part in parts if part)
    return (
        f"{title} (of an earlier text)" if title and view.replay is not None and view.replay.stale else title
    )


def _size(layer: LayerReport) -> str:
    if not (layer.built or layer.weights or layer.projected):
        return "not built"
    return (
        f"would be {wording.size_text(layer)}"
        if layer.projected and layer.weights
        else wording.size_text(layer)
    )


def _of_text(model_class: ModelClass) -> str:
    if model_class.layers is not None:
        return wording.count_text(len(model_class.layers), "layer")
    names = dict.fromkeys(slot.attribute for slot in (*model_class.inherited, *model_class.slots))
    return f"{wording.count_text(len(names), 'attribute')} with layers" if names else ""
