"""Edits that come right behind each other: read once, as what they end in, unless somebody asks before."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_lsp.session.session import Session
    from keras_lsp.text.document import Document

TOGETHER_SECONDS = 0.005  # no hand types as fast; a macro, or a client that catches up, does


class Edits:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._unread: dict[str, list[Document]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def newest(self, key: str) -> Document | None:
        """A document as it is after all edits; None for one that is not open."""
        if key in self._unread:
            return self._unread[key][-1]
        view = self._session.snapshot().view(key)
        return view.document if view is not None else None

    def add(self, document: Document) -> None:
        self._unread.setdefault(document.key, []).append(document)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self.read)

    def read(self) -> None:
        """The session learns of all of them. Whatever else the client says counts behind them."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        unread, self._unread = self._unread, {}
        for *through, document in unread.values():
            self._session.change(document, through=through)
