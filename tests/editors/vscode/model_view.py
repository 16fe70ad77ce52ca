"""The page of the model view: its build, what the real server gives it, and a run of it in a real browser."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.editors.vscode.toolchain import chromium, node
from tests.protocol.client import Client

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
WEBVIEW = ROOT / "editors" / "vscode" / "webview"

Json = dict[str, Any]


def run(*command: str, seconds: float = 120) -> str:
    done = subprocess.run(
        [str(node()), *command],
        cwd=WEBVIEW,
        env={**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def install() -> None:
    """The packages of the lock file, where they are not there yet."""
    if (WEBVIEW / "node_modules" / "esbuild").exists():
        return
    beside = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm = beside if beside.exists() else Path(shutil.which("npm") or "npm").resolve()
    run(str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", seconds=300)


async def answers(files: Mapping[str, str], root: Path, python: list[str], *, trusted: bool) -> Payloads:
    """What the real server answers for each file, once its replay is over."""
    options = {"trusted": trusted, "interpreter": python, "replaySeconds": 100}
    client = await Client.start(options=options, root=root)
    try:
        return await _ask(client, files, root, "ready" if trusted else "unavailable")
    finally:
        await client.kill()
        assert "Traceback" not in client.stderr, client.stderr


class Payloads:
    """Messages for the page, by file, and the server that stays to be asked for more."""

    def __init__(self) -> None:
        self.models: dict[str, Json] = {}
        self.places: dict[str, Json] = {}


async def _ask(client: Client, files: Mapping[str, str], root: Path, state: str) -> Payloads:
    found = Payloads()
    for name, marked in files.items():
        text = marked.replace("‸", "")
        # Two texts of one file: `mlp.py` and, after a space, what was edited in it.
        uri = (root / name.split(" ")[0]).as_uri()
        if " " in name:
            client.change(uri, 2, text)
            await client.wait_for_status(uri, "building")
        else:
            client.open(uri, text)
        await client.wait_for_status(uri, state)
        answer = await client.request("kerasLsp/model", {"uri": uri, "view": True, "replay": False})
        found.models[name] = {"type": "model", "name": name.split(" ")[0], "answer": answer}
        if "‸" in marked:
            place = client.place(uri, text, marked.index("‸"))
            here = await client.request("kerasLsp/modelAt", {"uri": uri, "position": place["position"]})
            found.places[name] = {"type": "here", "here": here}
    return found


def show(pages: list[Json], folder: Path) -> dict[str, Json]:
    """Run the pages in one browser; what each step with a name saw, by page and name."""
    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps({"chromium": chromium(), "pages": pages}), encoding="utf-8")
    lock = os.environ.get("KERAS_LSP_BROWSER_LOCK", Path(tempfile.gettempdir()) / "keras-lsp-browser.lock")
    with Path(lock).open("w") as held:  # two browsers at once are too much for a small machine
        fcntl.flock(held, fcntl.LOCK_EX)
        said = run(str(HERE / "model_view_page.mjs"), str(WEBVIEW), str(scenario), seconds=240)
    answer: dict[str, Json] = json.loads(said)
    return answer
