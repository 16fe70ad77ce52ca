"""A notebook in a test client, as VS Code keeps one: cells with uris and versions of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.protocol.client import position

if TYPE_CHECKING:
    from tests.protocol.client import Client, Json, Message

# What VS Code 1.139 offers beside the usual; it asks for no dynamic registration of this.
CAPABILITIES: Message = {
    "synchronization": {"dynamicRegistration": True, "executionSummarySupport": True},
}
MARKUP, CODE = 1, 2


class Notebook:
    """`texts` are the cells as the user sees them, by uri."""

    def __init__(self, client: Client, uri: str, *cells: str | tuple[int, str, str]) -> None:
        """A cell is its Python text, or its kind, language and text."""
        self.client = client
        self.uri = uri
        self.version = 0
        self.texts: dict[str, str] = {}
        self.kinds: dict[str, tuple[int, str]] = {}  # kind and language, by uri
        self._versions: dict[str, int] = {}
        self._count = 0
        made = [self._make(cell) for cell in cells]
        self.order: list[str] = [cell["document"] for cell, _ in made]
        client.notify(
            "notebookDocument/didOpen",
            {
                "notebookDocument": {
                    "uri": uri,
                    "notebookType": "jupyter-notebook",
                    "version": 0,
                    "metadata": {"metadata": {"kernelspec": {"name": "python3"}}},
                    "cells": [cell for cell, _ in made],
                },
                "cellTextDocuments": [document for _, document in made],
            },
        )

    def __getitem__(self, number: int) -> str:
        """The uri of a cell."""
        return self.order[number]

    def at(self, number: int, text: str, behind: int = 0) -> Message:
        """TextDocumentPositionParams for where `text` begins in a cell, or so many characters behind."""
        cell = self.texts[self[number]]
        assert text in cell
        return self.client.place(self[number], cell, cell.index(text) + behind)

    def edit(self, number: int, text: str) -> None:
        """A cell gets another text: told as VS Code does, as a change of a range."""
        uri = self[number]
        old, self.texts[uri] = self.texts[uri], text
        self._versions[uri] += 1
        start = {"line": 0, "character": 0}
        whole = {"start": start, "end": position(old, len(old), self.client.encoding)}
        self.change(uri, {"range": whole, "rangeLength": len(old), "text": text})

    def change(self, uri: str, *changes: Message) -> None:
        """As they are; what they come to is left to the caller."""
        document = {"uri": uri, "version": self._versions.get(uri, 0)}
        self.tell({"textContent": [{"document": document, "changes": list(changes)}]})

    def replace(self, start: int, count: int, *cells: str | tuple[int, str, str]) -> None:
        """Cells are put in and taken away."""
        gone = self.order[start : start + count]
        made = [self._make(cell) for cell in cells]
        self.order[start : start + count] = [cell["document"] for cell, _ in made]
        array = {"start": start, "deleteCount": count, "cells": [cell for cell, _ in made]}
        structure = {
            "array": array,
            "didOpen": [document for _, document in made],
            "didClose": [{"uri": uri} for uri in gone],
        }
        self.tell({"structure": structure})

    def move(self, number: int, to: int) -> None:
        """One cell, which stays open: VS Code tells of all cells from the first that changes its place on."""
        self.order.insert(to, self.order.pop(number))
        first, last = min(number, to), max(number, to) + 1
        cells = [{"kind": self.kinds[uri][0], "document": uri} for uri in self.order[first:last]]
        self.tell({"structure": {"array": {"start": first, "deleteCount": last - first, "cells": cells}}})

    def close(self) -> None:
        closed = [{"uri": uri} for uri in self.order]
        params = {"notebookDocument": {"uri": self.uri}, "cellTextDocuments": closed}
        self.client.notify("notebookDocument/didClose", params)

    async def ask(self, method: str, number: int, **params: Json) -> Json:
        """A request about a cell as a whole."""
        return await self.client.request(method, {"textDocument": {"uri": self[number]}, **params})

    def whole(self, number: int) -> Message:
        """The range of a cell."""
        text = self.texts[self[number]]
        return {
            "start": {"line": 0, "character": 0},
            "end": position(text, len(text), self.client.encoding),
        }

    def _make(self, cell: str | tuple[int, str, str]) -> tuple[Message, Message]:
        kind, language, text = (CODE, "python", cell) if isinstance(cell, str) else cell
        uri = f"{self.uri.replace('file:', 'vscode-notebook-cell:')}#W{self._count}sZmlsZQ%3D%3D"
        self._count += 1
        self.texts[uri], self.kinds[uri], self._versions[uri] = text, (kind, language), 1
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        return {"kind": kind, "document": uri, "metadata": {}}, document

    def tell(self, cells: Message) -> None:
        """A NotebookDocumentCellChanges, as it is."""
        self.version += 1
        self.client.notify(
            "notebookDocument/didChange",
            {
                "notebookDocument": {"uri": self.uri, "version": self.version},
                "change": {"cells": cells},
            },
        )
