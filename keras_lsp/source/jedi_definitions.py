"""Asks jedi which file of an installed package defines a name.

Jedi is imported when the first such name is looked for; it reads files and runs none.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from keras_lsp.source.keras_names import canonical

if TYPE_CHECKING:
    from keras_lsp.source.jedi_resolver import ImportedName, JediResolver


@dataclass(frozen=True)
class Definition:
    name: str
    full_name: str  # canonical for a class of Keras
    path: str | None  # of a class
    file: str | None  # of whatever it is


class JediDefinitions:
    """Asks jedi, each question once: installed packages seldom change."""

    def __init__(self) -> None:
        self._known: dict[object, Definition | None] = {}
        self._environment: Any = None

    def definition(self, resolver: JediResolver, name: ImportedName) -> Definition | None:
        place = _beside(resolver.path)
        key = (place, resolver.root, resolver.packages, name)
        if key not in self._known:
            self._known[key] = self._ask(place, resolver, name)
        return self._known[key]

    def _ask(self, place: str | None, resolver: JediResolver, name: ImportedName) -> Definition | None:
        # Costs 0.1 s and memory, and many sessions never need it.
        import jedi  # type: ignore[import-untyped]  # noqa: PLC0415  # has no type hints

        statement = f"from {name[0]} import {name[1]}"
        root = resolver.root or resolver.packages[0]
        try:
            # Our own Python runs jedi's helper process: the user's runs in the worker only.
            self._environment = self._environment or jedi.create_environment(sys.executable, safe=False)
            project = jedi.Project(root, sys_path=resolver.packages)
            script = jedi.Script(statement, path=place, project=project, environment=self._environment)
            # Followed to the end; or, where that ends at a package that is not installed here, one step.
            names = script.goto(1, len(statement), follow_imports=True) or script.goto(1, len(statement))
        except Exception:  # noqa: BLE001  # jedi raises many kinds on odd code; the name stays unknown
            return None
        if not names:
            return None
        full_name = canonical(names[0].full_name or "")
        file = str(names[0].module_path) if names[0].module_path else None
        return Definition(names[0].name, full_name, file if names[0].type == "class" else None, file)


def _beside(path: str | None) -> str | None:
    """A place in the same package. Not `path` itself: jedi would take our statement for that file's text."""
    return str(PurePath(path).with_name("__keras_lsp_names__.py")) if path else None
