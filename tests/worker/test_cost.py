"""FLOPs against TensorFlow's profiler, and by hand where that does not count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from keras_lsp.worker.report import CostReport
    from tests.warm import WarmKeras
    from tests.worker.driver import Worker

# A layer and the shapes of its inputs, without the batch axis.
PROFILED = {
    "keras.layers.Dense(5)": [[3]],
    "keras.layers.Dense(5, use_bias=False)": [[4, 3]],
    "keras.layers.Conv1D(8, 3)": [[9, 4]],
    "keras.layers.Conv2D(8, 3, 2, 'same')": [[9, 9, 3]],
    "keras.layers.Conv3D(8, 3)": [[9, 9, 9, 4]],
    "keras.layers.Conv2DTranspose(8, 3, 2, 'same')": [[5, 5, 3]],
    "keras.layers.DepthwiseConv2D(3, depth_multiplier=2)": [[9, 9, 3]],
    "keras.layers.SeparableConv2D(8, 3)": [[9, 9, 3]],
    "keras.layers.EinsumDense('abc,cde->abde', (4, 2, 3), bias_axes='de')": [[4, 5]],
    "keras.layers.AveragePooling2D(2)": [[8, 8, 3]],
    "keras.layers.MaxPooling2D(2)": [[8, 8, 3]],
    "keras.layers.Add()": [[8, 3], [8, 3]],
    "keras.layers.Softmax()": [[7]],
    "keras.layers.Flatten()": [[4, 3]],
}

D, U, T = 3, 5, 4  # width, units, steps
# Per step: both products, biases, and what `flops` counts for the state of a cell.
LSTM = T * (2 * 4 * U * (D + U) + 4 * U + 13 * U)
BY_HAND = {
    "keras.layers.LSTM(5)": LSTM,
    "keras.layers.GRU(5)": T * (2 * 3 * U * (D + U) + 2 * 3 * U + 11 * U),
    "keras.layers.SimpleRNN(5, use_bias=False)": T * (2 * U * (D + U) + 2 * U),
    "keras.layers.Bidirectional(keras.layers.LSTM(5))": 2 * LSTM,
    "keras.layers.TimeDistributed(keras.layers.Dense(5))": T * (2 * D * U + U),
    "keras.layers.Conv1D(6, 3, groups=3)": 2 * 6 * (2 * 3 * 1 * 6 // 6) + 2 * 6,
    # The profiler also counts what TensorFlow pads for its own way to dilate.
    "keras.layers.Conv1D(6, 2, dilation_rate=2)": 2 * 6 * (2 * 2 * D) + 2 * 6,
    "keras.layers.BatchNormalization()": 2 * T * D,
    "keras.layers.LayerNormalization()": 7 * T * D,
    "keras.layers.Dense(5, activation='relu')": T * (2 * D * U + U + U),
    "keras.layers.Embedding(9, 2)": 0,
    "keras.layers.Dropout(0.5)": 0,
    "keras.layers.GlobalAveragePooling1D()": T * D,
}


def cost_of(worker: Worker, program: str, class_name: str) -> CostReport | None:
    report = worker.replay(program)
    assert report.failures == ()
    return next(layer for layer in report.layers if layer.class_name == class_name).cost


def called(layer: str, shapes: list[list[int]]) -> str:
    inputs = ", ".join(f"keras.Input({tuple(shape)})" for shape in shapes)
    return f"import keras\nlayer = {layer}\ny = layer({inputs if len(shapes) == 1 else f'[{inputs}]'})\n"


def class_of(layer: str) -> str:
    return layer.partition("(")[0].rpartition(".")[2]


@pytest.fixture(scope="session")
def profiled(keras3: WarmKeras) -> dict[str, int]:
    said = keras3.output(str(Path(__file__).with_name("profiler.py")), given=json.dumps(PROFILED))
    counts: dict[str, int] = json.loads(said)
    return counts


@pytest.mark.parametrize("layer", PROFILED)
def test_as_the_profiler_counts(layer: str, keras3_worker: Worker, profiled: dict[str, int]) -> None:
    cost = cost_of(keras3_worker, called(layer, PROFILED[layer]), class_of(layer))
    assert cost is not None
    assert (cost.flops, cost.complete) == (profiled[layer], True)


@pytest.mark.parametrize("layer", BY_HAND)
@pytest.mark.parametrize("legacy", [False, True])
def test_by_hand(layer: str, legacy: bool, keras3_worker: Worker, tf_keras_worker: Worker) -> None:
    program = called(layer, [[T, D]])
    if legacy:
        program = program.replace("import keras", "import tf_keras as keras")
    cost = cost_of(tf_keras_worker if legacy else keras3_worker, program, class_of(layer))
    assert cost is not None
    assert (cost.flops, cost.complete) == (BY_HAND[layer], True)


def test_attention(keras3_worker: Worker) -> None:
    heads, key, width, steps = 2, 3, 8, 5
    inner = heads * key
    projections = steps * (3 * (2 * width * inner + inner) + 2 * inner * width + width)
    scores = heads * steps * steps * (2 * key + 5 + 2 * key)
    program = "import keras\nx = keras.Input((5, 8))\ny = keras.layers.MultiHeadAttention(2, 3)(x, x)\n"
    cost = cost_of(keras3_worker, program, "MultiHeadAttention")
    assert cost is not None
    assert cost.flops == projections + scores


def test_resnet50_is_as_in_the_literature(keras3_worker: Worker) -> None:
    """3.86 G multiply-adds at 224 pixels (He et al., table 1, without biases and normalisation)."""
    cost = cost_of(
        keras3_worker, "import keras\nm = keras.applications.ResNet50(weights=None)\n", "Functional"
    )
    assert cost is not None
    assert cost.flops is not None
    assert cost.complete
    assert abs(cost.flops - 2 * 3.86e9) < 0.01 * cost.flops


NET = """\
import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.shared = keras.layers.Dense(4, use_bias=False)

    def call(self, inputs):
        x = self.shared(inputs)
        x = {middle}
        return self.shared(x)


y = Net()(keras.Input((4,)))
"""


def test_a_models_cost_is_that_of_what_it_calls(keras3_worker: Worker) -> None:
    cost = cost_of(keras3_worker, NET.format(middle="x + inputs"), "Net")
    assert cost is not None
    assert (cost.flops, cost.activation_bytes, cost.complete) == (2 * 2 * 16 + 4, 3 * 4 * 4, True)


@pytest.mark.parametrize("middle", ["keras.ops.fft((x, x))[0]", "keras.ops.reshape(x, (-1, 2, 4))[:, 0]"])
def test_what_cannot_be_counted_says_at_least(middle: str, keras3_worker: Worker) -> None:
    cost = cost_of(keras3_worker, NET.format(middle=middle), "Net")
    assert cost is not None
    assert (cost.flops, cost.complete) == (2 * 2 * 16, False)


def test_work_on_tensors_of_the_backend_is_not_seen(keras3_worker: Worker, tf_keras_worker: Worker) -> None:
    program = "import tensorflow as tf\n" + NET.format(middle="tf.nn.relu(x)")
    legacy = program.replace("import keras", "import tf_keras as keras")
    for cost in (cost_of(keras3_worker, program, "Net"), cost_of(tf_keras_worker, legacy, "Net")):
        assert cost is not None
        assert (cost.flops, cost.complete) == (2 * 2 * 16, False)


def test_unknown_sizes_give_no_number(keras3_worker: Worker) -> None:
    program = "import keras\ny = keras.layers.Dense(4)(keras.Input((None, 3)))\n"
    cost = cost_of(keras3_worker, program, "Dense")
    assert cost is not None
    assert (cost.flops, cost.activation_bytes, cost.complete) == (None, None, False)


def test_nothing_is_said_of_layers_nobody_calls_or_knows(keras3_worker: Worker) -> None:
    assert cost_of(keras3_worker, "import keras\nlayer = keras.layers.Dense(4)\n", "Dense") is None
    program = "import keras\ny = keras.layers.Lambda(lambda x: x)(keras.Input((3,)))\n"
    assert cost_of(keras3_worker, program, "Lambda") is None
