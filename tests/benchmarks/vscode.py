"""A cold start in a real VS Code (code-server, a browser): from the opened window to the first card.

Most of it is VS Code's own start, so the time from the first line of text on the screen is told, too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Series, reference
from tests.benchmarks.neovim import PeakOfAll
from tests.editors.vscode.screen import Screen
from tests.editors.vscode.toolchain import EXTENSION, ROOT, chromium, node
from tests.editors.vscode.workbench import Workbench, browser_page

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 3
SEED = "subclassed.py"


def all_series() -> Iterator[Series]:
    window = Series("VS Code: window → first card, from the text", "ms", 20_000)
    static = Series("VS Code: text on the screen → first card, from the text", "ms", 6000)
    exact = Series("VS Code: text on the screen → shapes beside it", "ms", 15_000)
    memory = Series("VS Code: peak of server and worker", "MB", 900)
    package = _package()
    for _ in range(ROUNDS):
        beside = reference()
        times, peak = _cold_start(package)
        for series, sample in zip((window, static, exact), times, strict=True):
            series.samples.append(sample * 1000)
            series.references.append(beside)
        memory.samples.append(peak)
    yield from (window, static, exact, memory)


def _package() -> Path:
    made = EXTENSION / "dist" / "keras-lsp.vsix"
    npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(Path(sys.executable).parent), str(node().parent), os.environ["PATH"]])
    command = [str(node()), str(npm), "--silent", "run", "package"]
    subprocess.run(command, cwd=EXTENSION, env={**os.environ, "PATH": path}, check=True)
    return made


def _cold_start(package: Path) -> tuple[tuple[float, float, float], float]:
    chromium()
    workbench = Workbench(package, settings={"kerasLsp.interpreter": [sys.executable]})
    try:
        file = workbench.folder / SEED
        file.write_text((ROOT / "fixtures" / "seeds" / SEED).read_text(encoding="utf-8"), encoding="utf-8")
        workbench.start()
        with browser_page() as page, tempfile.TemporaryDirectory() as pictures:
            screen = Screen(page, Path(pictures))
            watch = PeakOfAll(only="keras_lsp")
            watch.start()
            began = perf_counter()
            screen.open(workbench, workbench.folder, file)
            shown = perf_counter()
            card = _first_card(screen)
            screen.escape()
            screen.hints("(None, 10)")
            hints = perf_counter()
            return (card - began, card - shown, hints - shown), watch.stop()
    finally:
        workbench.close()


def _first_card(screen: Screen) -> float:
    """The mouse rests on a layer; VS Code asks once per rest, so it is moved away and back."""
    while True:
        screen.hover_text("dense1", line_with="self.dense1(inputs)")
        for _ in range(10):
            if "Dense" in " ".join(screen.page.locator(".monaco-hover:not(.hidden)").all_inner_texts()):
                return perf_counter()
            screen.page.wait_for_timeout(50)


if __name__ == "__main__":
    for each in all_series():
        print(each.what, [round(sample) for sample in each.samples], each.unit)  # noqa: T201  # a look by hand
