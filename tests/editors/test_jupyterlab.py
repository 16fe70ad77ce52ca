"""The whole way in a real JupyterLab and a real browser, after nothing but `pip install`.

JupyterLab, jupyterlab-lsp, Playwright and keras-lsp are in an environment of their own, made by
`make jupyterlab chromium`; without it, or without Chromium, this is skipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from keras_lsp.cli.jupyter import spec
from tests.editors.neovim import HERE, ROOT

if TYPE_CHECKING:
    from tests.conftest import RunProgram

PYTHON = Path(os.environ.get("KERAS_LSP_TEST_VENVS", ROOT)) / ".venv-jupyterlab" / "bin" / "python"
CHROMIUM = shutil.which("chromium")

CELLS = (
    """\
import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(64)

    def call(self, inputs):
        return self.hidden(inputs)
""",
    """\
model = Net()
model.build((None, 32))
model.layers[0].weights[0]
""",
    "keras.layers.Conv2D(8, 3)(keras.Input((32,)))\n",
)


def notebook() -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": [{**cell, "id": f"cell-{n}", "source": text.strip()} for n, text in enumerate(CELLS)],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python", "mimetype": "text/x-python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def test_nothing_is_trusted_unless_the_user_says_so() -> None:
    (registered,) = spec(None).values()
    assert "--trust" not in registered["argv"]


@pytest.mark.parametrize("path", ["", None], ids=["no script", "script"])
def test_files_beside_a_notebook_are_not_imported_by_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str | None
) -> None:
    for name in ("keras_lsp", "asyncio", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n", encoding="utf-8")
    if path is not None:
        monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    (registered,) = spec(None).values()
    assert ("-I" in registered["argv"]) is (path is not None)
    done = subprocess.run(
        registered["argv"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "imported" not in done.stderr
    assert (done.stderr, done.returncode) == ("", 1), "it leaves when nobody is there"


def test_a_notebook_has_findings_and_cards(
    tmp_path: Path, keras_python: list[str], run_program: RunProgram
) -> None:
    if not PYTHON.exists() or CHROMIUM is None:
        pytest.skip("no JupyterLab or no Chromium: make jupyterlab chromium")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "model.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    path = f"{Path(keras_python[0]).parent}{os.pathsep}{os.environ['PATH']}"  # where its Keras is found
    done = subprocess.run(
        [PYTHON, HERE / "jupyterlab_journey.py", CHROMIUM, tmp_path],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    for cell, error in ((CELLS[0] + CELLS[1], "IndexError"), ("import keras\n" + CELLS[2], "ValueError")):
        assert error in run_program(cell, False).stderr
    assert "model.layers[0].weights[0]" in seen["errors"]
    assert "keras.layers.Conv2D(8, 3)" in seen["errors"]
    card = re.sub(r"\s+", " ", seen["card"])
    assert "Dense" in card
    assert "kernel (32, 64)" in card
