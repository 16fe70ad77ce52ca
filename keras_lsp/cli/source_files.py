"""Which files a command line names: Python files and notebooks as they are, and those below folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keras_lsp.cli.notebook_file import SUFFIX
from keras_lsp.session.project import files_below

if TYPE_CHECKING:
    from collections.abc import Iterable


def source_files(paths: Iterable[str]) -> list[Path]:
    """Absolute, each once, in order. Raises FileNotFoundError with the first path that is not there.

    Below a folder, hidden folders, environments and folders of packages are left out.
    """
    found: dict[Path, None] = {}
    for path in paths:
        given = Path(path).absolute()
        if given.is_dir():
            found.update(dict.fromkeys(map(Path, files_below(str(given), (".py", SUFFIX)))))
        elif given.is_file():
            found[given] = None
        else:
            raise FileNotFoundError(path)
    return sorted(found)
