"""KL506: weights loaded from a file that holds those of another model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import wording
from keras_lsp.features.results import Finding, Related, Severity
from keras_lsp.features.rules.evidence import cases, refused_checkpoint
from keras_lsp.features.rules.raised import called_from, said
from keras_lsp.features.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.rules.evidence import Case
    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.text.span import Span
    from keras_lsp.worker.report import CheckpointReport

_MOST_MADE = 3


def check(view: DocumentView) -> Iterable[Finding]:
    return _found(view, view.current) if view.current is not None else ()


def _found(view: DocumentView, replay: ReplayView) -> Iterator[Finding]:
    for case in cases(view, RULE.code):
        checkpoint = refused_checkpoint(replay, case.span)
        if checkpoint is not None:
            related = (*_made(replay, checkpoint), *called_from(view, case))
            yield RULE.finding(case.span, _words(checkpoint, case), related)


def _words(checkpoint: CheckpointReport, case: Case) -> str:
    if not checkpoint.differing:
        return f"`{checkpoint.file}` does not go with this model. {said(case)}"
    first, more = checkpoint.differing[0], checkpoint.differing_count - 1
    others = f", and {wording.count_text(more, 'weight')} more differ{'s' * (more == 1)}" if more else ""
    return (
        f"`{checkpoint.file}` holds `{first.path}` {first.stored}, the model has {first.shape}{others}: "
        f"this raises {case.failure.type}."
    )


def _made(replay: ReplayView, checkpoint: CheckpointReport) -> Iterator[Related]:
    """Where the layers are made whose weights have other shapes."""
    told: set[Span] = set()
    for weight in checkpoint.differing:
        layer = replay.layer(weight.layer)
        span = replay.span(layer.created) if layer is not None else None
        if span is not None and span not in told and len(told) < _MOST_MADE:
            told.add(span)
            yield Related(span, f"`{weight.path}` {weight.shape} is a weight of this layer")


RULE = Rule(
    code="KL506",
    slug="weights-file-mismatch",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "Weights are loaded into a model that has weights of the same shapes, in the same places. The file "
        "is read where it is there before the program runs and nothing before may have written it."
    ),
    # The file holds the weights of Dense(3) on five numbers.
    bad="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(4)])\n"
    "model.load_weights('best.weights.h5')\n",
    good="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\n"
    "model.load_weights('best.weights.h5')\n",
    fix="",
    no_fix="Whether the file is of another model or the model was changed, the text does not say.",
    check=check,
)
