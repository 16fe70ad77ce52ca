"""Other ways to write the same model, offered where one stands: no mistake, so nothing is preferred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.rewrites import (
    build_method,
    config_method,
    extract_function,
    extract_layer,
    functional_form,
    sequential_form,
    shape_comments,
)
from keras_lsp.features.rewrites.selection import selection

if TYPE_CHECKING:
    from keras_lsp.features.results import Fix
    from keras_lsp.session.snapshot import Snapshot
    from keras_lsp.text.span import Span

_REWRITES = (
    functional_form.rewrites,
    sequential_form.rewrites,
    config_method.rewrites,
    build_method.rewrites,
    shape_comments.rewrites,
)
_EXTRACTIONS = (extract_layer.extractions, extract_function.extractions)


def rewrites(snapshot: Snapshot, key: str, span: Span) -> tuple[Fix, ...]:
    view = snapshot.view(key)
    if view is None or view.facts.problems:  # an edit of text that cannot be read whole may break it
        return ()
    return tuple(fix for found in _REWRITES for fix in found(view, span))


def extractions(snapshot: Snapshot, key: str, span: Span) -> tuple[Fix, ...]:
    """What can be made of selected statements; nothing at a bare cursor."""
    view = snapshot.view(key)
    if view is None or view.facts.problems or not span.length:
        return ()
    selected = selection(view, span)
    return tuple(fix for found in _EXTRACTIONS for fix in found(view, selected)) if selected else ()
