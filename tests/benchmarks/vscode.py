"""A cold start in a real VS Code (code-server, a browser): from the opened window to the first card.

The extension is new to the first window, so Python compiles the server there. Most of the time is VS Code's
own: an extension that does nothing but show a card (`probe/`) starts beside ours, and tells how long that
takes, and when ours was where. `python -m tests.benchmarks.vscode` shows the parts, window by window.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Series, reference
from tests.benchmarks.neovim import PeakOfAll
from tests.editors.vscode.screen import Screen
from tests.editors.vscode.toolchain import EXTENSION, ROOT, chromium, node
from tests.editors.vscode.workbench import Workbench, browser_page
from tests.processes import descendants, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

ROUNDS = 3
SEED = "subclassed.py"
PROBE = Path(__file__).parent / "probe"
# Moments in the order in which they come, and who has the time up to each.
PARTS = {
    "text on the screen": "VS Code",
    "an extension runs": "VS Code",
    "keras-lsp runs": "VS Code",
    "its server's process begins": "keras-lsp",
    "initialize is answered": "keras-lsp",
    "a hover is answered": "keras-lsp",
    "the probe's card": "VS Code, beside the above",
    "first card": "all",
    "shapes beside the text": "all",
}
FROM_TEXT = ("the probe's card", "first card", "shapes beside the text")
Moments = dict[str, float]  # seconds since 1970


def all_series() -> Iterator[Series]:
    budgets = {"first card": 12_000, "shapes beside the text": 20_000}
    fromtext = {
        name: Series(f"VS Code: text on the screen → {name}", "ms", budget)
        for name, budget in budgets.items()
    }
    window = Series("VS Code: window → first card, from the text", "ms", 20_000)
    ours = Series("VS Code: keras-lsp runs → a hover is answered", "ms", 6000)
    memory = Series("VS Code: peak of server and worker", "MB", 900)
    for beside, moments, peak in _rounds():
        ends = (*((series, "text on the screen", name) for name, series in fromtext.items()),)
        ends += ((window, "window", "first card"), (ours, "keras-lsp runs", "a hover is answered"))
        for series, since, until in ends:
            series.samples.append((moments[until] - moments[since]) * 1000)
            series.references.append(beside)
        memory.samples.append(peak)
    yield from (window, *fromtext.values(), ours, memory)


def _rounds() -> Iterator[tuple[float, Moments, float]]:
    chromium()
    workbench = Workbench(_package(), settings={"kerasLsp.interpreter": [sys.executable]})
    try:
        workbench.add_extension(PROBE)
        file = workbench.folder / SEED
        file.write_text((ROOT / "fixtures" / "seeds" / SEED).read_text(encoding="utf-8"), encoding="utf-8")
        for _ in range(ROUNDS):
            yield (reference(), *_cold_start(workbench, file))
            workbench.stop()
    finally:
        workbench.close()


def _package() -> Path:
    made = EXTENSION / "dist" / "keras-lsp.vsix"
    npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(Path(sys.executable).parent), str(node().parent), os.environ["PATH"]])
    command = [str(node()), str(npm), "--silent", "run", "package"]
    subprocess.run(command, cwd=EXTENSION, env={**os.environ, "PATH": path}, check=True)
    return made


def _cold_start(workbench: Workbench, file: Path) -> tuple[Moments, float]:
    noted = workbench.home / "moments.json"
    noted.unlink(missing_ok=True)
    workbench.start(KERAS_LSP_PROBE=str(noted))
    with browser_page() as page, tempfile.TemporaryDirectory() as pictures:
        screen = Screen(page, Path(pictures))
        watch = PeakOfAll(only="keras_lsp")
        watch.start()
        moments = {"window": time()}
        screen.open(workbench, workbench.folder, file)
        moments["text on the screen"] = time()
        _first_cards(screen, noted, moments)
        moments["its server's process begins"] = _began("server.py")
        screen.escape()
        screen.hints("(None, 10)")
        moments["shapes beside the text"] = time()
        return moments | _noted(noted), watch.stop()


def _noted(file: Path) -> Moments:
    try:
        return {what: at / 1000 for what, at in json.loads(file.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError):
        return {}


def _first_cards(screen: Screen, noted: Path, moments: Moments) -> None:
    """The mouse rests on a layer. VS Code asks once per rest those that are there, so it is moved away and
    back until all are.
    """
    while True:
        whole = {"keras-lsp runs", "initialize is answered"} <= _noted(noted).keys()
        screen.hover_text("dense1", line_with="self.dense1(inputs)")
        for _ in range(200 if whole else 10):
            shown = _cards(screen.page)
            if "probe" in shown:
                moments.setdefault("the probe's card", time())
            if "Dense" in shown:
                moments["first card"] = time()
                return
            screen.page.wait_for_timeout(50)


def _cards(page: Page) -> str:
    return " ".join(page.locator(".monaco-hover:not(.hidden)").all_inner_texts())


def _began(name: str) -> float:
    """When the process of that name below this one was started."""
    found = next(pid for pid in descendants(os.getpid()) if name in read(Path(f"/proc/{pid}/cmdline")))
    ticks = float(read(Path(f"/proc/{found}/stat")).rpartition(")")[2].split()[19])
    up = float(read(Path("/proc/uptime")).split()[0])
    return time() - up + ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    rounds = [moments for _, moments, _ in _rounds()]
    chain = [name for name in PARTS if name not in FROM_TEXT]
    for name, whose in PARTS.items():
        place = chain.index(name) if name in chain else 0
        since = chain[place - 1] if place else "window" if name in chain else "text on the screen"
        took = "  ".join(f"{(moments[name] - moments[since]) * 1000:6,.0f}" for moments in rounds)
        print(f"{since:>27} → {name:27}  {took} ms  {whose}")  # noqa: T201  # a look by hand


if __name__ == "__main__":
    main()
