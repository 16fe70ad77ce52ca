"""The whole way in a real Emacs, with the configuration that editors/README.md gives to users."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.neovim import HERE, ROOT, SERVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import RunProgram

EMACS = shutil.which("emacs")


def configuration(trusted: Path) -> str:
    """The block of the README, with the server of these tests and a folder to trust."""
    readme = (ROOT / "editors" / "README.md").read_text(encoding="utf-8")
    block: str
    (block,) = re.findall(r"```elisp\n(.*?)```", readme, re.DOTALL)
    server = " ".join(json.dumps(word) for word in SERVER)
    for written, used in (('"keras-lsp" "serve" "--stdio"', server), ("~/models/", str(trusted))):
        assert written in block
        block = block.replace(written, used)
    return str(block)


@pytest.fixture(scope="module")
def seen(
    tmp_path_factory: pytest.TempPathFactory, seed: Callable[[str], str], keras_python: list[str]
) -> dict[str, Any]:
    if (
        EMACS is None
        or b"eglot"
        not in subprocess.run(
            [EMACS, "--batch", "--eval", '(princ (locate-library "eglot"))'], capture_output=True, check=False
        ).stdout
    ):
        pytest.skip("no Emacs with eglot: apt-get install emacs-nox elpa-eglot")
    folder = tmp_path_factory.mktemp("emacs").resolve()
    file, init, answers = (folder / "work" / "subclassed.py", folder / "init.el", folder / "answers.json")
    file.parent.mkdir()
    file.write_text(seed("subclassed"), encoding="utf-8")
    init.write_text(configuration(file.parent), encoding="utf-8")
    path = f"{Path(keras_python[0]).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [EMACS, "--batch", "-l", init, "-l", HERE / "eglot.el", file, answers],
        cwd=file.parent,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(answers.read_text(encoding="utf-8"))
    return result


def test_emacs_shows_the_finding_and_its_fix_runs(seen: dict[str, Any], run_program: RunProgram) -> None:
    assert "layer.weights[0]" in [found["text"] for found in seen["found"]]
    assert seen["left"] == "none"
    done = run_program(seen["fixed"], False)
    assert done.returncode == 0, done.stderr
    assert "(32, 64)" in done.stdout


def test_emacs_shows_cards_and_completions(seen: dict[str, Any]) -> None:
    assert "kernel (32, 64)" in re.sub(" +", " ", seen["card"])
    offered = " ".join(seen["completions"])
    assert "0" in offered
    assert "1" in offered
