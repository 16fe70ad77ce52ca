"""A `train_step` of the user's own is run on the shapes of what `fit` gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worker.test_replay import node, shape

if TYPE_CHECKING:
    from tests.conftest import RunProgram
    from tests.worker.driver import Worker

GAN = """\
import numpy as np
import tensorflow as tf
from tensorflow import keras


class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential([keras.layers.Dense(36), keras.layers.Reshape((6, 6, 1))])
        self.discriminator = keras.Sequential(
            [keras.layers.Conv2D(8, 3), keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(1)]
        )

    def compile(self, optimizer, loss_fn):
        super().compile()
        self.own_optimizer = optimizer
        self.loss_fn = loss_fn

    def train_step(self, data):
        real, targets = data
        fake = self.generator(tf.random.normal((tf.shape(real)[0], 5)))
        both = tf.concat([fake, real], 0)
        with tf.GradientTape() as tape:
            verdict = self.discriminator(both)
            loss = self.loss_fn(tf.ones_like(verdict), verdict)
        weights = self.discriminator.trainable_weights
        self.own_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        after = self.generator(tf.random.normal((3, 5)))
        return {"loss": loss}


gan = GAN()
gan.compile(keras.optimizers.SGD(), keras.losses.BinaryCrossentropy())
"""
FIT = {
    "arrays": "gan.fit(np.zeros((12, 6, 6, 1), 'float32'), np.zeros((12, 2)), batch_size=4)\n",
    "dataset": (
        "data = tf.data.Dataset.from_tensor_slices((np.zeros((12, 6, 6, 1), 'float32'), np.zeros((12, 2))))\n"
        "gan.fit(data.batch(4))\n"
    ),
}
WEIGHTS = [(5, 36), (36,), (3, 3, 1, 8), (8,), (8, 1), (1,)]


@pytest.mark.parametrize("fit", FIT)
@pytest.mark.parametrize("legacy", [False, True])
def test_a_step_calls_what_it_calls(
    keras3_worker: Worker, tf_keras_worker: Worker, fit: str, legacy: bool
) -> None:
    worker = tf_keras_worker if legacy else keras3_worker
    text = GAN + FIT[fit]
    report = worker.replay(text)
    assert [failure.message for failure in report.failures] == []
    gan = next(layer for layer in report.layers if layer.class_name == "GAN")
    assert [weight.shape for weight in gan.weights] == WEIGHTS
    assert gan.projected
    assert not gan.guessed
    assert "from `fit` on line" in gan.projected_from
    assert shape(node(text, report, "real", 1)) == (None, 6, 6, 1)
    assert shape(node(text, report, "targets")) == (None, 2)
    # Measured: `fit` makes arrays of float64 float32, and leaves what a dataset gives.
    targets = node(text, report, "targets").values[0].tensor
    assert targets is not None
    assert targets.dtype == ("float32" if fit == "arrays" else "float64")
    assert shape(node(text, report, "verdict")) == (None, 1)
    assert shape(node(text, report, "after")) == (3, 6, 6, 1)


@pytest.mark.parametrize("legacy", [False, True])
def test_the_weights_are_those_of_a_real_step(run_program: RunProgram, legacy: bool) -> None:
    done = run_program(GAN + FIT["arrays"] + "print([tuple(w.shape) for w in gan.weights])\n", legacy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(WEIGHTS)


def test_a_step_that_calls_nothing_makes_nothing_known(keras3_worker: Worker) -> None:
    """A step that raises at once falls back on a call with the inputs, which is what most steps do."""
    text = GAN.replace("real, targets = data", "raise RuntimeError") + FIT["arrays"]
    report = keras3_worker.replay(text)
    gan = next(layer for layer in report.layers if layer.class_name == "GAN")
    assert not gan.weights
    assert gan.built_how == "`fit` on line 34 does what its own `train_step` says"
    assert [failure for failure in report.failures if failure.certain] == []


def test_a_model_whose_step_calls_only_its_parts_can_be_called(keras3_worker: Worker) -> None:
    text = GAN.replace(
        "    def train_step",
        "    def call(self, inputs):\n        return self.discriminator(inputs)\n\n    def train_step",
    )
    report = keras3_worker.replay(text + FIT["arrays"])
    gan = next(layer for layer in report.layers if layer.class_name == "GAN")
    assert gan.outputs == ("(None, 1)",)
    assert [weight.shape for weight in gan.weights] == WEIGHTS
