"""The confinement by the operating system around real replays: they lose nothing, and secrets stay secret."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.jail import FULL, OURS, describe_level
from keras_lsp.sandbox.outer import find_bubblewrap
from keras_lsp.worker.confine import PARTS, bubblewrap, offered
from keras_lsp.worker.confine.around import AROUND_VARIABLE
from keras_lsp.worker.confine.plan import BUBBLEWRAP, LEVEL_VARIABLE, PARENT_VARIABLE
from keras_lsp.worker.confine.seen import seen
from keras_lsp.worker.process.confinement import AROUND, OUTER, WORDS
from tests.worker.driver import Worker

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the confinement is Linux's")

READING = """\
import keras

text = open({name!r}).read()
layer = keras.layers.Dense(int(text))
output = layer(keras.Input((3,)))
"""
FILLING = """\
import os
import tempfile

import keras


def write(number):
    with open(os.path.join(tempfile.gettempdir(), str(number)), "w") as file:
        file.write("x")
    return 0


units = sum(map(write, range(10_000_000))) + 4
layer = keras.layers.Dense(units)
"""
DATA = """\
import keras
import numpy as np
import tensorflow as tf

data = tf.data.Dataset.from_tensor_slices((np.zeros((8, 4)), np.zeros((8, 2))))
data = data.map(lambda x, y: (x * 2, y)).batch(4)
mean = float(tf.reduce_mean(tf.constant([4.0, 6.0])))
model = keras.Sequential([keras.layers.Dense(int(mean)), keras.layers.Dense(2)])
model.compile(loss="mse")
model.fit(data)
"""


# Looked at in `exec`, where what fails is no unknown. Each of these tensors takes 64 MB.
TENSORS = """
import tensorflow as tf
kept = []
try:
    while len(kept) < 100:
        kept.append(tf.ones((1 << 24,)))
except tf.errors.ResourceExhaustedError:
    pass
"""
KEEPING = f"""\
import keras

space = {{}}
found = exec({TENSORS!r}, space) or space
layer = keras.layers.Dense(len(found["kept"]))
output = layer(keras.Input((3,)))
"""
BATCHES = """\
import keras
import tensorflow as tf

batches = list(tf.data.Dataset.range(1 << 26).batch(1 << 26))
"""


def units(worker: Worker, folder: Path, name: str) -> int | None:
    report = worker.replay(READING.format(name=name), path=str(folder / "model.py"), roots=(str(folder),))
    layer = next((layer for layer in report.layers if layer.class_name == "Dense"), None)
    shape = layer.weights[1].shape if layer is not None and layer.weights else (None,)
    return shape[0]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "ws" / ".git").mkdir(parents=True)
    for place in ("ws/data.txt", "ws/.env", "ws/.git/config", "ws/deploy.key", "outside.txt"):
        (tmp_path / place).write_text("7")
    (tmp_path / "ws" / "link.txt").symlink_to(tmp_path / "outside.txt")
    return tmp_path / "ws"


@pytest.mark.skipif("landlock" not in offered(), reason="no Landlock in this kernel")
def test_a_replay_reads_the_workspace_and_none_of_its_secrets(keras3_worker: Worker, workspace: Path) -> None:
    assert units(keras3_worker, workspace, "data.txt") == 7
    for name in (".env", ".git/config", "deploy.key", "../outside.txt", "link.txt"):
        assert units(keras3_worker, workspace, name) != 7, name


@pytest.mark.skipif("landlock" not in offered(), reason="no Landlock in this kernel")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        (".env", "looks like a secret, so a replay may not read it"),
        (".git/config", "looks like a secret, so a replay may not read it"),
        ("deploy.key", "looks like a secret, so a replay may not read it"),
        ("../outside.txt", "lies where a replay may not read"),
    ],
)
def test_it_is_said_why_a_file_is_not_read(
    keras3_worker: Worker, workspace: Path, name: str, why: str
) -> None:
    text = READING.format(name=name)
    report = keras3_worker.replay(text, path=str(workspace / "model.py"), roots=(str(workspace),))
    assert next(hole.reason for hole in report.holes if "replay" in hole.reason) == f"`{name}` {why}"
    assert report.failures == ()


@pytest.mark.skipif("landlock" not in offered(), reason="no Landlock in this kernel")
def test_a_file_that_is_not_there_is_no_secret(keras3_worker: Worker, workspace: Path) -> None:
    text = READING.format(name="nowhere.txt")
    report = keras3_worker.replay(text, path=str(workspace / "model.py"), roots=(str(workspace),))
    assert "No such file" in report.holes[0].reason


@pytest.mark.skipif(find_bubblewrap() is None, reason="bubblewrap is not installed")
def test_bubblewrap_keeps_secrets_where_there_is_no_landlock(
    keras_python: list[str], workspace: Path, tmp_path: Path
) -> None:
    """Real Keras in it, spread over the folders that an environment is spread over."""
    own = tmp_path / "own"
    own.mkdir()
    program, shown = str(find_bubblewrap()), seen((str(workspace),), keras_python[0])
    if bubblewrap.trial(program, shown, str(own)):
        pytest.skip("bubblewrap does not start here")
    around = (program, *bubblewrap.arguments(shown, str(own)), "--setenv", PARENT_VARIABLE, "1", "--")
    parts = {LEVEL_VARIABLE: "limits,seccomp", AROUND_VARIABLE: BUBBLEWRAP, "TMPDIR": str(own)}
    with Worker([*around, *keras_python], env=parts) as worker:
        assert worker.hello is not None
        level, missing = describe_level(worker.hello.confinement)
        assert WORDS["landlock"] in missing
        assert level.startswith("reduced: ")
        assert level.endswith(OUTER[BUBBLEWRAP])
        assert units(worker, workspace, "data.txt") == 7
        for name in (".env", ".git/config", "deploy.key", "../outside.txt", "link.txt"):
            assert units(worker, workspace, name) != 7, name


@pytest.mark.parametrize("left_out", [None, *PARTS])
def test_the_level_is_told_truthfully_when_a_part_is_missing(
    keras_python: list[str], left_out: str | None
) -> None:
    parts = [part for part in PARTS if part != left_out]
    with Worker(
        keras_python, env={LEVEL_VARIABLE: ",".join(parts), "KERAS_LSP_AROUND": "landlock,seccomp"}
    ) as worker:
        assert worker.hello is not None
        in_force = {part for part in parts if part in offered()}
        level, missing = describe_level(worker.hello.confinement)
        assert set(missing) == {WORDS[part] for part in PARTS if part not in in_force}
        assert (level == "full") == (not missing)
        report = worker.replay(DATA)
    # Nothing of what a model file does is lost at any level.
    assert [failure.message for failure in report.failures] == []
    model = next(layer for layer in report.layers if layer.class_name == "Sequential")
    assert [weight.shape for weight in model.weights] == [(4, 5), (5,), (5, 2), (2,)]


def test_the_words_of_both_sides_are_the_same() -> None:
    assert {*OURS, *WORDS.values(), AROUND, "no writes, network or programs from Python code"} == set(FULL)


def test_tensors_are_bounded_as_other_memory_is(keras3_worker: Worker) -> None:
    report = keras3_worker.replay(KEEPING, memory_bytes=512 << 20)
    layer = next(layer for layer in report.layers if layer.class_name == "Dense")
    assert 0 < (layer.weights[1].shape[0] or 0) < 8, "some, for an honest program, and not 6 GB"


def test_a_library_that_dies_without_memory_ends_the_replay_alone(keras3_worker: Worker) -> None:
    keras3_worker.send(BATCHES, memory_bytes=256 << 20)
    ended = keras3_worker.answer()
    assert getattr(ended, "kind", ended) == "crashed"
    assert keras3_worker.replay(DATA).failures == ()


def test_a_replay_that_fills_its_folder_is_ended(keras3_worker: Worker) -> None:
    keras3_worker.send(FILLING, statement_seconds=30.0, wall_seconds=30.0)
    ended = keras3_worker.answer()
    assert getattr(ended, "reason", ended) == "filled its temporary folder and was stopped"
