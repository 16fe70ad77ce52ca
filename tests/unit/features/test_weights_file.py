"""A file of weights that does not fit the model: which weights differ, and where they are made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.diagnostics import diagnostics
from tests.unit.features.views import KEY, current, stale, static

if TYPE_CHECKING:
    from keras_lsp.features.results import Finding
    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import Replayed

LINES = (3, 2)
MODEL = """\
import tensorflow as tf
from tensorflow.keras import layers


def made(units, *more):
    model = tf.keras.Sequential([
        tf.keras.Input((8,)),
        layers.Dense(units, name="wide"),
        layers.Dense(2, name="head"),
        *more,
    ])
    return model


"""
SAVED = """
saved = made(32)
saved.save_weights("best.weights.h5")
saved.save("best.keras")
saved.save("best.h5")
"""
FITTING = """\
made(32).load_weights("best.weights.h5")
made(64).load_weights("other.weights.h5")
try:
    made(64).load_weights("best.weights.h5")
except ValueError:
    pass


def later(path):
    made(64).load_weights(path)
"""
FILES = ("best.weights.h5", "best.keras", "best.h5")


def found(snapshot: Snapshot) -> list[Finding]:
    return [finding for finding in diagnostics(snapshot, KEY) if finding.severity.value == "error"]


@pytest.mark.parametrize("line", LINES)
def test_it_says_which_weights_differ(replayed: Replayed, line: int) -> None:
    calls = [f'made(64).load_weights("{file}")' for file in FILES]
    calls += ['made(64).load_weights("best.h5", by_name=True)'] * (line == 2)
    text = MODEL + "\n".join(calls)
    findings = found(current(text, replayed(text, line, MODEL + SAVED)))
    assert [(f.code, f.slug, f.span.of(text)) for f in findings] == [
        ("KL506", "weights-file-mismatch", call) for call in calls
    ]
    for finding, file in zip(findings, (*FILES, "best.h5"), strict=False):
        wide = re.search(r"holds `([^`]*)wide/kernel`", finding.message)
        assert wide is not None
        names = [f"{wide[1]}{name}" for name in ("wide/kernel", "head/kernel")]
        assert finding.message == (
            f"`{file}` holds `{names[0]}` (8, 32), the model has (8, 64), and 2 weights more differ: "
            "this raises ValueError."
        )
        assert [(r.span.of(text), r.message) for r in finding.related] == [
            ('layers.Dense(units, name="wide")', f"`{names[0]}` (8, 64) is a weight of this layer"),
            ('layers.Dense(2, name="head")', f"`{names[1]}` (64, 2) is a weight of this layer"),
        ]


@pytest.mark.parametrize("line", LINES)
def test_where_it_is_no_shape_keras_says_what_it_is(replayed: Replayed, line: int) -> None:
    more = f'{MODEL}made(32, layers.Dense(3)).load_weights("best.h5")\n'
    (finding,) = found(current(more, replayed(more, line, MODEL + SAVED)))
    assert finding.code == "KL506"
    assert finding.message.startswith(
        "`best.h5` does not go with this model. ValueError: Layer count mismatch"
    )
    assert finding.related == ()


@pytest.mark.parametrize(
    ("saved", "loading", "words"),
    [
        (
            "layers.Dense(4)",
            "layers.Dense(3)",
            "(2, 4), the model has (2, 3), and 1 weight more differs: this raises ValueError.",
        ),
        (
            "layers.Reshape((2, 1)), layers.PReLU(shared_axes=[1])",
            "layers.Reshape((2, 1)), layers.PReLU()",
            "(1, 1), the model has (2, 1): this raises ValueError.",
        ),
    ],
)
def test_it_counts_what_differs_beside_the_first(
    replayed: Replayed, saved: str, loading: str, words: str
) -> None:
    before = f'{MODEL}made(32, {saved}).save_weights("best.weights.h5")\n'
    text = f'{MODEL}made(32, {loading}).load_weights("best.weights.h5")\n'
    (finding,) = found(current(text, replayed(text, 3, before)))
    assert finding.message.endswith(words)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    "program",
    [
        FITTING,
        'made(64).save_weights("best.weights.h5")\nmade(64).load_weights("best.weights.h5")\n',
        'words = open("none.txt").read().split()\nmade(len(words)).load_weights("best.weights.h5")\n',
    ],
)
def test_it_is_silent_where_it_fits_or_nobody_knows(replayed: Replayed, line: int, program: str) -> None:
    text = MODEL + program
    assert found(current(text, replayed(text, line, MODEL + SAVED))) == []


def test_only_a_current_replay_counts(replayed: Replayed) -> None:
    text = f'{MODEL}made(64).load_weights("best.weights.h5")\n'
    report = replayed(text, 3, MODEL + SAVED)
    assert found(stale(text.replace("made(64)", "made(32)"), report, text)) == []
    assert found(static(text, 3)) == []
    assert found(current(text + "print((\n", report)) != []
