"""KL001: any other exception the program raises when it is replayed, in Keras's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import wording
from keras_lsp.features.results import Finding, Related, Severity
from keras_lsp.features.rules.evidence import Case, cases
from keras_lsp.features.rules.rule import Rule

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView, Snapshot

_LONGEST = 300


def check(snapshot: Snapshot, key: str) -> tuple[Finding, ...]:
    view = snapshot.view(key)
    if view is None:
        return ()
    return tuple(_finding(view, case) for case in cases(view, RULE.code))


def _finding(view: DocumentView, case: Case) -> Finding:
    message = wording.one_line(case.failure.message) or "raised without a message"
    if len(message) > _LONGEST:
        message = f"{message[:_LONGEST].rstrip()}…"
    layer = view.replay.layer(case.failure.layer) if view.replay else None
    where = f" in {layer.class_name} `{layer.name}`" if layer is not None else ""
    spans = [view.replay.span(pair) for pair in case.failure.chain] if view.replay else []
    outer = [span for span in dict.fromkeys(spans) if span is not None and span != case.span]
    related = [Related(span, "reached from here") for span in reversed(outer)]
    return RULE.finding(case.span, f"{case.failure.type}{where}: {message}", related)


RULE = Rule(
    code="KL001",
    slug="raises-in-replay",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "The program was run on shapes only, with the real Keras and without data, and raised this exception "
        "here. Exceptions that could come from what was left out are not shown."
    ),
    bad="dense = tf.keras.layers.Dense(10)\ndense(tf.keras.Input(()))\n",
    good="dense = tf.keras.layers.Dense(10)\ndense(tf.keras.Input((32,)))\n",
    fix="",
    check=check,
)
