"""Files that change outside of the editor, or in another of its windows: who says so, and when we look.

A client that can watch files is asked to. Under others we look when something is saved, and when something is
asked, at most every few seconds: nothing runs while nobody does anything.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from keras_lsp.lsp.connection import KerasLanguageServer

SECONDS_BETWEEN = 2.0

_PATTERNS = ("**/*.py", "**/pyproject.toml", "**/*.{h5,hdf5,keras}")


class Lookout:
    def __init__(self) -> None:
        self._last = float("-inf")  # of the loop's clock

    def asked(self, ls: KerasLanguageServer) -> None:
        """Something is asked, so somebody is there; they get an answer first, and it may be followed."""
        now = asyncio.get_running_loop().time()
        if not ls.client.watches_files and now - self._last >= SECONDS_BETWEEN:
            self._last = now
            asyncio.get_running_loop().call_soon(ls.session.look_around)


def registration() -> types.Registration:
    """What a client that watches files is to tell us of."""
    return types.Registration(
        id="files",
        method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        register_options=types.DidChangeWatchedFilesRegistrationOptions(
            [types.FileSystemWatcher(pattern) for pattern in _PATTERNS]
        ),
    )


def did_change(
    ls: KerasLanguageServer, params: types.DidChangeWatchedFilesParams | types.DidSaveTextDocumentParams
) -> None:
    """A file was changed or saved. Which ones matter is known from what the open documents read."""
    if isinstance(params, types.DidChangeWatchedFilesParams):
        ls.workspace_check.changed(change.uri for change in params.changes)
    ls.session.look_around()
