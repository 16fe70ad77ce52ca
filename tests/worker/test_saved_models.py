"""A model that the program saves and loads again: what comes back, and what does not, is as in real Keras."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from keras_lsp.worker.report import ReplayReport
    from tests.warm import WarmKeras
    from tests.worker.driver import Worker

PROGRAM = """\
import numpy as np
import keras
from keras import layers


class Scale(layers.Layer):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(units)

    def call(self, x):
        return self.dense(x)


x, y = np.zeros((4, 8), "float32"), np.zeros((4, 2), "float32")
inputs = keras.Input((8,))
hidden = layers.Dense(5, name="hidden")(inputs)
model = keras.Model(inputs, layers.Dense(2, name="out")(hidden))
model.compile(loss="mse")
model.fit(x, y, verbose=0, callbacks=[keras.callbacks.ModelCheckpoint("best.keras")])
scaled = keras.Sequential([keras.Input((8,)), Scale(), layers.Dense(2)])
scaled.save("scaled.keras")
keras.models.save_model(model, "whole.h5")
"""
LINES = """\
keras.models.load_model("best.keras").get_layer("hidden").kernel
keras.models.load_model("best.keras").get_layer("none")
keras.models.load_model("best.keras").evaluate(x, y, verbose=0)
keras.models.load_model("best.keras").layers[1].output
keras.models.load_model("scaled.keras", custom_objects={"Scale": Scale}).layers[0].dense.kernel
keras.models.load_model("scaled.keras", custom_objects={"Scale": Scale}).layers[5]
keras.models.load_model("whole.h5", compile=False).layers[2].kernel
"""
# Each line for real: the exception it ends with, else the shape of what it gives, if that has one.
REAL = """
import json
said = []
for line in LINES.splitlines():
    try:
        value = eval(line)
        said.append(list(getattr(value, "shape", None) or ()))
    except Exception as error:
        said.append(type(error).__name__)
print(json.dumps(said))
"""
ELSEWHERE = """\
import keras
inputs = keras.Input((8,))
model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
model.save("mine.keras")
loaded = keras.models.load_model("{}")
"""


def spelled(text: str, legacy: bool) -> str:
    if not legacy:
        return text
    return text.replace("import keras", "import tf_keras as keras").replace("from keras", "from tf_keras")


def said(report: ReplayReport, text: str) -> list[object]:
    """As REAL does."""
    start = text.index("value0 = ")
    found: list[object] = []
    for line in text[start:].splitlines(keepends=True):
        span = (start + line.index("= ") + 2, start + len(line) - 1)
        start += len(line)
        failed = [f.type for f in report.failures if f.certain and f.span and span[0] <= f.span[0] < span[1]]
        values = [value for node in report.nodes if node.span == span for value in node.values]
        shapes = [spec.shape for v in values if (spec := v.weight or v.tensor) is not None]
        found.append(failed[0] if failed else list(shapes[0]) if shapes else [])
    return found


@pytest.mark.parametrize("legacy", [False, True])
def test_what_is_loaded_is_what_was_saved(
    legacy: bool,
    keras3_worker: Worker,
    tf_keras_worker: Worker,
    keras3: WarmKeras,
    tf_keras: WarmKeras,
    tmp_path: Path,
) -> None:
    program, lines = spelled(PROGRAM, legacy), spelled(LINES, legacy)
    keras = tf_keras if legacy else keras3
    done = keras.run("-c", f"{program}\nLINES = {lines!r}\n{REAL}", folder=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    real = json.loads(done.stdout.splitlines()[-1])
    assert real[:2] == [[8, 5], "ValueError"]
    numbered = "".join(
        f"value{number} = {line}" for number, line in enumerate(lines.splitlines(keepends=True))
    )
    worker = tf_keras_worker if legacy else keras3_worker
    assert said(worker.replay(program + numbered), program + numbered) == real


@pytest.mark.parametrize(("file", "kind"), [("mine.keras", "layer"), ("another.keras", "hole")])
def test_a_file_of_an_earlier_run_is_not_known(keras3_worker: Worker, file: str, kind: str) -> None:
    text = ELSEWHERE.format(file)
    report = keras3_worker.replay(text)
    place = text.index("keras.models.load_model")
    (node,) = (node for node in report.nodes if node.span == (place, len(text) - 1))
    assert [value.kind for value in node.values] == [kind]
    assert not report.failures


def test_a_model_of_a_users_class_that_is_loaded_is_not_known(keras3_worker: Worker) -> None:
    """Keras builds it by what it noted of its first call, which a replay makes in another way."""
    text = (
        "import keras\n\n\nclass Net(keras.Model):\n    def __init__(self, **kwargs):\n"
        "        super().__init__(**kwargs)\n        self.dense = keras.layers.Dense(2)\n\n"
        "    def call(self, x):\n        return self.dense(x)\n\n\n"
        "net = Net()\nnet(keras.ops.zeros((1, 3)))\nnet.save('net.keras')\n"
        "kernel = keras.models.load_model('net.keras', custom_objects={'Net': Net}).dense.kernel\n"
    )
    assert not keras3_worker.replay(text).failures
