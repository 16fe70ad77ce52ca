"""Classes of other files: which documents wait for a look-up, and what the last one found."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from keras_lsp.session.build_queue import BuildQueue
from keras_lsp.source.jedi_names import JediNames
from keras_lsp.source.jedi_resolver import JediResolver
from keras_lsp.source.resolve import needs_others, split_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keras_lsp.session.open_document import OpenDocument
    from keras_lsp.session.surroundings import Surroundings
    from keras_lsp.source.facts import Elsewhere


class OtherFiles:
    """Looks names up beside the loop, after a quiet time; `learned(key)` hears when facts changed by it.

    A document keeps what is known until a look-up says otherwise, so nothing blinks while others are edited.
    """

    def __init__(
        self,
        documents: Mapping[str, OpenDocument],
        surroundings: Surroundings,
        learned: Callable[[str], None],
    ) -> None:
        self._documents = documents
        self._around = surroundings
        self._learned = learned
        self._texts: dict[str, str] = {}  # path -> text of an open document; the thread reads it
        self._resolvers: dict[str, JediResolver] = {}
        self._names = JediNames(self._read)
        self._queue = BuildQueue(self._look_up, _stay_unknown)

    def text_changed(self, key: str) -> None:
        """A document was opened or edited."""
        document = self._documents[key].document
        if document.path is not None:
            self._texts[document.path] = document.text
        self._want(key)

    def closed(self, key: str, path: str | None) -> None:
        self._queue.drop(key)
        self._resolvers.pop(key, None)
        if path is not None:
            self._texts.pop(path, None)

    def others_changed(self, *, but: str | None = None) -> None:
        """What `but`, or something beside the documents, says may be what others import."""
        for key in self._documents:
            if key != but:
                self._want(key)

    def may_have_changed(self, key: str) -> None:
        """A file that a document imports is another one on disk."""
        self._want(key)

    def stand_still(self) -> None:
        """No file changes while this session lasts."""
        self._names.stand_still()

    def forget(self) -> None:
        """Packages may have changed."""
        self._names.forget()
        self.others_changed()

    async def place_of(self, key: str, name: str, method: str = "") -> Elsewhere | None:
        """Where the packages of a document's environment define what a dotted name means.

        With `method` that one of the class, where it has it itself.
        """
        entry = self._documents[key]
        packages = self._around.packages_of(entry.found.command) if entry.found else ()
        resolver = JediResolver(entry.document.path, self._around.root_of(entry.path), packages)
        return await asyncio.wrap_future(self._names.place_of(resolver, *split_name(name), method))

    def is_busy(self, key: str) -> bool:
        return self._queue.is_busy(key)

    async def idle(self, key: str) -> None:
        """Returns when no look-up is due for a document."""
        await self._queue.idle(key)

    async def close(self) -> None:
        await self._queue.close()
        self._names.close()

    def _want(self, key: str) -> None:
        entry = self._documents[key]
        if needs_others(entry.parsed.text):
            self._queue.want(key, self._around.settings.idle_seconds if key in self._resolvers else 0.0)
        else:
            self._queue.drop(key)
            if self._resolvers.pop(key, None) is not None:
                entry.learn(None)

    async def _look_up(self, key: str) -> None:
        """Afresh each time: any file may have changed. Cancelled when the document changes or closes."""
        entry, old = self._documents[key], self._resolvers.get(key)
        packages = self._around.packages_of(entry.found.command) if entry.found else ()
        new = JediResolver(entry.document.path, self._around.root_of(entry.path), packages)
        await asyncio.wrap_future(self._names.look_up(new, entry.parsed))
        self._resolvers[key] = new
        changed = new.knows_anything if old is None else not new.knows_the_same(old)
        if changed:
            entry.learn(new if new.knows_anything else None)
            self._learned(key)

    def _read(self, path: str) -> str | None:
        text = self._texts.get(path)
        return text if text is not None else self._around.saved_text(path)


def _stay_unknown(key: str, error: BaseException) -> None:
    """The queue has logged it; the document keeps what is known."""
