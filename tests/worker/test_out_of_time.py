"""A program that takes longer than a replay may: what it made until then is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.worker.test_replay import node, shape

if TYPE_CHECKING:
    from tests.worker.driver import Worker

SLOW = "sum(number % 7 for number in range(4_000_000)) and 3"
TEXT = """\
import keras

first = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
out = first(keras.Input((4,)))
""" + "".join(f"n{number} = {SLOW}\n" for number in range(40))
LATE = """\
last = keras.Sequential([keras.Input((4,)), keras.layers.Dense(n39)])


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(5)

    def call(self, inputs):
        return self.dense(inputs)


net = Net()
"""


def test_what_was_made_before_is_told(keras3_worker: Worker) -> None:
    text = TEXT + LATE
    report = keras3_worker.replay(text, statement_seconds=30.0, wall_seconds=4.0)
    assert shape(node(text, report, "out")) == (None, 3)
    reasons = {name: hole.reason for hole in report.holes for name in hole.names}
    assert {"last", "net"} <= reasons.keys()
    assert "was not run: the time of a replay was over" in reasons["net"]
    assert "replaySeconds" in reasons["net"]
    assert [failure for failure in report.failures if failure.certain] == []


def test_nothing_is_cut_where_there_is_time(keras3_worker: Worker) -> None:
    text = TEXT.replace("range(40)", "range(1)").replace("4_000_000", "40") + LATE
    report = keras3_worker.replay(text, statement_seconds=30.0, wall_seconds=60.0)
    assert report.holes == ()
    assert {"Net", "Sequential"} <= {layer.class_name for layer in report.layers}
