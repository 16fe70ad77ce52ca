"""Files on disk as documents: Python text as it is, notebooks as their Python cells.

https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from keras_lsp.text.document import Document
from keras_lsp.text.magics import python_of
from keras_lsp.text.notebook import CellMap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".ipynb"


class UnreadableNotebookError(Exception):
    """The message says why."""


def document_of(file: Path) -> Document:
    """Raises OSError, and UnreadableNotebookError for what only seems to be a notebook."""
    text = file.read_text(encoding="utf-8", errors="replace")
    uri, path = file.as_uri(), str(file)
    if file.suffix != SUFFIX:
        return Document(uri, None, text, path)
    cells = cells_of(text)
    documents = (Document(f"{uri}#cell{name}", None, cell) for name, cell in cells.items())
    joined = CellMap(tuple(documents), tuple(cells))
    return Document(uri, None, joined.text, path, joined)


def python_text(path: str, text: str | None) -> str | None:
    """What of a file's text is Python."""
    if text is None or not path.endswith(SUFFIX):
        return text
    try:
        return "\n".join(map(python_of, cells_of(text).values()))
    except UnreadableNotebookError:
        return text


def cells_of(text: str) -> dict[int, str]:
    """The Python cells of a notebook by their numbers, which count all cells from 1.

    Raises UnreadableNotebookError.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebookError(f"it is no JSON: {error}") from None
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise UnreadableNotebookError("it has no cells as notebooks of format 4 have them")
    return dict(_python_cells(data))


def _python_cells(data: dict[str, Any]) -> Iterator[tuple[int, str]]:
    language = _language(data)
    for number, cell in enumerate(data["cells"], 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        # VS Code keeps the language of a cell that is not written in that of the notebook.
        own = _inner(_inner(cell, "metadata"), "vscode").get("languageId", language)
        source = cell.get("source", "")
        lines = source if isinstance(source, list) else [source]
        if own == "python":
            yield number, "".join(line for line in lines if isinstance(line, str))


def _language(data: dict[str, Any]) -> object:
    metadata = _inner(data, "metadata")
    named = _inner(metadata, "language_info").get("name") or _inner(metadata, "kernelspec").get("language")
    return named or "python"


def _inner(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}
