"""A notebook in a real JupyterLab, in a real Chromium: `python jupyterlab_journey.py CHROMIUM FOLDER`.

Runs under the Python that has JupyterLab, jupyterlab-lsp, keras-lsp and Playwright, and nothing set up but
`pip install`. FOLDER holds `work/model.ipynb`; what is wrong in it and a card are printed as JSON. Logs and
the last screen are kept in FOLDER.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

PATIENCE = 120.0  # seconds until a step that waits for nothing is ended; not a measure of anything
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"},
}
BROWSER = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """JupyterLab with nothing of the user's own, started by somebody who trusts their notebooks."""
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    own = {name: str(folder / name.lower()) for name in places}
    for name, settings in SETTINGS.items():
        file = folder / "jupyter_config_dir" / "lab" / "user-settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    environment = {**os.environ, **own, "KERAS_LSP_TRUST": "1"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    options = [
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.open_browser=False",
        "--LabApp.extension_manager=readonly",
        f"--ServerApp.root_dir={folder / 'work'}",
    ]
    with (folder / "lab.log").open("wb") as log:
        return subprocess.Popen(
            [*command, *options], env=environment, stdout=log, stderr=log, start_new_session=True
        )


def in_time(what: str, ask: Callable[[], Any]) -> Any:
    deadline = monotonic() + PATIENCE
    while not (answer := ask()):
        if monotonic() > deadline:
            raise TimeoutError(what)
        sleep(0.1)
    return answer


def is_up(url: str) -> bool:
    try:
        with urlopen(f"{url}/api/status", timeout=5) as answer:  # noqa: S310  # our own server
            return bool(answer.status == 200)
    except OSError:
        return False


def card(page: Page, needle: str, wanted: str) -> str:
    """The hover over the last `needle` once it has what is wanted, with Ctrl held as JupyterLab has it."""
    word = page.locator(f".jp-Notebook .cm-line span:text-is('{needle}')").last
    tooltip = page.locator(".lsp-hover").last

    def ask() -> str:
        box = word.bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2
        page.mouse.move(middle, 750)  # where there is no code
        page.keyboard.down("Control")
        page.mouse.move(middle, box["y"] + box["height"] / 2)
        page.mouse.move(middle + 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(800)
        page.keyboard.up("Control")
        text = tooltip.inner_text() if tooltip.count() else ""
        return text if wanted in text else ""

    answer: str = in_time(f"a card for {needle}", ask)
    return answer


def journey(page: Page, url: str) -> dict[str, str]:
    """What only Keras itself finds is waited for, since JupyterLab keeps cards as they were at first."""
    page.goto(f"{url}/lab/tree/model.ipynb?reset")
    found = page.locator(".jp-Notebook .cm-lintRange-error")
    in_time("what the replay finds", lambda: "Conv2D" in "".join(found.all_inner_texts()))
    return {"errors": "".join(found.all_inner_texts()), "card": card(page, "hidden", "kernel")}


def main(chromium: str, folder: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    lab = start(folder, port)
    try:
        in_time("JupyterLab", lambda: is_up(url))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(BROWSER))
            page = browser.new_page(viewport={"width": 1200, "height": 800})
            try:
                print(json.dumps(journey(page, url)))  # noqa: T201  # the answer
            finally:
                page.screenshot(path=str(folder / "screen.png"))
                browser.close()
    finally:
        os.killpg(lab.pid, signal.SIGTERM)
        try:
            lab.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(lab.pid, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
