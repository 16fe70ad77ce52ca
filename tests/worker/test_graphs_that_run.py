"""Functions of the user's own that TensorFlow traces, and then really runs: nothing of the replay shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.worker.agreement import differences
from tests.worker.environments import TRUTH

if TYPE_CHECKING:
    from tests.warm import WarmKeras
    from tests.worker.driver import Worker

MODEL = """\
import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_regularizer="l2")])
"""
PROGRAMS = {
    "what a model gives is given on": """\
@tf.function
def sample(codes):
    return tf.sigmoid(model(codes)) + 1.0

@tf.function(input_signature=[tf.TensorSpec((None, 4))])
def of_any_number(codes):
    return tf.concat([model(codes), model(codes * 2.0)], axis=1)

fixed = sample(tf.zeros((5, 4)))
free = of_any_number(tf.zeros((7, 4)))
after = keras.layers.Dense(2)
of_free = after(free)
""",
    "metrics and weights that change in a graph": """\
metric = keras.metrics.Mean()

@tf.function
def step(x):
    metric.update_state(model(x))
    return tf.reduce_mean(model(x))

for _ in range(2):
    step(tf.zeros((6, 4)))
mean = metric.result() * 100
metric.reset_state()
""",
    "a strategy runs a step on its devices": """\
strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    spread = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_regularizer="l2")])
    metric = keras.metrics.Mean()

def step(x):
    metric.update_state(spread(x))
    return tf.reduce_mean(spread(x)) + tf.add_n(spread.losses)

@tf.function
def spread_step(x):
    return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(step, args=(x,)), axis=None)

loss = spread_step(tf.zeros((6, 4)))
mean = metric.result()
spread = spread
""",
    "a session that is cleared": """\
keras.backend.clear_session()
cleared = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_regularizer="l2")])
cleared.compile("sgd", "mse")
cleared.fit(np.zeros((6, 4)), np.zeros((6, 3)), verbose=0)
total = tf.add_n(cleared.losses)
given = cleared(np.zeros((2, 4)))
""",
    "a width that does not fit": """\
@tf.function
def sample(codes):
    return model(codes)

given = sample(tf.zeros((5, 9)))
""",
}


@pytest.fixture(scope="module")
def truth(keras3: WarmKeras) -> dict[str, dict[str, object]]:
    programs = {title: MODEL + program for title, program in PROGRAMS.items()}
    found: dict[str, dict[str, object]] = json.loads(keras3.output(str(TRUTH), given=json.dumps(programs)))
    return found


@pytest.mark.parametrize("title", PROGRAMS)
def test_replay_and_reality_agree(
    keras3_worker: Worker, truth: dict[str, dict[str, object]], title: str
) -> None:
    text = MODEL + PROGRAMS[title]
    wrong = differences(text, keras3_worker.replay(text), truth[title])
    assert not wrong, "\n".join(wrong)
