"""What a model view shows of a document, and which of its layers a place in the text is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features.locate import layers_for, locate
from keras_lsp.features.view_of_replay import view_of_replay
from keras_lsp.features.view_of_text import view_of_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.view_data import ModelView, ViewLayer
    from keras_lsp.session.snapshot import DocumentView, Snapshot
    from keras_lsp.text.span import Span


def model_view(snapshot: Snapshot, key: str, offset: int | None = None) -> ModelView | None:
    """None when the document is not open."""
    view = snapshot.view(key)
    if view is None:
        return None
    shown = view_of_text(view) if view.replay is None else view_of_replay(view, view.replay)
    return shown if offset is None else replace(shown, here=_here(view, shown, offset))


def _here(view: DocumentView, shown: ModelView, offset: int) -> tuple[int, ...]:
    """What the expression denotes; else what is made or called around the place; else the class."""
    reference = locate(view, offset)
    denoted = layers_for(view, reference) if reference else ()
    if denoted:
        return tuple(layer.id for layer in denoted)
    around = _around(shown, offset)
    if around:
        return around
    inside = view.facts.class_at(offset)
    if inside is None:
        return ()
    return tuple(
        layer.id for layer in shown.layers if layer.is_user_class and layer.class_name == inside.name
    )


def _around(shown: ModelView, offset: int) -> tuple[int, ...]:
    """The layers of the smallest expression that touches the place."""
    touched = [
        (span.length, layer.id) for layer in shown.layers for span in _places(layer) if span.touches(offset)
    ]
    smallest = min((length for length, _ in touched), default=None)
    return tuple(dict.fromkeys(i for length, i in touched if length == smallest))


def _places(layer: ViewLayer) -> Iterator[Span]:
    if layer.made is not None:
        yield layer.made
    yield from layer.called
