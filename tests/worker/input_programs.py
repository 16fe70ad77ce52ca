"""Classes whose input nobody says, and what a reader would say it is, by what gives it away."""

from __future__ import annotations

HEAD = """\
from typing import Annotated
import keras
from keras import layers, ops
"""


def layer(init: str, call: str, more: str = "", base: str = "layers.Layer") -> str:
    """A class `Net` with the given bodies; `call` begins with the parameters behind `self`."""
    parameters, _, body = call.partition(": ")
    return f"""
class Net({base}):
    def __init__(self):
        super().__init__()
        {init or "pass"}
{more}
    def call(self, {parameters}):
        {body}
"""


ATTENTION = "self.att = layers.MultiHeadAttention(2, 16)"
BLOCK = """
class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.norm = layers.LayerNormalization()
        self.conv = layers.Conv1D(4, 3, padding="same")

    def call(self, x):
        return self.conv(self.norm(x))
"""
DOCUMENTED = '''
class Net(layers.Layer):
    """Weighs steps.

    Args:
        scale: a number.

    Call arguments:
        inputs: tensor of shape `(batch_size, seq_len, dim)`.
        weights: tensor of shape `(batch_size, seq_len)`.
    """

    def call(self, inputs, weights):
        return ops.sum(inputs * weights[..., None], axis=1)
'''

# What gives the input away -> (program, the input)
GUESSED: dict[str, tuple[str, str]] = {
    "attention": (layer(ATTENTION, "x: return self.att(x, x)"), "(None, 16, 32)"),
    "attention behind a norm": (
        layer(
            f"self.norm = layers.LayerNormalization(); {ATTENTION}",
            "x: x = self.norm(x); return self.att(x, x)",
        ),
        "(None, 16, 32)",
    ),
    "two arguments": (
        layer(ATTENTION, "query, key: return self.att(query, key)"),
        "query=(None, 16, 32), key=(None, 16, 32)",
    ),
    "embedding": (layer("self.e = layers.Embedding(9, 4)", "x: return self.e(x)"), "int32(None, 16)"),
    "conv1d": (layer("self.c = layers.Conv1D(4, 3)", "x: return self.c(x)"), "(None, 16, 32)"),
    "conv2d in a Sequential": (
        layer("self.c = keras.Sequential([layers.ReLU(), layers.Conv2D(4, 3)])", "x: return self.c(x)"),
        "(None, 64, 64, 3)",
    ),
    "conv3d in a list": (
        layer(
            "self.c = [layers.Conv3D(4, 3) for _ in range(2)]",
            "x: \n        for c in self.c:\n            x = c(x)\n        return x",
        ),
        "(None, 8, 64, 64, 3)",
    ),
    "a subclass of a layer": (
        layer("", "inputs: return super().call(inputs)", base="layers.Conv2D").replace(
            "super().__init__()", "super().__init__(4, 3)"
        ),
        "(None, 64, 64, 3)",
    ),
    "a layer of the user's": (
        BLOCK + layer("self.blocks = [Block(), Block()]", "x: return self.blocks[1](self.blocks[0](x))"),
        "(None, 16, 32)",
    ),
    "a layer made in build": (
        layer(
            "",
            "x: return self.conv(x)",
            "    def build(self, input_shape):\n        self.conv = layers.Conv1D(4, 3)\n",
        ),
        "(None, 16, 32)",
    ),
    "a built model": (
        layer("self.m = keras.Sequential([keras.Input((7,)), layers.Dense(2)])", "x: return self.m(x)"),
        "(None, 7)",
    ),
    "a method of its own": (
        layer(
            "self.c = layers.Conv2D(4, 3)",
            "x: return self.encode(x)",
            "    def encode(self, z):\n        return self.c(z)\n",
        ),
        "(None, 64, 64, 3)",
    ),
    "a shape that is unpacked": (
        layer("", "x: b, h, w, c = ops.shape(x); return ops.reshape(x, (-1, h * w, c))"),
        "(None, 64, 64, 3)",
    ),
    "an axis of a shape": (layer("", "x: return ops.sum(x, axis=-1) / x.shape[2]"), "(None, 16, 32)"),
    "build that unpacks": (
        layer(
            "",
            "x: return x * self.w",
            "    def build(self, input_shape):\n        _, steps, size = input_shape\n"
            "        self.w = self.add_weight(shape=(steps, size))\n",
        ),
        "(None, 16, 32)",
    ),
    "a name": (layer("", "images: return ops.mean(images, axis=(1, 2))"), "(None, 64, 64, 3)"),
    "names of two": (
        layer(
            "self.c = layers.Conv2D(8, 3); self.d = layers.Dense(8)",
            "images, t: return self.c(images) + self.d(t[:, None])[:, None, None]",
        ),
        "images=(None, 64, 64, 3), t=(None,)",
    ),
    "keys": (
        layer(
            "self.e = layers.Embedding(9, 4); self.c = layers.Conv2D(4, 3)",
            'inputs: return self.e(inputs["ids"]), self.c(inputs["image"])',
        ),
        '{"ids": int32(None, 16), "image": (None, 64, 64, 3)}',
    ),
    "a list": (
        layer(
            "self.d = layers.Dense(3); self.c = layers.Conv1D(3, 3)",
            "inputs: a, b = inputs; return self.d(a), self.c(b)",
        ),
        "[(None, 32), (None, 16, 32)]",
    ),
    "a documented shape": (DOCUMENTED, "inputs=(None, 16, 32), weights=(None, 16)"),
    "an annotated shape": (
        layer("", 'x: Annotated[object, "batch time dim"]: return ops.max(x, axis=1)').replace(
            'x):\n        Annotated[object, "batch time dim"]: ',
            'x: Annotated[object, "batch time dim"]):\n        ',
        ),
        "(None, 16, 32)",
    ),
    "states of a cell": (
        layer(
            "self.state_size = [4, 6]; self.d = layers.Dense(4)",
            "inputs, states: a, b = states; return self.d(inputs) + a, [a, b]",
        ),
        "inputs=(None, 32), states=[(None, 4), (None, 6)]",
    ),
    "a mask": (
        layer("self.p = layers.GlobalAveragePooling1D()", "x, mask: return self.p(x, mask=mask)"),
        "(None, 16, 32)",
    ),
    "switches": (
        layer(ATTENTION, "x, training: return self.att(x, x, training=training)"),
        "(None, 16, 32)",
    ),
    "an attribute": (
        layer(
            "self.image_size = 96; self.c = layers.Conv2D(4, 16, strides=16)",
            "x: return ops.reshape(self.c(x), (-1, 36, 4))",
        ),
        "(None, 96, 96, 3)",
    ),
    # what an error teaches
    "channels of a sum": (
        layer("self.c = layers.Conv2D(16, 3, padding='same')", "x: return x + self.c(x)"),
        "(None, 64, 64, 16)",
    ),
    "the size of a weight": (
        layer("self.w = self.add_weight(shape=(12, 5))", "x: return ops.matmul(x, self.w)"),
        "(None, 12)",
    ),
    "a table of positions": (
        layer("self.p = self.add_weight(shape=(10, 24))", "sequence: return sequence + self.p"),
        "(None, 10, 24)",
    ),
    "patches of another side": (
        layer("self.c = layers.Conv2D(4, 16, strides=16)", "x: return layers.Reshape((49, 4))(self.c(x))"),
        "(None, 112, 112, 3)",
    ),
    "axis of the next layer": (
        layer(
            "self.d = layers.Dense(3); self.d.build((None, 11)); self.n = layers.LayerNormalization()",
            "x: return self.d(self.n(x))",
        ),
        "(None, 11)",
    ),
    "nothing but habit": (layer("self.d = layers.Dense(3)", "x: return self.d(x)"), "(None, 32)"),
}

# No input can be found for these.
HOPELESS: dict[str, str] = {
    "always raises": layer("", "x: raise RuntimeError('not written yet')"),
    "an attribute that is not there": layer("", "x: return self.nothing(x)"),
    "half-typed": layer("self.d = layers.Dense(3)", "x: return self.d(x).lay"),
}
