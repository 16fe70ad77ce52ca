"""What a project's files on disk say about a document: the one loader of the session.

`[tool.keras-lsp]` in pyproject.toml may hold `input-shapes = {MyModel = "(None, 32)"}`, `hints = false`, and
which rules speak: `select`, `ignore`, `severity`, `per-file-ignores`.
It never chooses an interpreter: a folder that was only opened must not start programs of its choice.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from keras_lsp.session.rule_table import rules_from
from keras_lsp.session.settings import RuleSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS_FILE = "pyproject.toml"
_MOST_BYTES = 1 << 20
_NAMES = frozenset({"input-shapes", "hints", "select", "ignore", "severity", "per-file-ignores"})


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    input_shapes: dict[str, str] = field(default_factory=dict)
    hints: bool | None = None  # None: not said
    rules: RuleSettings = field(default_factory=RuleSettings)
    problems: tuple[str, ...] = ()  # what of the file has no effect, and why


@dataclass(frozen=True, slots=True)
class ModulePlace:
    """Where a module is imported from: `package` is "" for a script, `folder` goes on sys.path."""

    package: str
    folder: str


Stamp = tuple[int, int, int] | None  # differs when a file does: inode, time of change, size; None without one


_NOT_OURS = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "build", "dist"})


def files_below(folder: str, endings: tuple[str, ...] = (".py",)) -> Iterator[str]:
    """Source files in order, without hidden folders, environments and folders of packages."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_wanted(Path(parent, name)))
        yield from (str(Path(parent, name)) for name in sorted(files) if name.endswith(endings))


def _is_wanted(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _NOT_OURS
    return not hidden and not (folder / "pyvenv.cfg").exists()


class ProjectLoader(Protocol):
    def settings_of(self, root: str) -> ProjectSettings: ...

    def place_of(self, path: str) -> ModulePlace: ...

    def text_of(self, path: str) -> str | None: ...

    def stamp_of(self, path: str) -> Stamp: ...

    def packages_of(self, command: tuple[str, ...]) -> tuple[str, ...]: ...

    def files_below(self, folder: str) -> Iterator[str]: ...


class ProjectFiles:
    """Reads the disk. Never raises: what cannot be read says nothing."""

    def settings_of(self, root: str) -> ProjectSettings:
        file = Path(root) / SETTINGS_FILE
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ProjectSettings()
        except (OSError, ValueError) as error:
            return ProjectSettings(problems=(f"{file} could not be read: {error}",))
        tool = data.get("tool")
        table = tool.get("keras-lsp") if isinstance(tool, dict) else None
        if not isinstance(table, dict):
            return ProjectSettings()
        shapes, hints = table.get("input-shapes", {}), table.get("hints")
        rules, problems = rules_from(table, RuleSettings(), "per-file-ignores")
        problems += tuple(f"there is no setting {name!r}" for name in table if name not in _NAMES)
        if not isinstance(shapes, dict) or not all(isinstance(shape, str) for shape in shapes.values()):
            problems += ("setting 'input-shapes' takes a table from class name to shape",)
        if not isinstance(hints, bool | None):
            problems += ("setting 'hints' is ignored: it takes true or false",)
        return ProjectSettings(
            {name: shape for name, shape in shapes.items() if isinstance(shape, str)}
            if isinstance(shapes, dict)
            else {},
            hints if isinstance(hints, bool) else None,
            rules,
            tuple(f"{file}: {problem}" for problem in problems),
        )

    def place_of(self, path: str) -> ModulePlace:
        folder = Path(path).parent
        parts: list[str] = []
        while (folder / "__init__.py").is_file() and folder.parent != folder:
            parts.insert(0, folder.name)
            folder = folder.parent
        return ModulePlace(".".join(parts), str(folder))

    def text_of(self, path: str) -> str | None:
        """A source file as it is saved; None when there is none, or one too big to be read by anybody."""
        file = Path(path)
        try:
            if not file.is_file() or file.stat().st_size > _MOST_BYTES:
                return None
            return file.read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError):
            return None

    def stamp_of(self, path: str) -> Stamp:
        try:
            status = Path(path).stat()
        except (OSError, ValueError):
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def files_below(self, folder: str) -> Iterator[str]:
        return files_below(folder)

    def packages_of(self, command: tuple[str, ...]) -> tuple[str, ...]:
        """Where the packages of an interpreter are installed; () behind a launcher, where nobody knows."""
        python = Path(command[0])
        if len(command) != 1 or not python.is_absolute():
            return ()
        prefix = python.parent.parent
        folders = (prefix / "Lib" / "site-packages", *sorted(prefix.glob("lib*/python3*/*-packages")))
        return tuple(dict.fromkeys(str(folder.resolve()) for folder in folders if folder.is_dir()))
