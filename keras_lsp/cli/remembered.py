"""What checks of earlier runs found, where nothing has changed that could make them find something else."""

from __future__ import annotations

import hashlib
import json
import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

import keras_lsp
from keras_lsp.cli.checked import Checked, checked_from
from keras_lsp.cli.notebook_file import python_text
from keras_lsp.session.fingerprint import imported_files
from keras_lsp.session.project import ProjectFiles
from keras_lsp.source.parse import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.sandbox.catalogue_store import CatalogueStore

# A program that looks at other files may find something else there the next time. It sees the workspace
# only, so where nothing in that has changed, nothing has.
_READS_FILES = re.compile(
    r"\b(open|read_\w+|load\w*|glob|iglob|listdir|scandir|walk|iterdir|exists|is_file|from_file|genfromtxt)\("
)
_MOST_FILES = 50_000


class Remembered:
    """`circumstances`: all that a check depends on beside texts, such as the environment and settings."""

    def __init__(self, store: CatalogueStore, roots: Sequence[str], circumstances: object) -> None:
        self._store = store
        self._roots = tuple(roots)
        self._circumstances = json.dumps([keras_lsp.__version__, circumstances], default=str, sort_keys=True)
        self._files = ProjectFiles()
        self._imports: dict[str, tuple[str | None, frozenset[str]]] = {}  # path -> text, what it may import

    def recall(self, path: str) -> Checked | None:
        name = self._name(path)
        data = self._store.load(name) if name else None
        if not isinstance(data, dict):
            return None
        try:
            return checked_from(data)
        except (KeyError, TypeError, ValueError):
            return None

    def keep(self, checked: Checked) -> None:
        """Only what is final: where a replay did not come to its end, the next may."""
        name = self._name(checked.path) if not checked.reason else None
        if name:
            self._store.save(name, checked.data())

    def _name(self, path: str) -> str | None:
        """Of the file that keeps it; None where the texts do not say all."""
        digest = hashlib.sha256(self._circumstances.encode())
        seen, waiting = {path}, [path]
        while waiting:
            current = waiting.pop()
            text, imports = self._read(current)
            if text is None:
                continue
            if _READS_FILES.search(text):
                if self._workspace is None:
                    return None
                digest.update(self._workspace)
            digest.update(f"\0{current}\0{text}".encode("utf-8", "surrogatepass"))
            new = sorted(imports - seen)
            seen.update(new)
            waiting += new
        return f"check-{digest.hexdigest()}.json.gz"

    @cached_property
    def _workspace(self) -> bytes | None:
        """What tells whether any file in the workspace has changed; None where there are too many."""
        digest, count = hashlib.sha256(), 0
        for root in self._roots:
            for folder, below, files in os.walk(root):
                below[:] = sorted(name for name in below if _may_be_read(folder, name))
                count += len(below) + len(files)
                if count > _MOST_FILES:
                    return None
                for name in sorted(files):
                    path = os.path.join(folder, name)  # noqa: PTH118  # many
                    try:
                        status = os.stat(path)  # noqa: PTH116
                    except OSError:
                        continue
                    digest.update(
                        f"\0{path}\0{status.st_size}\0{status.st_mtime_ns}".encode("utf-8", "replace")
                    )
        return digest.digest()

    def _read(self, path: str) -> tuple[str | None, frozenset[str]]:
        known = self._imports.get(path)
        if known is None:
            text = python_text(path, self._files.text_of(path))
            imports: frozenset[str] = frozenset()
            if text is not None:
                place = self._files.place_of(path)
                imports = imported_files(parse(text).tree, path, place, self._roots)
            known = self._imports[path] = (text, imports)
        return known


def _may_be_read(folder: str, name: str) -> bool:
    """Whether a replay sees what is in there, and it is no environment, whose stamp counts anyway."""
    hidden = name.startswith(".") or name == "__pycache__"
    return not hidden and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))  # noqa: PTH110, PTH118
