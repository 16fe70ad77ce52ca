"""Names of Keras that the file has not brought in yet: `Dense` typed alone, `layers.` without an import.

Where the file can spell the name already (`layers.Dense`), that is what is written; else an import is added,
in the file's own way to import Keras. Read from the text, since the line with the cursor often is not Python.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from keras_lsp.features.rebound import is_rebound
from keras_lsp.features.results import Completion, CompletionKind, TextEdit, Topic
from keras_lsp.knowledge.api import Kind
from keras_lsp.source.keras_names import canonical
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.keras_place import Place

# What programs name without more words; the rest of Keras is reached through its modules.
_MODULES = ("layers", "optimizers", "losses", "metrics", "callbacks", "regularizers", "initializers")
_OF_ROOT = ("Input", "Model", "Sequential")

_IMPORT = re.compile(
    r"^(?:from[ \t]+(?P<module>[\w.]+)[ \t]+)?import\b[ \t]*"
    r"(?P<names>\([^)]*\)|(?:[^\n;\\]|\\\r?\n)*)",
    re.MULTILINE,
)
_DEFINITION = re.compile(r"^(?:class|def|async|@)", re.MULTILINE)
_NAMES_HERE = re.compile(r"\b(?:def|class|import|from|as|for|lambda|global|nonlocal|del)[ \t]+[\w, \t]*\Z")
_OTHER_PART = re.compile(r"[.\d@]\Z")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_LAST_NAME = re.compile(r"\w(?=\W*\Z)")
_FULL = "keras"


class _Import(NamedTuple):
    """An import statement of the module body; `module` is "" for `import a, b`."""

    module: str
    names: str
    names_start: int
    end: int

    @property
    def dotted(self) -> list[str]:
        """What it imports, by full names."""
        if not self.module:
            return re.findall(r"[\w.]+", self.names)
        return [f"{self.module}.{name}" for name in re.findall(r"\w+", self.names)]


def complete_unimported(place: Place) -> tuple[Completion, ...]:
    """Classes of Keras that begin like the word that is typed, and are not in reach by that word."""
    if not _has_keras(place) or not place.typed or not _is_read(place):
        return ()
    typed, known = place.typed[0].lower(), _words(place)
    imports, local_names = _imports(place), _local_names(place)
    found = []
    for name in _candidates(place):
        module, _, label = name.rpartition(".")
        if label[0].lower() == typed and label not in known:
            written, edits = _spelling(place, imports, local_names, module, label)
            found.append(
                Completion(
                    label,
                    CompletionKind.CLASS,
                    place.word,
                    written,
                    edits[0].text.strip(", \r\n") if edits and "import" in edits[0].text else module,
                    sort=f"~{label.lower()}",
                    topic=Topic(name),
                    filter=label,
                    also=edits,
                )
            )
    return tuple(found)


def unimported_module(place: Place, dotted: str) -> tuple[str, tuple[TextEdit, ...]] | None:
    """The module of Keras that `layers` in `layers.De|` can only mean, and the edit that imports it."""
    facts = place.view.facts.keras
    entry = place.api.entry(f"{_FULL}.{dotted}")
    if (
        not _has_keras(place)
        or entry is None
        or entry.kind is not Kind.MODULE
        or entry.name != f"{_FULL}.{dotted}"
    ):
        return None
    if dotted in dict(facts.names) or is_rebound(place.view, dotted, place.offset):
        return None
    return entry.name, (_import_of(place, _imports(place), _FULL, dotted),)


def _has_keras(place: Place) -> bool:
    """Whether the file speaks of Keras, or imports the TensorFlow that it would do so with."""
    return place.view.facts.keras.used or place.view.facts.keras.prefix is not None


def _is_read(place: Place) -> bool:
    """Whether the word stands where a name is used, and is not given, nor part of a longer one."""
    before = place.mask[max(0, place.word.start - 300) : place.word.start]
    line = before[before.rfind("\n") + 1 :]
    return _NAMES_HERE.search(line) is None and _OTHER_PART.search(before.rstrip(" \t")) is None


def _words(place: Place) -> set[str]:
    """The words of the text that are no attributes, but for the one at the cursor."""
    mask, word = place.mask, place.word
    return {*_WORD.findall(mask, 0, word.start), *_WORD.findall(mask, word.end)}


def _candidates(place: Place) -> Iterator[str]:
    api = place.api
    yield from (f"{_FULL}.{name}" for name in _OF_ROOT)
    for module in _MODULES:
        for name in api.members(f"{_FULL}.{module}"):
            entry = api.entry(name)
            if entry is not None and entry.kind is Kind.CLASS and entry.name == name and not entry.deprecated:
                yield name


def _local_names(place: Place) -> dict[str, str]:
    """Module of Keras -> what the file calls it, at the cursor."""
    names = place.view.facts.keras.names
    found = {known: local for local, known in names if known.startswith(f"{_FULL}.")}
    return {known: local for known, local in found.items() if not is_rebound(place.view, local, place.offset)}


def _spelling(
    place: Place, imports: list[_Import], local_names: dict[str, str], module: str, label: str
) -> tuple[str, tuple[TextEdit, ...]]:
    """What to write for a name, and the import that takes."""
    keras = place.view.facts.keras
    if any(canonical(one.module) == module for one in imports if one.module):
        return label, (_import_of(place, imports, module, label),)
    if module in local_names:
        return f"{local_names[module]}.{label}", ()
    if keras.prefix:
        return f"{keras.prefix}{module.removeprefix(_FULL)}.{label}", ()
    return label, (_import_of(place, imports, module, label),)


def _import_of(place: Place, imports: list[_Import], module: str, name: str) -> TextEdit:
    """One more name for the statement that imports from that module, or a statement of its own."""
    for one in imports:
        last = _LAST_NAME.search(one.names)
        if one.module and canonical(one.module) == module and last is not None:
            end = one.names_start + last.end()
            return TextEdit(Span(end, end), f", {name}")
    statement = f"from {_root(place, imports)}{module.removeprefix(_FULL)} import {name}"
    return _new_statement(place, imports, statement)


def import_of_keras(place: Place) -> TextEdit | None:
    """`import keras`; None where the word at the cursor is where it would go."""
    edit = _new_statement(place, _imports(place), "import keras")
    return None if edit.span.touches(place.word.start) else edit


def _new_statement(place: Place, imports: list[_Import], statement: str) -> TextEdit:
    """Behind the last import of Keras, else behind the last import, else first of all code."""
    document = place.view.document
    lines, cells = document.lines, document.cells
    if cells is not None:  # an editor takes edits of the cell that it asked about, and of no other
        start = cells.joined(cells.number_at(place.offset) or 0, 0)
        return TextEdit(Span(start, start), f"{statement}{lines.ending}")
    before = ([one for one in imports if _of_keras(one)] or imports)[-1:]
    if before:
        end = lines.line_span(lines.line_of(before[0].end)).end
        return TextEdit(Span(end, end), f"{lines.ending}{statement}")
    first = re.search(r"\S", place.mask)
    start = lines.line_span(lines.line_of(first.start())).start if first else 0
    return TextEdit(Span(start, start), f"{statement}{lines.ending}{lines.ending}")


def _of_keras(one: _Import) -> bool:
    """Whether a statement imports Keras, or what has it."""
    return any(
        name.split(".")[0] in ("keras", "tensorflow", "tf_keras") for name in (one.module, *one.dotted)
    )


def _root(place: Place, imports: list[_Import]) -> str:
    """How the file's imports call Keras: `tensorflow.keras`, `keras`, `tf_keras`."""
    for one in imports:
        for name in one.dotted:
            for root in ("tensorflow.keras", "tf_keras", _FULL):
                if name == root or name.startswith(f"{root}."):
                    return root
    return "tensorflow.keras" if (place.view.facts.keras.prefix or "").endswith(".keras") else _FULL


def _imports(place: Place) -> list[_Import]:
    """The import statements of the module body before the cursor and before its classes and functions."""
    definition = _DEFINITION.search(place.mask)
    end = min(place.offset, definition.start() if definition else place.offset)
    return [
        _Import(found["module"] or "", found["names"], found.start("names"), found.end())
        for found in _IMPORT.finditer(place.mask, 0, end)
        if found.end() < place.word.start
    ]
