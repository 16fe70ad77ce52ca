"""A real VS Code workbench with the packaged extension in it, served by code-server to a real browser."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from tests.editors.vscode.toolchain import CODE_SERVER, chromium, node
from tests.processes import descendants, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

WIDTH, HEIGHT = 1180, 720
BROWSER_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip
# No prompts, no tips, nothing that moves, no network.
QUIET: dict[str, Any] = {
    "chat.disableAIFeatures": True,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.editor.enablePreview": False,
    "workbench.editor.useModal": "off",
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.layoutControl.enabled": False,
    "window.commandCenter": False,
    "telemetry.telemetryLevel": "off",
    "extensions.ignoreRecommendations": True,
    "extensions.autoUpdate": False,
    "git.enabled": False,
    "editor.hover.delay": 100,
    "editor.minimap.enabled": False,
    "editor.fontFamily": "DejaVu Sans Mono",
    "editor.cursorBlinking": "solid",
    "files.hotExit": "off",
    "files.autoSave": "off",  # code-server saves by itself
    "security.workspace.trust.startupPrompt": "never",
    "security.workspace.trust.banner": "never",
}


class Workbench:
    """One code-server with its own folders; `folder` holds what users would have on their disk."""

    def __init__(self, vsix: Path, *, trusted: bool = True, settings: dict[str, Any] | None = None) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="keras-lsp-vscode-")).resolve()
        self.folder = self.home / "models"
        self.folder.mkdir()
        self._trusted = trusted
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        for scope in ("User", "Machine"):  # of some scopes only the settings of the machine count
            file = self.home / "user" / scope / "settings.json"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps({**QUIET, **(settings or {})}), encoding="utf-8")
        _put(_installed(vsix), self.home / "extensions")

    def add_extension(self, folder: Path) -> None:
        """Installs an extension that is not packed."""
        manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        name, version = f"{manifest['publisher']}.{manifest['name']}", manifest["version"]
        target = self.home / "extensions" / f"{name}-{version}"
        shutil.copytree(folder, target)
        listed = self.home / "extensions" / "extensions.json"
        known = json.loads(listed.read_text(encoding="utf-8"))
        location = {"$mid": 1, "path": str(target), "scheme": "file"}
        entry = {"identifier": {"id": name}, "version": version, "location": location}
        known.append({**entry, "relativeLocation": target.name})
        listed.write_text(json.dumps(known), encoding="utf-8")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def remote(self, path: Path) -> str:
        return f"vscode-remote://{self.address}{quote(str(path))}"

    def url(self, opened: Path, payload: list[list[str]]) -> str:
        kind = "workspace" if opened.suffix == ".code-workspace" else "folder"
        return f"http://{self.address}/?{kind}={quote(str(opened))}&payload={quote(json.dumps(payload))}"

    def start(self, *options: str, **environment: str) -> None:
        trust = ["--disable-workspace-trust"] if self._trusted else []
        self._process = subprocess.Popen(
            [*_command(self.home), "--auth", "none", "--bind-addr", self.address, "--disable-telemetry",
             "--disable-update-check", "--disable-getting-started-override", "--disable-proxy",
             "--reconnection-grace-time", "5", *trust, *options],
            env={**_environment(self.home), **environment},
            stdout=(self.home / "code-server.log").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        atexit.register(self.stop)
        deadline = monotonic() + 60
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{self.address}/healthz"):
                return
            if monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError((self.home / "code-server.log").read_text(encoding="utf-8"))
            sleep(0.1)

    def serving(self) -> list[str]:
        """Command lines of language servers and workers that run below this workbench."""
        assert self._process is not None
        commands = [read(Path(f"/proc/{pid}/cmdline")) for pid in descendants(self._process.pid)]
        return [command for command in commands if "keras_lsp" in command or "server.py" in command]

    def left_behind(self, seconds: float) -> str:
        """What still runs after that time without a window; "" as soon as nothing does."""
        deadline = monotonic() + seconds
        while left := self.serving():
            if monotonic() > deadline:
                return "\n".join(left)
            sleep(0.2)
        return ""

    def stop(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)


@functools.cache
def _installed(vsix: Path) -> Path:
    """Where VS Code itself has installed the package: two thousand files, so once for all workbenches."""
    home = Path(tempfile.mkdtemp(prefix="keras-lsp-vscode-installed-")).resolve()
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    done = subprocess.run(
        [*_command(home), "--install-extension", str(vsix), "--force"],
        env=_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "extensions"


def _put(installed: Path, target: Path) -> None:
    shutil.copytree(installed, target, copy_function=os.link)
    listed = target / "extensions.json"  # names places
    text = listed.read_text(encoding="utf-8").replace(str(installed), str(target))
    listed.unlink()
    listed.write_text(text, encoding="utf-8")


def _command(home: Path) -> list[str]:
    return [
        str(node()), str(CODE_SERVER / "out" / "node" / "entry.js"),
        "--config", str(home / "config.yaml"),
        "--user-data-dir", str(home / "user"), "--extensions-dir", str(home / "extensions"),
    ]  # fmt: skip


def _environment(home: Path) -> dict[str, str]:
    private = {
        f"XDG_{name}_HOME": str(home / "xdg" / name.lower()) for name in ("CONFIG", "DATA", "CACHE", "STATE")
    }
    return {**os.environ, **private, "EXTENSIONS_GALLERY": "{}"}


@contextlib.contextmanager
def browser_page(scale: float = 1.5) -> Iterator[Page]:
    """A page of a real browser. Two browsers at once are too much for a small machine, so others wait."""
    program = chromium()
    lock = os.environ.get(
        "KERAS_LSP_BROWSER_LOCK", str(Path(tempfile.gettempdir()) / "keras-lsp-browser.lock")
    )
    with Path(lock).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=BROWSER_OPTIONS)
            try:
                page = browser.new_page(
                    viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=scale
                )
                page.set_default_timeout(60_000)
                yield page
            finally:
                browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
