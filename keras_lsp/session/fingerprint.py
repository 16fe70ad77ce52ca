"""When two replays would see the same: one hash over all that a replay depends on."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from keras_lsp.session.project import ModulePlace
    from keras_lsp.session.snapshot import EnvironmentFacts


def recipe_fingerprint(
    code: str,
    imported: Mapping[str, str],
    environment: EnvironmentFacts | None,
    input_hints: Mapping[str, str],
) -> str:
    """`code` and the values of `imported` (by path) are fingerprints of syntax trees."""
    versions = environment and (
        environment.command,
        environment.keras_line,
        environment.keras_version,
        environment.tensorflow_version,
        environment.tf_keras_version,
    )
    parts = [code, sorted(imported.items()), versions, sorted(input_hints.items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def imported_files(tree: ast.Module, path: str, place: ModulePlace, roots: Iterable[str]) -> frozenset[str]:
    """Every file that an import in the module at `path` may mean, whether it exists or not."""
    bases = [PurePath(place.folder), *(PurePath(root) for root in roots)]
    found: set[str] = set()
    for level, name in _imports(tree):
        starts = [PurePath(path).parents[level - 1]] if 0 < level <= len(PurePath(path).parents) else bases
        parts = name.split(".") if name else []
        for start in starts:
            for count in range(len(parts) + 1):
                target = start.joinpath(*parts[:count])
                found.add(str(target / "__init__.py"))
                if count:
                    found.add(f"{target}.py")
    return frozenset(found - {path})


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Level and dotted name of each import; what is imported from a package may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.level, ".".join(filter(None, (node.module, alias.name)))
