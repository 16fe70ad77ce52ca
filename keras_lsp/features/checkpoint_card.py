"""What is in a file that weights are loaded from: `model.load_weights("best.weights.h5")`."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING

from keras_lsp.features import card, wording
from keras_lsp.features.card import Card
from keras_lsp.features.results import Hover
from keras_lsp.features.rules.tree import tree_of

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import CheckpointReport


def hover_checkpoint(view: DocumentView, offset: int) -> Hover | None:
    """On the name of the file, where it stands in the call itself."""
    if view.replay is None:
        return None
    for checkpoint in view.replay.report.checkpoints:
        call = view.replay.span(checkpoint.span)
        name = _string_at(view, offset) if call is not None and call.touches(offset) else None
        if name is not None and call is not None and call.covers(name):
            shown = _card(checkpoint, view.replay)
            return Hover(name, card.markdown(shown), card.plain(shown))
    return None


def _string_at(view: DocumentView, offset: int) -> Span | None:
    tree = tree_of(view)
    strings = (n for n in tree.nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return next((span for span in map(tree.span, strings) if span.touches(offset)), None)


def _card(checkpoint: CheckpointReport, replay: ReplayView) -> Card:
    weights = checkpoint.weights
    numbers = sum(math.prod(size or 0 for size in weight.shape) for weight in weights)
    at_least = "" if checkpoint.complete else "at least "
    rows = [(weight.path, str(weight.shape), weight.dtype) for weight in weights]
    origin = ["as the file was at the last replay"]
    if replay.stale:
        origin.append("of the text before your last edit")
    return Card(
        title=checkpoint.file,
        about="weights",
        summary=f"{at_least}{wording.count_text(len(weights), 'array')} · {numbers:,} numbers",
        table=card.folded(rows),
        origin=tuple(origin),
    )
