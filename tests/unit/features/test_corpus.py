"""The corpus runner counts what there is, and notices where text and replay differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.corpus.judged import EXACT, GUESSED, Judged, judge
from tests.corpus.report import as_markdown
from tests.unit.features.views import KEY, current, static

if TYPE_CHECKING:
    from tests.unit.features.conftest import Replayed

TEXT = """import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(64, activation="relu")

    def call(self, x):
        return self.dense(x)


class Alone(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(3, 3)

    def call(self, x):
        return self.conv(x)


net = Net()
net(keras.Input((4,)))
small = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
small.layers[7]
"""


def test_models_and_findings_are_counted(replayed: Replayed) -> None:
    judged = Judged("model.py")
    judge(current(TEXT, replayed(TEXT)), KEY, judged)
    assert {model.name: model.outcome for model in judged.models} == {
        "Net": EXACT,
        "Alone": GUESSED,
        "small": EXACT,
    }
    assert [found["code"] for found in judged.findings] == ["KL303"]
    assert judged.differences == []
    text = as_markdown("all", [judged, Judged("other.py", error="KeyError: 1")])
    assert "their text can make 3, of which with shapes 3 (100.0 %" in text
    assert "| 1 | error KL303 | model.py:25 |" in text
    assert "- crashes: 1" in text


def test_without_a_replay_the_reason_is_counted() -> None:
    judged = Judged("model.py")
    judge(static(TEXT), KEY, judged)
    assert {model.outcome for model in judged.models} == {"no replay: TensorFlow is not installed"}


def test_where_text_and_replay_differ(replayed: Replayed) -> None:
    report = replayed(TEXT)
    layers = tuple(
        replace(layer, config=layer.config | {"units": "65"})
        if layer.config.get("units") == "64"
        else replace(layer, class_name="Conv1D")
        if layer.class_name == "Conv2D"
        else layer
        for layer in report.layers
    )
    judged = Judged("model.py")
    judge(current(TEXT, replace(report, layers=layers)), KEY, judged)
    assert judged.differences == [
        "line 7: Net.dense(units=64) is 65 in the replay",
        "line 16: Alone.conv is Conv2D by the text, Conv1D in the replay",
    ]
