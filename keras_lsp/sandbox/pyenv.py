"""From a pyenv shim to the interpreter it stands for, the way pyenv chooses it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.sandbox.machine import Machine


def resolve_shim(interpreter: Path, folders: Iterable[Path], machine: Machine) -> Path | None:
    """The interpreter behind `interpreter`; itself when it is no shim; None when pyenv would find none.

    A shim asks pyenv anew at each start, from the working folder and variables it finds then. A worker
    has others than the user, so the choice is made here, once. `folders`: where a `.python-version` file
    may be, nearest first.
    """
    root = Path(machine.environ.get("PYENV_ROOT") or machine.home / ".pyenv")
    if interpreter.parent.name != "shims" or interpreter.parent.parent not in (root, root.resolve()):
        return interpreter
    for wanted in _wanted_versions(root, folders, machine):
        if wanted == "system":
            return machine.which(interpreter.name, without=interpreter.parent)
        installed = _installed(root, wanted)
        python = machine.python_in(installed) if installed else None
        if python is not None:
            return python
    return None


def _wanted_versions(root: Path, folders: Iterable[Path], machine: Machine) -> list[str]:
    chosen = machine.environ.get("PYENV_VERSION", "").split(":")
    if any(chosen):
        return chosen
    for file in (*(folder / ".python-version" for folder in folders), root / "version"):
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").split()
        except OSError:
            continue
        if lines:
            return lines
    return ["system"]


def _installed(root: Path, wanted: str) -> Path | None:
    """`3.11.7` as it stands, or the newest installed patch release of `3.11`."""
    if (
        Path(wanted).name != wanted or wanted == os.pardir
    ):  # a `.python-version` of the folder's must not lead elsewhere
        return None
    exact = root / "versions" / wanted
    if exact.is_dir():
        return exact
    matching = [path for path in (root / "versions").glob(f"{wanted}.*") if path.is_dir()]
    return max(matching, key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)], default=None)
