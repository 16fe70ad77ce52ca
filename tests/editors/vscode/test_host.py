"""The installed extension in VS Code's own extension host, with the real server and real Keras.

The tests themselves are in `host/*.test.ts`; each is named here, so that one that is not run is missed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.vscode.notebook import write_notebook
from tests.editors.vscode.toolchain import EXTENSION, HERE, chromium, compile_typescript
from tests.editors.vscode.workbench import Workbench, browser_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECONDS = 240
NOTHING_LEFT = "nothing runs when the window is closed"
Outcomes = dict[str, str]  # test -> what is wrong

ASTRAL = """import keras

𠀀 = "𠀀𠀀"
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)])
print(𠀀, "😀", model.layers[0])
"""
LONELY = """import keras


class Lonely(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, inputs):
        return self.dense(inputs)
"""


@pytest.fixture(scope="module")
def outcomes(
    vsix: Path, keras_python: list[str], bare_python: list[str], seed: Callable[[str], str]
) -> Iterator[Outcomes]:
    chromium()
    workbench = Workbench(vsix)
    try:
        yield _run(workbench, keras_python[0], bare_python[0], seed)
    finally:
        workbench.close()


def _run(workbench: Workbench, keras: str, bare: str, seed: Callable[[str], str]) -> Outcomes:
    folders = {name: workbench.folder / name for name in ("keras", "bare")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "subclassed.py").write_text(seed("subclassed"), encoding="utf-8")
    for name, text in {"astral": ASTRAL, "lonely": LONELY, "plain": "print('no model')\n"}.items():
        (folders["keras"] / f"{name}.py").write_text(text, encoding="utf-8")
    write_notebook(folders["keras"] / "cells.ipynb")
    workspace = workbench.folder / "two.code-workspace"
    workspace.write_text(json.dumps({"folders": [{"path": name} for name in folders]}), encoding="utf-8")

    suite = workbench.home / "suite"
    compile_typescript(HERE / "host" / "index.ts", suite / "index.js")
    manifest = {"name": "suite", "publisher": "tests", "version": "0.0.1", "engines": {"vscode": "*"}}
    (suite / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    workbench.add_extension(HERE / "python")

    report = workbench.home / "report.json"
    workbench.start(
        "--vscode-option", "enable-smoke-test-driver",
        KERAS_LSP_TEST_REPORT=str(report),
        KERAS_LSP_TEST_PYTHONS=json.dumps({"keras": keras, "bare": bare}),
        KERAS_LSP_TEST_SELECTED=json.dumps({str(folders["keras"]): keras, str(folders["bare"]): bare}),
    )  # fmt: skip
    payload = [
        ["extensionDevelopmentPath", workbench.remote(suite)],
        ["extensionTestsPath", workbench.remote(suite / "index.js")],
        ["skipWelcome", "true"],
    ]
    logged: list[Any] = []
    ended: list[Any] = []
    with browser_page() as page:
        page.expose_function("codeAutomationLog", lambda kind, arguments: logged.append((kind, arguments)))
        page.expose_function("codeAutomationExit", lambda code, *_: ended.append(code))
        page.goto(workbench.url(workspace, payload))
        for _ in range(SECONDS * 5):
            if ended or report.exists():
                break
            page.wait_for_timeout(200)
        else:
            page.screenshot(path=str(EXTENSION.parent.parent / "artifacts" / "host.png"))
    assert report.exists(), f"the suites did not end: {ended} {logged[-20:]}"
    outcomes = {
        f"{one['suite']}: {one['test']}": one["problem"] for one in json.loads(report.read_text("utf-8"))
    }
    outcomes[NOTHING_LEFT] = workbench.left_behind(seconds=30)
    return outcomes


def _names(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    suite = next(line.split("'")[1] for line in lines if line.startswith("describe('"))
    return [f"{suite}: {line.split(chr(39))[1]}" for line in lines if line.startswith("  it('")]


@pytest.mark.parametrize(
    "name", [name for file in sorted(HERE.glob("host/*.test.ts")) for name in _names(file)]
)
def test_in_the_extension_host(outcomes: Outcomes, name: str) -> None:
    assert outcomes.get(name, "it was not run") == ""


def test_nothing_is_left_when_the_window_is_closed(outcomes: Outcomes) -> None:
    assert outcomes[NOTHING_LEFT] == ""
