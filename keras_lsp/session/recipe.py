"""What a replay of a document is made of: its own text, those of other open documents, and input shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.session.fingerprint import imported_files, recipe_fingerprint
from keras_lsp.worker.wire import ReplayRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.open_document import OpenDocument
    from keras_lsp.session.surroundings import Surroundings

_STATEMENT_SECONDS = 3.0
_STATEMENT_SHARE = 0.3  # of the time of a replay, where that is longer


def fingerprint_of(entry: OpenDocument, documents: Iterable[OpenDocument], surroundings: Surroundings) -> str:
    others = _by_path(entry, documents)
    imported = _closure(entry, others, surroundings) if others else {}
    hints = _input_hints(entry, surroundings)
    # Classes may be known later than the text, and files that are not open may change beside it.
    code = " ".join((entry.facts.fingerprint, str(entry.disk.changes), *entry.class_names))
    return recipe_fingerprint(code, imported, entry.found, hints)


def files_of(
    entry: OpenDocument, documents: Iterable[OpenDocument], surroundings: Surroundings
) -> frozenset[str]:
    """Files of the workspace, open or not, that decide what a document means: those that it may import,
    whether they exist or not, and those that its last replay read. What is open counts as it is open."""
    read = (path for path in entry.files_read if surroundings.root_of(path) is not None)
    return frozenset((*_imports(entry, surroundings), *read)) - _by_path(entry, documents).keys()


def request_for(
    entry: OpenDocument, documents: Iterable[OpenDocument], surroundings: Surroundings
) -> ReplayRequest:
    """Broken statements of each text are blanked: what can run is replayed while the user types."""
    cells = entry.document.cells
    place, settings = surroundings.place_of(entry.path), surroundings.settings
    others = _by_path(entry, documents)
    return ReplayRequest(
        id=0,  # the worker's process counts its own
        path=entry.path,
        text=entry.parsed.text,
        module_name="__main__",
        package=place.package,
        roots=tuple(dict.fromkeys((place.folder, *surroundings.roots))),
        overlays={path: other.parsed.text for path, other in others.items()},
        classes=entry.class_names,
        input_hints=_input_hints(entry, surroundings),
        cells=cells.starts if cells else (),
        cell_names=cells.names if cells else (),
        wall_seconds=settings.replay_seconds,
        statement_seconds=_statement_seconds(settings.replay_seconds),
        memory_bytes=settings.memory_bytes,
    )


def _input_hints(entry: OpenDocument, surroundings: Surroundings) -> dict[str, str]:
    """What a comment in the text itself pins counts more than any setting."""
    return surroundings.input_hints(entry.path, entry.class_names) | entry.facts.input_shapes


def _by_path(entry: OpenDocument, documents: Iterable[OpenDocument]) -> dict[str, OpenDocument]:
    """The other open documents that are files and can be imported."""
    return {other.document.path: other for other in documents if other is not entry and other.document.path}


def _closure(
    entry: OpenDocument, others: dict[str, OpenDocument], surroundings: Surroundings
) -> dict[str, str]:
    """Of `others` those that `entry` imports, directly or through each other, with their fingerprints."""
    found: dict[str, str] = {}
    todo = [entry]
    while todo:
        for path in (_imports(todo.pop(), surroundings) & others.keys()) - found.keys():
            found[path] = others[path].facts.fingerprint
            todo.append(others[path])
    return found


def _imports(entry: OpenDocument, surroundings: Surroundings) -> frozenset[str]:
    if entry.imports is None:
        place = surroundings.place_of(entry.path)
        entry.imports = imported_files(entry.module.imports, entry.path, place, surroundings.roots)
    return entry.imports


def _statement_seconds(replay_seconds: float) -> float:
    return max(min(_STATEMENT_SECONDS, replay_seconds), _STATEMENT_SHARE * replay_seconds)
