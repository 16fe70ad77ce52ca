"""What holds for all documents: settings, workspace folders, and what the folders' own files add."""

from __future__ import annotations

import dataclasses
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING

from keras_lsp.session.project import SETTINGS_FILE, ProjectSettings
from keras_lsp.session.settings import RuleSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.project import ModulePlace, ProjectLoader, Stamp
    from keras_lsp.session.settings import Settings

_NOTHING_SAID = ProjectSettings()


class Surroundings:
    """For input shapes the user's word of this session counts most, then settings, then the files."""

    def __init__(self, loader: ProjectLoader, settings: Settings) -> None:
        self.settings = settings
        self.roots: tuple[str, ...] = ()
        self.shapes: dict[str, str] = {}  # said by the user in this session
        self._loader = loader
        self._projects: dict[str, ProjectSettings] = {}
        self._stamp: tuple[Stamp, ...] = ()  # of the files that these are from

    def reload(self) -> None:
        """Reads the folders' files again."""
        self._stamp = self._settings_stamp()
        self._projects = {root: self._loader.settings_of(root) for root in self.roots}

    def place_of(self, path: str) -> ModulePlace:
        return self._loader.place_of(path)

    def saved_text(self, path: str) -> str | None:
        """What is on disk. May be called from another thread."""
        return self._loader.text_of(path)

    def files(self) -> Iterator[str]:
        """The source files of all folders. May be called from another thread."""
        return chain.from_iterable(map(self._loader.files_below, self.roots))

    def stamp_of(self, path: str) -> Stamp:
        """Equal for a file that has not changed on disk."""
        return self._loader.stamp_of(path)

    def settings_changed(self) -> bool:
        """Whether the folders' own files of settings are others than those that were read."""
        return self._settings_stamp() != self._stamp

    def _settings_stamp(self) -> tuple[Stamp, ...]:
        return tuple(self._loader.stamp_of(str(PurePath(root) / SETTINGS_FILE)) for root in self.roots)

    def packages_of(self, command: tuple[str, ...]) -> tuple[str, ...]:
        return self._loader.packages_of(command)

    def root_of(self, path: str) -> str | None:
        """The innermost workspace folder that holds a file."""
        parents = PurePath(path).parents
        return max((root for root in self.roots if PurePath(root) in parents), key=len, default=None)

    def input_hints(self, path: str, class_names: Iterable[str]) -> dict[str, str]:
        """Class name -> input shape for a document; of nested folders the innermost counts."""
        parents = PurePath(path).parents
        shapes = self._shapes(root for root in self.roots if PurePath(root) in parents)
        return {name: shapes[name] for name in class_names if name in shapes}

    @property
    def problems(self) -> tuple[str, ...]:
        """What of the folders' files has no effect, and why."""
        return tuple(p for root in self.roots for p in self._project(root).problems)

    def rules_of(self, path: str | None) -> RuleSettings:
        """What holds for a file: the user's own selection before that of its folder, both ignored lists."""
        own, root = self.settings.rules, self.root_of(path) if path else None
        folder = self._project(root).rules if root else RuleSettings()
        patterns = (*folder.per_file_ignores.items(), *own.per_file_ignores.items())
        here = PurePath(path).relative_to(root).as_posix() if path and root else path or ""
        by_file = (names for pattern, names in patterns if fnmatchcase(here, pattern))
        return RuleSettings(
            select=folder.select if own.select is None else own.select,
            ignore=(*folder.ignore, *own.ignore, *chain.from_iterable(by_file)),
            severity=folder.severity | own.severity,
        )

    def effective_settings(self) -> Settings:
        unwanted = any(project.hints is False for project in self._projects.values())
        return dataclasses.replace(
            self.settings,
            hints=self.settings.hints and not unwanted,
            input_shapes=self._shapes(self.roots),
        )

    def _shapes(self, roots: Iterable[str]) -> dict[str, str]:
        shapes: dict[str, str] = {}
        for root in sorted(roots, key=len):
            shapes |= self._project(root).input_shapes
        return shapes | self.settings.input_shapes | self.shapes

    def _project(self, root: str) -> ProjectSettings:
        return self._projects.get(root, _NOTHING_SAID)
