"""Which files of a workspace an import statement may mean."""

from __future__ import annotations

import functools
import os
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def files_of(module: str, path: str | None, root: str | None) -> Iterator[str]:
    """The files of the workspace that a module's name may mean, the likeliest first."""
    if path is None:
        return
    folders = folders_above(path)
    name = module.lstrip(".")
    level = len(module) - len(name)
    below = os.path.join(*name.split(".")) if name else ""  # noqa: PTH118  # a path is made ten times as fast
    for folder in folders[level - 1 : level] if level else starts_of(folders, root):
        target = os.path.join(folder, below) if below else folder  # noqa: PTH118
        yield os.path.join(target, "__init__.py")  # noqa: PTH118
        if below:
            yield f"{target}.py"


@functools.lru_cache(maxsize=1024)
def folders_above(path: str) -> tuple[str, ...]:
    return tuple(str(folder) for folder in PurePath(path).parents)


def starts_of(folders: Sequence[str], root: str | None) -> Sequence[str]:
    """Where absolute imports may begin: the file's folder and those above it, up to the root."""
    top = str(PurePath(root)) if root else None
    return folders[: folders.index(top) + 1] if top in folders else folders[:1]
