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

ONE_LAYER = """
class Layer{n}(layers.Layer):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense({width})

    def call(self, x):
        return self.dense(x)

"""

# The sizes of Llama 3 70B, all of its 70,553,706,496 weights; rotary positions have none and are left out.
# Not among the fixtures, so that nobody builds it for real.
LLAMA = """import keras
from keras import layers


class Block(layers.Layer):
    def __init__(self, width, heads, key_value_heads, hidden):
        super().__init__()
        self.norm1 = layers.RMSNormalization(epsilon=1e-5)
        self.attention = layers.GroupQueryAttention(
            width // heads, heads, key_value_heads, use_bias=False
        )
        self.norm2 = layers.RMSNormalization(epsilon=1e-5)
        self.gate = layers.Dense(hidden, activation="silu", use_bias=False)
        self.up = layers.Dense(hidden, use_bias=False)
        self.down = layers.Dense(width, use_bias=False)

    def call(self, inputs):
        normed = self.norm1(inputs)
        x = inputs + self.attention(normed, normed, use_causal_mask=True)
        normed = self.norm2(x)
        return x + self.down(self.gate(normed) * self.up(normed))


class Llama(keras.Model):
    def __init__(self, vocabulary=128256, width=8192, depth=80):
        super().__init__()
        self.tokens = layers.Embedding(vocabulary, width)
        self.blocks = [Block(width, 64, 8, 28672) for _ in range(depth)]
        self.norm = layers.RMSNormalization(epsilon=1e-5)
        self.head = layers.Dense(vocabulary, use_bias=False)

    def call(self, token_ids):
        x = self.tokens(token_ids)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


model = Llama()
logits = model(keras.Input((256,), dtype="int32"))
print(model.count_params())
"""


# Nothing but its number of layers is large.
LAYERS_500 = """import keras

WIDTH = 8


class Deep(keras.Model):
    def __init__(self):
        super().__init__()
        self.stack = [keras.layers.Dense(WIDTH, activation="relu") for _ in range(500)]

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return x


model = Deep()
logits = model(keras.Input((WIDTH,)))
"""


def project(name: str) -> str:
    return (PROJECTS / f"{name}.py").read_text(encoding="utf-8")


def thousand_lines(lines: int = 1000) -> str:
    """About so many lines: model classes, each made, called and read."""
    count = (lines - HEAD.count("\n")) // ONE_MODEL.count("\n")
    return HEAD + "".join(ONE_MODEL.format(n=n, width=16 + n) for n in range(count))


def classes_alone(count: int) -> str:
    """So many layer classes, and nothing that makes use of them."""
    return HEAD + "".join(ONE_LAYER.format(n=n, width=16 + n) for n in range(count))
