"""Notebooks as the client sees them: cells of any kind. The session gets the Python ones, as one text."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lsprotocol import types

from keras_lsp.lsp import from_lsp
from keras_lsp.lsp.sync import changed
from keras_lsp.text.document import Document
from keras_lsp.text.notebook import CellMap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.text.line_index import Encoding

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Notebook:
    """What the client told of one: all its cells, since places in their order count."""

    version: int
    cells: list[types.NotebookCell]
    texts: dict[str, Document] = field(default_factory=dict)  # by the uri of the cell
    languages: dict[str, str] = field(default_factory=dict)

    def opened(self, documents: Iterable[types.TextDocumentItem]) -> None:
        for document in documents:
            self.texts[document.uri] = Document(document.uri, document.version, document.text)
            self.languages[document.uri] = document.language_id

    def change(self, event: types.NotebookDocumentChangeEvent, encoding: Encoding) -> None:
        if event.cells is None:
            return
        if event.cells.structure is not None:
            array = event.cells.structure.array
            self.cells[array.start : array.start + array.delete_count] = array.cells or ()
            for gone in event.cells.structure.did_close or ():
                self.texts.pop(gone.uri, None)
            self.opened(event.cells.structure.did_open or ())
        told = {cell.document: cell for cell in event.cells.data or ()}
        self.cells = [told.get(cell.document, cell) for cell in self.cells]
        for content in event.cells.text_content or ():
            old = self.texts.get(content.document.uri)
            if old is None:
                logger.warning("a change of a cell that is not open: %s", content.document.uri)
                continue
            text = changed(old.text, content.changes, encoding)
            self.texts[old.key] = replace(old, version=content.document.version, text=text)

    def document(self, uri: str) -> Document:
        """As the session knows it."""
        python = [
            (text, name)
            for name, cell in enumerate(self.cells, 1)
            if cell.kind == types.NotebookCellKind.Code
            and (text := self.texts.get(cell.document)) is not None
            and self.languages[text.key] == "python"
        ]
        cells = CellMap(tuple(text for text, _ in python), tuple(name for _, name in python))
        return Document(uri, self.version, cells.text, from_lsp.path(uri), cells)


def did_open(ls: KerasLanguageServer, params: types.DidOpenNotebookDocumentParams) -> None:
    opened = params.notebook_document
    notebook = ls.notebooks[opened.uri] = Notebook(opened.version, list(opened.cells))
    notebook.opened(params.cell_text_documents)
    ls.session.open(notebook.document(opened.uri))


def did_change(ls: KerasLanguageServer, params: types.DidChangeNotebookDocumentParams) -> None:
    uri = params.notebook_document.uri
    notebook = ls.notebooks.get(uri)
    if notebook is None:
        logger.warning("a change of a notebook that is not open: %s", uri)
        return
    notebook.version = params.notebook_document.version
    notebook.change(params.change, ls.client.encoding)
    ls.session.change(notebook.document(uri))


def did_save(_ls: KerasLanguageServer, _params: types.DidSaveNotebookDocumentParams) -> None:
    """The unsaved text counts anyway."""


def did_close(ls: KerasLanguageServer, params: types.DidCloseNotebookDocumentParams) -> None:
    uri = params.notebook_document.uri
    ls.notebooks.pop(uri, None)
    ls.session.close(uri)
    ls.publisher.closed(uri)
