"""Files that weights are loaded from: what is in them is told, and refused where real Keras refuses it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.report_check import check_report
from keras_lsp.worker.report import CheckpointReport, ReplayReport

if TYPE_CHECKING:
    from pathlib import Path

    from tests.warm import WarmKeras
    from tests.worker.driver import Worker

MODEL = """\
import keras
from keras import layers

def model(units, *more):
    return keras.Sequential([keras.Input((8,)), layers.Dense(units, name="first"), *more, layers.Dense(2)])

"""
SAVE = """
saved = model(4)
saved.save_weights("saved.weights.h5")
saved.save("saved.keras")
saved.save("saved.h5")
"""
LOADED = """\
model(4).load_weights("saved.weights.h5")
model(4).load_weights("saved.keras")
model(4).load_weights("saved.h5")
model(5).load_weights("saved.weights.h5")
model(5).load_weights("saved.keras")
model(5).load_weights("saved.h5")
model(5).load_weights("saved.weights.h5", skip_mismatch=True)
model(4, layers.Dense(4)).load_weights("saved.weights.h5")
model(4, layers.Dense(4)).load_weights("saved.h5")
model(4, layers.Dropout(0.5)).load_weights("saved.weights.h5")
model(4).load_weights(filepath="saved.weights.h5")
model(4).load_weights("saved.weights.h5", by_name=True)
"""
# Each line for real: the exception it ends with, "" for none.
REAL = """
import json
said = []
for line in LOADED.splitlines():
    try:
        exec(line)
        said.append("")
    except Exception as error:
        said.append(type(error).__name__)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, keras3: WarmKeras) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    done = keras3.run("-c", MODEL + SAVE, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def replayed(worker: Worker, folder: Path, text: str, **options: object) -> ReplayReport:
    report = worker.replay(text, path=str(folder / "program.py"), roots=[str(folder)], **options)
    check_report(report, len(text))
    return report


def failed_lines(text: str, report: ReplayReport) -> dict[int, str]:
    return {
        text.count("\n", 0, failure.span[0]): failure.type
        for failure in report.failures
        if failure.span is not None and failure.certain
    }


def test_what_does_not_fit_raises_as_in_real_keras(
    keras3_worker: Worker, keras3: WarmKeras, folder: Path
) -> None:
    done = keras3.run("-c", f"{MODEL}\nLOADED = {LOADED!r}\n{REAL}", folder=folder)
    real = json.loads(done.stdout.splitlines()[-1])
    assert real[:4] == ["", "", "", "ValueError"]
    report = replayed(keras3_worker, folder, MODEL + LOADED)
    failed = failed_lines(MODEL + LOADED, report)
    first = MODEL.count("\n")
    assert [failed.get(first + number, "") for number in range(len(real))] == real
    messages = [failure.message for failure in report.failures]
    assert "first/kernel" in messages[0]
    assert "value.shape=(8, 4)" in messages[0]


def test_a_file_is_told_with_its_arrays(keras3_worker: Worker, folder: Path) -> None:
    text = MODEL + LOADED
    report = replayed(keras3_worker, folder, text)
    assert [found.file for found in report.checkpoints[:3]] == ["saved.weights.h5", "saved.keras", "saved.h5"]
    first = report.checkpoints[0]
    start, end = first.span
    assert text[start:end] == 'model(4).load_weights("saved.weights.h5")'
    arrays = {(weight.path, weight.shape) for weight in first.weights}
    assert {shape for _, shape in arrays} >= {(8, 4), (4,), (4, 2), (2,)}
    assert first.complete


@pytest.mark.parametrize(
    "path",
    [
        '"none.weights.h5"',
        '"program.py"',
        '"broken.h5"',
        '".hidden.h5"',
        '"/etc/passwd.h5"',
        "unknown()",
        "3",
    ],
)
def test_another_file_is_silence(keras3_worker: Worker, folder: Path, path: str) -> None:
    (folder / "broken.h5").write_text("version https://git-lfs.github.com/spec/v1\n")
    (folder / ".hidden.h5").write_bytes((folder / "saved.h5").read_bytes())
    text = f"{MODEL}model(5).load_weights({path})\n"
    report = replayed(keras3_worker, folder, text)
    assert report.checkpoints == ()
    assert failed_lines(text, report) == {}


def test_sizes_that_are_not_known_are_not_compared(keras3_worker: Worker, folder: Path) -> None:
    text = f'{MODEL}words = open("none.txt").read().split()\nmodel(len(words)).load_weights("saved.h5")\n'
    report = replayed(keras3_worker, folder, text)
    assert [found.file for found in report.checkpoints] == ["saved.h5"]
    assert failed_lines(text, report) == {}


@pytest.mark.parametrize(
    "before",
    [
        'first.save_weights("saved.weights.h5")',
        'first.save("saved.keras")',
        "first.compile(loss='mse')\nfirst.fit(keras.ops.zeros((4, 8)), keras.ops.zeros((4, 2)))",
    ],
)
def test_what_the_program_may_have_written_before_is_not_compared(
    keras3_worker: Worker, folder: Path, before: str
) -> None:
    text = f'{MODEL}first = model(5)\n{before}\nmodel(5).load_weights("saved.weights.h5")\n'
    report = replayed(keras3_worker, folder, text)
    assert [found.file for found in report.checkpoints] == ["saved.weights.h5"]
    assert failed_lines(text, report) == {}


TF_KERAS_MODEL = MODEL.replace("import keras", "import tf_keras as keras").replace(
    "from keras", "from tf_keras"
)
TF_KERAS_LOADED = """\
model(4).load_weights("saved.h5", by_name=True)
model(5).load_weights("saved.h5", by_name=True)
model(5).load_weights("saved.h5", by_name=True, skip_mismatch=True)
model(5).load_weights("saved.h5", skip_mismatch=True)
model(4, layers.BatchNormalization()).load_weights("saved.h5", by_name=True)
model(4, layers.BatchNormalization()).load_weights("saved.weights.h5")
large(5).load_weights("saved.h5")
large(5).load_weights("saved.weights.h5")
bidirectional(3).load_weights("bidirectional.h5")
bidirectional(4).load_weights("bidirectional.h5")
bidirectional(3).load_weights("bidirectional.weights.h5")
bidirectional(4).load_weights("bidirectional.weights.h5")
normalized(8).load_weights("normalized.weights.h5")
normalized(9).load_weights("normalized.weights.h5")
normalized(8).load_weights("normalized.h5")
called(Net(3)).load_weights("net.h5")
called(Net(4)).load_weights("net.h5")
called(Net(3)).load_weights("net.weights.h5")
called(Net(4)).load_weights("net.weights.h5")
"""
# A model whose weights take no memory in a replay; layers that load in ways of their own.
TF_KERAS_MORE = """\
def large(units):
    return keras.Sequential([keras.Input((8,)), layers.Dense(units * 10000), layers.Dense(2)])

def bidirectional(units):
    return keras.Sequential([keras.Input((8, 3)), layers.Bidirectional(layers.SimpleRNN(units))])

def normalized(size):
    return keras.Sequential([keras.Input((size,)), layers.Normalization()])

class Net(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.dense = layers.Dense(units)
        self.scale = self.add_weight(name="scale", shape=(2,))

    def call(self, x):
        return self.dense(x)

def called(net):
    net(keras.Input((8,)))
    return net

"""
PATIENT = {"wall_seconds": 60.0, "statement_seconds": 30.0}  # many files at once
TF_KERAS_SAVE = """
made = {"bidirectional": bidirectional(3), "normalized": normalized(8), "net": called(Net(3))}
for name, made in made.items():
    made.save_weights(f"{name}.weights.h5")
    made.save_weights(f"{name}.h5")
bidirectional(3).save_weights("tensorflow")
saved.save("whole")
"""


@pytest.fixture(scope="module")
def tf_folder(tmp_path_factory: pytest.TempPathFactory, tf_keras: WarmKeras) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    done = tf_keras.run("-c", TF_KERAS_MODEL + TF_KERAS_MORE + SAVE + TF_KERAS_SAVE, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_what_does_not_fit_raises_as_in_real_tf_keras(
    tf_keras_worker: Worker, tf_keras: WarmKeras, tf_folder: Path
) -> None:
    program, loaded = TF_KERAS_MODEL + TF_KERAS_MORE, (LOADED + TF_KERAS_LOADED).splitlines()
    head, *definitions = re.split(r"\n\n(?=def (?!called)|class )", program.strip())
    every = "\n".join(loaded)
    done = tf_keras.run("-c", f"{program}\nLOADED = {every!r}\n{REAL}", folder=tf_folder)
    real = json.loads(done.stdout.splitlines()[-1])
    assert real[3:6] == ["ValueError"] * 3
    ends = dict(zip(loaded, real, strict=True))
    messages = []
    for definition in definitions:  # what is not used costs a replay its time, too
        lines = [line for line in loaded if f"def {line.partition('(')[0]}(" in definition]
        text = "\n\n".join((head, definition, *lines))
        report = replayed(tf_keras_worker, tf_folder, text, **PATIENT)
        failed = failed_lines(text, report)
        seen = {line: failed.get(text.count("\n", 0, text.index(line)), "") for line in lines}
        assert seen == {line: ends.pop(line) for line in lines}
        messages += [failure.message for failure in report.failures]
    assert ends == {}
    assert "first/kernel" in messages[0]
    assert "(8, 5)" in messages[0]
    assert "(8, 4)" in messages[0]


def test_keras_3_raises_of_what_tensorflow_wrote(
    keras3_worker: Worker, keras3: WarmKeras, tf_folder: Path
) -> None:
    lines = (
        'model(4).load_weights("tensorflow")\n'
        'one = keras.models.load_model("whole")\n'
        'two = keras.saving.load_model(filepath="whole", compile=False)\n'
    )
    done = keras3.run("-c", f"{MODEL}\nLOADED = {lines!r}\n{REAL}", folder=tf_folder)
    assert json.loads(done.stdout.splitlines()[-1]) == ["ValueError"] * 3
    text = f'{MODEL}{lines}model(4).load_weights("elsewhere")\nkeras.models.load_model("elsewhere")\n'
    report = replayed(keras3_worker, tf_folder, text)
    first = MODEL.count("\n")
    assert failed_lines(text, report) == dict.fromkeys(range(first, first + 3), "ValueError")
    assert all("File format not supported" in failure.message for failure in report.failures)
    assert {str(tf_folder / "elsewhere.index"), str(tf_folder / "whole" / "saved_model.pb")} <= {
        *report.files
    }


def test_under_tf_keras_2_a_file_is_told(tf_keras_worker: Worker, tf_folder: Path) -> None:
    text = f'{TF_KERAS_MODEL}model(4).load_weights("saved.h5")\n'
    found = replayed(tf_keras_worker, tf_folder, text).checkpoints
    assert [isinstance(one, CheckpointReport) and len(one.weights) >= 4 for one in found] == [True]


def test_files_of_tensorflow_itself_are_told(tf_keras_worker: Worker, tf_folder: Path) -> None:
    """Also where the arrays are elsewhere; they are not compared."""
    for data in tf_folder.glob("tensorflow.data*"):
        data.unlink()
    (tf_folder / ".hidden.index").write_bytes((tf_folder / "tensorflow.index").read_bytes())
    (tf_folder / "broken.index").write_text("nothing")
    names = ("tensorflow", ".hidden", "broken", "none")
    text = TF_KERAS_MODEL + "".join(f'model(5).load_weights("{name}")\n' for name in names)
    report = replayed(tf_keras_worker, tf_folder, text)
    (found,) = report.checkpoints
    assert found.file == "tensorflow"
    assert str(tf_folder / "tensorflow.index") in report.files
    held = {(weight.path, weight.shape, weight.dtype) for weight in found.weights}
    assert ("layer_with_weights-0/forward_layer/cell/kernel", (3, 3), "float32") in held
    assert failed_lines(text, report) == {}
