"""Lines above each model class: its size, what goes in and out, what is wrong in it; a click leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import wording
from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.results import CodeLens, LensKind, Severity
from keras_lsp.source.facts import ModelKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.source.facts import ModelClass
    from keras_lsp.worker.report import LayerReport

_MISTAKES = (Severity.ERROR, Severity.WARNING)


def code_lenses(snapshot: Snapshot, key: str) -> tuple[CodeLens, ...]:
    view = snapshot.view(key)
    if view is None or not snapshot.settings.code_lens:
        return ()
    mistakes = [found for found in diagnostics(snapshot, key) if found.severity in _MISTAKES]
    return tuple(lens for model_class in view.facts.classes for lens in _lenses(view, model_class, mistakes))


def _lenses(view: DocumentView, model_class: ModelClass, mistakes: list[Finding]) -> Iterator[CodeLens]:
    title, name = _title(view, model_class), model_class.name_span
    if title:
        yield CodeLens(name, title)
    if _wants_input(view, model_class):
        yield CodeLens(name, "set input shape…", LensKind.INPUT, model_class.name)
    wrong = [found for found in mistakes if model_class.span.covers(found.span)]
    if wrong:
        yield CodeLens(name, wording.count_text(len(wrong), "mistake"), LensKind.FINDINGS, wrong[0].span)


def _wants_input(view: DocumentView, model_class: ModelClass) -> bool:
    """Whether a replay had to guess what goes in, or knew nothing to put in."""
    if view.current is None or model_class.kind not in (ModelKind.SUBCLASS, ModelKind.LAYER):
        return False
    instances = view.current.instances_of(model_class.name, model_class.name_span.start)
    called = model_class.method("call") is not None
    return bool(instances) and all(
        one.guessed or (called and not (one.built or one.inputs)) for one in instances
    )


def _title(view: DocumentView, model_class: ModelClass) -> str:
    """`2,762 parameters · 10.8 KiB · (None, 32) → (None, 10)`; from the text alone, how many layers."""
    at = model_class.name_span.start
    instances = view.replay.instances_of(model_class.name, at) if view.replay is not None else ()
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
    size = wording.size_text(layer)
    would_be = layer.projected and layer.weights and wording.parameter_count(layer) is not None
    return f"would be {size}" if would_be else size


def _of_text(model_class: ModelClass) -> str:
    if model_class.layers is not None:
        return wording.count_text(len(model_class.layers), "layer")
    names = dict.fromkeys(slot.attribute for slot in (*model_class.inherited, *model_class.slots))
    return f"{wording.count_text(len(names), 'attribute')} with layers" if names else ""
