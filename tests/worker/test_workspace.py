"""Modules of the workspace in a replay: what they define counts, whatever else they do or lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.samples import merged

if TYPE_CHECKING:
    from pathlib import Path

    from keras_lsp.worker.report import LayerReport, ReplayReport
    from tests.worker.driver import Worker

PROGRAM = """\
import keras
from nets.blocks import block, WIDTH
model = keras.Sequential([keras.Input((3,)), block(), keras.layers.Dense(WIDTH)])
"""
BLOCKS = """\
import keras
from . import settings
WIDTH = settings.WIDTH
def block():
    return keras.layers.Dense(settings.HIDDEN)
"""


def replay(
    worker: Worker,
    folder: Path,
    files: dict[str, str],
    overlays: dict[str, str] | None = None,
    sample: int = 0,
) -> ReplayReport:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return worker.replay(
        PROGRAM,
        path=str(folder / "model.py"),
        roots=(str(folder),),
        overlays={str(folder / name): text for name, text in (overlays or {}).items()},
        sample=sample,
    )


def kernels(report: ReplayReport) -> list[tuple[int | None, ...]]:
    model = model_of(report)
    return [weight.shape for weight in model.weights if weight.name == "kernel"]


def model_of(report: ReplayReport) -> LayerReport:
    return next(layer for layer in report.layers if layer.class_name == "Sequential")


PLAIN = {"nets/__init__.py": "", "nets/blocks.py": BLOCKS, "nets/settings.py": "WIDTH, HIDDEN = 4, 8\n"}


def test_files_are_read(keras3_worker: Worker, tmp_path: Path) -> None:
    assert kernels(replay(keras3_worker, tmp_path, PLAIN)) == [(3, 8), (8, 4)]


def test_unsaved_text_counts_before_the_file(keras3_worker: Worker, tmp_path: Path) -> None:
    report = replay(keras3_worker, tmp_path, PLAIN, {"nets/settings.py": "WIDTH, HIDDEN = 5, 6\n"})
    assert kernels(report) == [(3, 6), (6, 5)]


def test_packages_without_an_init_file_are_packages(keras3_worker: Worker, tmp_path: Path) -> None:
    files = {name: text for name, text in PLAIN.items() if not name.endswith("__init__.py")}
    assert kernels(replay(keras3_worker, tmp_path, files)) == [(3, 8), (8, 4)]


@pytest.mark.parametrize(
    "extra",
    [
        "import not_installed_anywhere\nnot_installed_anywhere.init(project='x')\n",
        "from not_installed_anywhere import log\nlog('starting')\n",
        "import os\nos.makedirs('runs/today')\n",
        "data = open('missing.csv').read()\n",
        "raise RuntimeError('no GPU')\n",
        "import sys\nsys.exit(1)\n",
        "while True:\n    pass\n",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n",
    ],
)
def test_what_else_a_module_does_costs_nothing(extra: str, keras3_worker: Worker, tmp_path: Path) -> None:
    files = {**PLAIN, "nets/blocks.py": extra + BLOCKS, "nets/__init__.py": extra}
    assert kernels(replay(keras3_worker, tmp_path, files)) == [(3, 8), (8, 4)]


def test_a_fallback_for_a_missing_package_is_taken(keras3_worker: Worker, tmp_path: Path) -> None:
    settings = (
        "WIDTH = 2\n"
        "try:\n    from not_installed_anywhere import HIDDEN\nexcept ImportError:\n    HIDDEN = 7\n"
    )
    report = replay(keras3_worker, tmp_path, {**PLAIN, "nets/settings.py": settings})
    assert kernels(report) == [(3, 7), (7, 2)]


def test_what_a_module_could_not_make_is_unknown_by_its_name(keras3_worker: Worker, tmp_path: Path) -> None:
    files = {**PLAIN, "nets/settings.py": "WIDTH = 4\nHIDDEN = len(open('words.txt').read())\n"}
    first = replay(keras3_worker, tmp_path, files)
    second = replay(keras3_worker, tmp_path, files, sample=1)
    names = [dict(weight.named) for weight in model_of(merged(first, second)).weights]
    assert names == [{1: "HIDDEN"}, {0: "HIDDEN"}, {0: "HIDDEN"}, {}]


def test_a_module_of_the_users_does_not_hide_pythons(keras3_worker: Worker, tmp_path: Path) -> None:
    files = {**PLAIN, "json.py": "raise SystemExit\n", "numpy.py": "raise SystemExit\n"}
    assert kernels(replay(keras3_worker, tmp_path, files)) == [(3, 8), (8, 4)]


def test_the_files_that_it_depends_on_are_told(keras3_worker: Worker, tmp_path: Path) -> None:
    overlays = {"nets/settings.py": PLAIN["nets/settings.py"]}  # open in the editor
    report = replay(keras3_worker, tmp_path, PLAIN | {"other.py": ""}, overlays)
    assert {*report.files} == {str(tmp_path / "nets/__init__.py"), str(tmp_path / "nets/blocks.py")}
    text = "import keras\nm = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
    text += "m.load_weights('later.weights.h5')\n"
    report = keras3_worker.replay(text, path=str(tmp_path / "model.py"), roots=(str(tmp_path),))
    assert [path.rpartition("/")[2] for path in report.files] == ["later.weights.h5"]
