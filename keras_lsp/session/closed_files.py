"""What the texts of files say that nobody has open: read beside the loop, once for each state of a file."""

from __future__ import annotations

import asyncio
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING

from keras_lsp.session.snapshot import DocumentView
from keras_lsp.source.extract import extract, may_concern_us
from keras_lsp.source.parse import ParsedModule
from keras_lsp.text.document import Document

if TYPE_CHECKING:
    from collections.abc import Collection

    from keras_lsp.session.project import Stamp
    from keras_lsp.session.surroundings import Surroundings

MOST_FILES = 5_000
PATIENCE_SECONDS = 1.0
_NOTHING = ParsedModule("")  # trees of a thousand files would be most of what a server holds


class ClosedFiles:
    """Names of other files are not followed here: that takes far longer than to read."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._known: dict[str, tuple[Stamp, DocumentView | None]] = {}  # by path; None: no models there
        self._reading: asyncio.Task[None] | None = None
        self._ended = False

    async def views(self, opened: Collection[str | None]) -> dict[str, DocumentView]:
        """By uri, of the files in the folders that have models; without those whose paths are `opened`.

        Of a large folder those that have been read so far: who goes on asking gets the rest.
        """
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(asyncio.to_thread(self._read))
        await asyncio.wait({self._reading}, timeout=PATIENCE_SECONDS)
        return {
            view.document.key: view
            for path, (_, view) in tuple(self._known.items())
            if view is not None and path not in opened
        }

    async def close(self) -> None:
        self._ended = True
        if self._reading is not None:
            await self._reading

    def _read(self) -> None:
        seen = set()
        for path in islice(self._around.files(), MOST_FILES):
            if self._ended:
                return
            stamp = self._around.stamp_of(path)
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                self._known[path] = (stamp, self._view(path))
            seen.add(path)
        for path in self._known.keys() - seen:
            del self._known[path]

    def _view(self, path: str) -> DocumentView | None:
        text = self._around.saved_text(path)
        if text is None or not may_concern_us(text):
            return None
        facts = extract(text)
        if not facts.classes and not facts.bindings:
            return None
        return DocumentView(Document(PurePath(path).as_uri(), None, text, path), facts, _NOTHING)
