"""Which files a command line names: Python files and notebooks as they are, and those below folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keras_lsp.cli.notebook_file import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NOT_OURS = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "build", "dist"})


def source_files(paths: Iterable[str]) -> list[Path]:
    """Absolute, each once, in order. Raises FileNotFoundError with the first path that is not there.

    Below a folder, hidden folders, environments and folders of packages are left out.
    """
    found: dict[Path, None] = {}
    for path in paths:
        given = Path(path).absolute()
        if given.is_dir():
            found.update(dict.fromkeys(_below(given)))
        elif given.is_file():
            found[given] = None
        else:
            raise FileNotFoundError(path)
    return sorted(found)


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if _is_wanted(Path(parent, name))]
        yield from (Path(parent, name) for name in files if name.endswith((".py", SUFFIX)))


def _is_wanted(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _NOT_OURS
    return not hidden and not (folder / "pyvenv.cfg").exists()
