"""The card of a file that weights are loaded from."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from keras_lsp.features.hover import hover
from keras_lsp.worker.report import CheckpointReport, StoredWeight
from tests.unit.features.views import KEY, at, current, stale, static

if TYPE_CHECKING:
    from tests.unit.features.conftest import Replayed

TEXT = """\
import keras

model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
model.load_weights("best.weights.h5")
print("best.weights.h5")
"""
WEIGHTS = (
    StoredWeight("layers/dense/vars/0", (8, 4), "float32"),
    StoredWeight("layers/dense/vars/1", (4,), "float32"),
)
CARD = """\
best.weights.h5 · weights
2 arrays · 36 numbers
  layers/dense/vars/0  (8, 4)  float32
  layers/dense/vars/1  (4,)    float32
as the file was at the last replay"""


def checkpoint(complete: bool = True) -> CheckpointReport:
    call = 'model.load_weights("best.weights.h5")'
    start = TEXT.index(call)
    return CheckpointReport((start, start + len(call)), "best.weights.h5", WEIGHTS, complete)


def test_the_name_of_a_file_tells_what_is_in_it(replayed: Replayed) -> None:
    report = dataclasses.replace(replayed(TEXT), checkpoints=(checkpoint(),))
    shown = hover(current(TEXT, report), KEY, at(TEXT, 'weights("be|st'))
    assert shown is not None
    assert shown.text == CARD
    assert shown.span.of(TEXT) == '"best.weights.h5"'
    assert "layers/dense/vars/0  (8, 4)  float32" in shown.markdown
    elsewhere = hover(current(TEXT, report), KEY, at(TEXT, 'print("be|st'))
    assert elsewhere is None


def test_it_says_what_it_leaves_out_and_when_it_was_seen(replayed: Replayed) -> None:
    report = dataclasses.replace(replayed(TEXT), checkpoints=(checkpoint(complete=False),))
    edited = TEXT.replace("Dense(4)", "Dense(5)")
    shown = hover(stale(edited, report, TEXT), KEY, at(edited, 'weights("be|st'))
    assert shown is not None
    assert "at least 2 arrays" in shown.text
    assert "of the text before your last edit" in shown.text


def test_without_a_replay_nothing_is_said() -> None:
    assert hover(static(TEXT), KEY, at(TEXT, 'weights("be|st')) is None
