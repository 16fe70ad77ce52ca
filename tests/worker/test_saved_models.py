"""A model that the program saves and loads again: what comes back, and what does not, is as in real Keras."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.report_check import check_report

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
CLASSES = """\
class Net(keras.Model):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)
        self.scale = Scale(units)

    def call(self, x):
        return self.scale(self.dense(x))

    def get_config(self):
        return {"units": self.units}


"""
SAVED = """\
net = Net(6)
net.compile(optimizer="adam", loss="mse", metrics=["mae"])
net.fit(np.zeros((4, 8), "float32"), np.zeros((4, 6), "float32"), verbose=0)
net.save("net.keras")
inputs = keras.Input((8,))
model = keras.Model(inputs, layers.Dense(2, name="out")(layers.Dense(5, name="hidden")(inputs)))
model.compile(optimizer="adam", loss="mse")
model.fit(np.zeros((4, 8), "float32"), np.zeros((4, 2), "float32"), verbose=0)
model.save("model.keras")
model.save("model.h5")
"""
EARLIER = """\
keras.models.load_model("model.keras").get_layer("hidden").kernel
keras.models.load_model("model.h5").get_layer("hidden").kernel
keras.models.load_model("model.h5").get_layer("none")
keras.models.load_model("model.h5", compile=False).layers[2].kernel
keras.models.load_model("model.h5").predict(x, verbose=0)
keras.models.load_model(filepath="model.keras").predict(x, verbose=0)
keras.models.load_model("net.keras")
keras.models.load_model("net.keras", custom_objects={"Net": Net}).dense.kernel
keras.models.load_model("net.keras", custom_objects={"Net": Net}).scale.dense.bias
keras.models.load_model("net.keras", custom_objects={"Net": Net}).layers[7]
keras.models.load_model("model.keras").predict(z, verbose=0)
"""
ELSEWHERE = """\
import keras
inputs = keras.Input((8,))
model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
model.save("mine.keras")
loaded = keras.models.load_model("{}")
"""


MODEL = """\
x, y = np.zeros((4, 8), "float32"), np.zeros((4, 2), "float32")
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)])
model.compile(loss="mse")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, keras3: WarmKeras) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    saving = f"import keras\nimport numpy as np\n{MODEL}model.save('good.keras')\n"
    done = keras3.run("-c", saving, folder=folder)
    assert done.returncode == 0, done.stderr
    good = (folder / "good.keras").read_bytes()
    (folder / "broken.keras").write_bytes(good[:500])
    (folder / ".hidden.keras").write_bytes(good)
    (folder / "text.h5").write_text("version https://git-lfs.github.com/spec/v1\n")
    (folder / "folder").mkdir()
    return folder


def spelled(text: str, legacy: bool) -> str:
    if not legacy:
        return text
    return text.replace("import keras", "import tf_keras as keras").replace("from keras", "from tf_keras")


def numbered(lines: str) -> str:
    """Each line's value under a name of its own."""
    return "".join(f"value{number} = {line}" for number, line in enumerate(lines.splitlines(keepends=True)))


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
    worker = tf_keras_worker if legacy else keras3_worker
    text = program + numbered(lines)
    assert said(worker.replay(text), text) == real


@pytest.mark.parametrize("legacy", [False, True])
def test_what_an_earlier_run_left_is_what_is_loaded(
    legacy: bool,
    keras3_worker: Worker,
    tf_keras_worker: Worker,
    keras3: WarmKeras,
    tf_keras: WarmKeras,
    tmp_path: Path,
) -> None:
    start, _, rest = PROGRAM.partition("x, y = ")
    data = f'x, y = {rest.splitlines()[0]}\nz = np.zeros((4, 9), "float32")\n'
    program, lines = spelled(start + CLASSES, legacy), spelled(EARLIER, legacy)
    keras = tf_keras if legacy else keras3
    saving = keras.run("-c", program + SAVED, folder=tmp_path)
    assert saving.returncode == 0, saving.stderr[-2000:]
    program += data
    done = keras.run("-c", f"{program}\nLINES = {lines!r}\n{REAL}", folder=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    real = json.loads(done.stdout.splitlines()[-1])
    # Keras 3 does not find the loss that it wrote into an HDF5 file as "mse".
    assert real[:2] == [[8, 5], [8, 5] if legacy else "ValueError"]
    worker = tf_keras_worker if legacy else keras3_worker
    text = program + numbered(lines)
    report = worker.replay(text, path=str(tmp_path / "program.py"), roots=[str(tmp_path)])
    check_report(report, len(text))
    assert said(report, text) == real
    first = report.checkpoints[0]
    assert (first.file, text[slice(*first.span)]) == ("model.keras", 'keras.models.load_model("model.keras")')
    assert {weight.shape for weight in first.weights} >= {(8, 5), (5,), (5, 2), (2,)}
    assert str(tmp_path / "model.h5") in report.files


@pytest.mark.parametrize(
    ("before", "call", "reason"),
    [
        ("", "'none.keras'", "which is not there"),
        ("", "'broken.keras'", "which is not there, or cannot be read"),
        ("", "'text.h5'", "which is not there, or cannot be read"),
        ("", "'.hidden.keras'", "which is not there, or cannot be read"),
        ("", "'folder'", "a replay does not load"),
        ("", "str(unknown()) + '.keras'", ""),
        ("", "'good.keras', custom_objects=unknown()", "a replay does not load"),
        ("keras.Sequential().save('b.keras')\n", "'good.keras'", "this program may have written it"),
        (f"{MODEL}model.fit(x, y)\n", "'good.keras'", "this program may have written it"),
        (f"{MODEL}model.predict(x)\n", "'good.keras'", None),
        ("", "'good.keras'", None),
    ],
)
def test_what_cannot_be_loaded_has_a_reason(
    keras3_worker: Worker, folder: Path, before: str, call: str, reason: str | None
) -> None:
    start = "import keras\nimport numpy as np\nfrom nowhere import unknown\n"
    text = f"{start}{before}loaded = keras.models.load_model({call})\n"
    report = keras3_worker.replay(text, path=str(folder / "program.py"), roots=[str(folder)])
    assert not report.failures
    place = text.index("keras.models.load_model")
    (node,) = (node for node in report.nodes if node.span == (place, len(text) - 1))
    assert [value.kind for value in node.values] == ["layer" if reason is None else "hole"]
    assert (reason or "") in node.values[0].text


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
