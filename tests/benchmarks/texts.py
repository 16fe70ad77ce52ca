"""Texts the benchmarks edit: the projects in fixtures/, and a generated module of a thousand lines."""

from __future__ import annotations

from pathlib import Path

PROJECTS = Path(__file__).parent.parent.parent / "fixtures" / "projects"

HEAD = '''"""Many small models in one file."""

import tensorflow as tf
from tensorflow.keras import layers

'''

ONE_MODEL = '''
class Model{n}(tf.keras.Model):
    """Model number {n}: two dense layers with normalisation and dropout between them."""

    def __init__(self, rate=0.1):
        super().__init__()
        self.dense1 = layers.Dense({width}, activation="relu")
        self.norm = layers.LayerNormalization()
        self.drop = layers.Dropout(rate)
        self.dense2 = layers.Dense(10)

    def call(self, inputs, training=False):
        x = self.dense1(inputs)
        x = self.norm(x)
        x = self.drop(x, training=training)
        return self.dense2(x)


model{n} = Model{n}()
model{n}(tf.keras.Input((32,)))
print(model{n}.layers[0].weights[0].shape)
print(model{n}.layers[-1].kernel.shape)

'''


def project(name: str) -> str:
    return (PROJECTS / f"{name}.py").read_text(encoding="utf-8")


def thousand_lines() -> str:
    """About 1,000 lines: model classes, each made, called and read."""
    count = (1000 - HEAD.count("\n")) // ONE_MODEL.count("\n")
    return HEAD + "".join(ONE_MODEL.format(n=n, width=16 + n) for n in range(count))
