"""While Keras finds out the shapes of a call, no made-up size is told, on any backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.worker.environments import Bench

# The test of a sum is what symbols refuse, so that Keras traces with tensors of the backend.
TRACED = """\
import keras
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4)
    def call(self, inputs):
        hidden = self.dense(inputs)
        if hidden.shape is None or getattr(hidden, "sum", lambda: 0)() is None:
            return inputs
        return hidden * 2
net = Net()
outputs = net(keras.Input((None, 7)))
"""


def test_unknown_sizes_stay_open(bench: Bench) -> None:
    report = bench.worker.replay(bench.spelled(TRACED))
    values = [value for node in report.nodes for value in node.values]
    shapes = [value.tensor.shape for value in values if value.tensor is not None]
    assert (None, None, 7) in shapes
    assert {size for shape in shapes for size in shape} == {None, 4, 7}
    (dense,) = [layer for layer in report.layers if layer.class_name == "Dense"]
    assert dense.outputs == ("(None, None, 4)",)
