"""Saved models and weights that are not what they seem: a replay loads none, and what opens them is confined.

That the files are what they are said to be is tried in a Keras without any of this.
"""

from __future__ import annotations

import base64
import importlib
import json
import marshal
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from keras_lsp.sandbox.report_check import check_report
from keras_lsp.worker.confine import PARTS, offered
from keras_lsp.worker.report import ReplayReport
from keras_lsp.worker.wire import ReplayEnded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.warm import WarmKeras
    from tests.worker.driver import Worker

pytestmark = pytest.mark.skipif(set(offered()) != set(PARTS), reason="this system does not confine all")

GOOD = "import keras\n\nlayer = keras.layers.Dense(3)\noutput = layer(keras.Input((5,)))\n"
SECRET = "123456789"  # noqa: S105  # what is looked for
LOADING = {
    "a whole model": 'model = keras.models.load_model("evil.keras", safe_mode=False)',
    "a whole model, by its other name": 'model = keras.saving.load_model("evil.keras", safe_mode=False)',
    "its configuration": """\
keras.config.enable_unsafe_deserialization()
model = keras.models.model_from_json(open("config.json").read())
model.build((None, 4))
output = model(keras.Input((4,)))""",
    "one layer": """\
keras.config.enable_unsafe_deserialization()
config = json.load(open("config.json"))["config"]["layers"][1]
layer = keras.layers.deserialize(config)
output = layer(keras.Input((4,)))""",
}
OPENING = {
    "weights into a model": """\
model = keras.Sequential([keras.layers.Dense(4)])
model.build((None, 4))
model.load_weights("claimed.weights.h5")""",
    "a dataset": """\
kernel = h5py.File("claimed.weights.h5")["kernel"][...]
layer = keras.layers.Dense(kernel.shape[1])""",
    "an array": """\
kernel = np.load("claimed.npy")
layer = keras.layers.Dense(kernel.shape[0])""",
    "an array, to work on": """\
total = float(np.load("claimed.npy").sum())
layer = keras.layers.Dense(int(total))""",
    "a group in itself": """\
group = h5py.File("circle.h5")["again"]
while "again" in group:
    group = group["again"]
layer = keras.layers.Dense(len(group))""",
    "a deep configuration": 'model = keras.models.model_from_json("[" * 100_000)',
    "an archive in memory": """\
text = zipfile.ZipFile("zeros.keras").read("model.weights.h5")
layer = keras.layers.Dense(len(text))""",
}
ELSEWHERE = """\
import h5py
import keras

kernel = h5py.File("elsewhere.h5")["kernel"][...]
layer = keras.layers.Dense(int(bytes(kernel).decode()))
output = layer(keras.Input((5,)))
"""
IMPORTS = "import json\nimport zipfile\nimport h5py\nimport keras\nimport numpy as np\n\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "workspace"
    folder.mkdir()
    config = json.dumps(_configuration(f"lambda x: (open({str(_mark(folder))!r}, 'w').write('x'), x)[1]"))
    (folder / "config.json").write_text(config, encoding="utf-8")
    with zipfile.ZipFile(folder / "evil.keras", "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        archive.writestr("model.weights.h5", b"no weights")
    with (
        zipfile.ZipFile(folder / "zeros.keras", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("model.weights.h5", "w", force_zip64=True) as member,
    ):
        for _ in range(40):
            member.write(bytes(16 << 20))
    numpy, hdf5 = importlib.import_module("numpy"), importlib.import_module("h5py")
    with (folder / "claimed.npy").open("wb") as file:
        head = {"descr": "<f4", "fortran_order": False, "shape": (1 << 33,)}
        numpy.lib.format.write_array_header_1_0(file, head)
    with hdf5.File(folder / "claimed.weights.h5", "w") as file:
        file.create_dataset("kernel", (1 << 30, 4), "f4", fillvalue=1.0, chunks=(1 << 18, 4))
    with hdf5.File(folder / "circle.h5", "w") as file:
        file["again"] = file["/"]
    (folder.parent / "secret").write_text(SECRET, encoding="utf-8")
    with hdf5.File(folder / "elsewhere.h5", "w") as file:
        place = (str(folder.parent / "secret"), 0, len(SECRET))
        file.create_dataset("kernel", (len(SECRET),), "u1", external=[place])
    return folder


def _mark(workspace: Path) -> Path:
    """What the code in the archive makes where it runs."""
    return workspace.parent / "ran"


def _configuration(source: str) -> dict[str, Any]:
    """Of a model with a `Lambda` layer, whose function Keras keeps as code."""
    code = base64.b64encode(marshal.dumps(compile(source, "lambda", "eval").co_consts[0])).decode()
    function = {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}
    layers = [
        _serialized("InputLayer", batch_shape=[None, 4], name="input"),
        _serialized("Lambda", function=function, name="evil"),
        _serialized("Dense", units=3, name="dense"),
    ]
    return {**_serialized("Sequential", layers=layers, name="evil"), "module": "keras"}


def _serialized(kind: str, **config: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}


@pytest.mark.parametrize("what", LOADING)
def test_code_in_a_saved_model_does_nothing(
    keras3_worker: Worker, keras3: WarmKeras, workspace: Path, what: str
) -> None:
    text = f"{IMPORTS}{LOADING[what]}\n"
    assert _replayed(keras3_worker, workspace, text)
    assert not _mark(workspace).exists()
    keras3.run("-c", text, folder=workspace)
    assert _mark(workspace).exists(), "no attempt: the code is dead in a real Keras, too"
    _mark(workspace).unlink()


@pytest.mark.parametrize("what", OPENING)
def test_files_that_claim_much_end_no_more_than_their_replay(
    keras3_worker: Worker, workspace: Path, what: str
) -> None:
    text = f"{IMPORTS}{OPENING[what]}\n"
    answer = _replayed(keras3_worker, workspace, text)
    if isinstance(answer, ReplayReport):
        limited = [failure for failure in answer.failures if failure.type == "MemoryError"]
        assert not any(failure.certain for failure in limited), "it is the word of the sandbox"


def test_weights_that_are_kept_elsewhere_are_not_read(
    keras3_worker: Worker, keras3: WarmKeras, workspace: Path
) -> None:
    """A dataset may say that its numbers are those of another file, here one outside of the workspace."""
    answer = _replayed(keras3_worker, workspace, ELSEWHERE)
    assert SECRET not in repr(answer)
    told = keras3.run("-c", ELSEWHERE.partition("layer")[0] + "print(bytes(kernel))", folder=workspace)
    assert SECRET in told.stdout, "no attempt: it is read by nobody"


def _replayed(worker: Worker, workspace: Path, text: str) -> ReplayReport | ReplayEnded:
    """What comes of it, after which the next replay is as ever."""
    options: dict[str, Any] = {"wall_seconds": 6.0, "statement_seconds": 2.0, "memory_bytes": 512 << 20}
    worker.send(text, path=str(workspace / "program.py"), roots=(str(workspace),), **options)
    answer = worker.answer()
    if isinstance(answer, ReplayEnded):
        assert answer.kind != "internal", answer.reason
    else:
        check_report(answer, len(text))
    after = worker.replay(GOOD)
    assert [layer.outputs for layer in after.layers if layer.class_name == "Dense"] == [("(None, 3)",)]
    return answer
