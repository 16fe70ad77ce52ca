"""`completionItem/resolve`: the documentation of the one item that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.keras_docs import documentation
from keras_lsp.features.results import Topic
from keras_lsp.lsp import to_lsp

if TYPE_CHECKING:
    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer


def answer(ls: KerasLanguageServer, item: types.CompletionItem) -> types.CompletionItem:
    """The item as it came where it is none of ours, or its document is closed by now."""
    snapshot = ls.session.snapshot()
    data = item.data if isinstance(item.data, dict) else {}
    uri, name, parameter = (str(data.get(key, "")) for key in ("uri", "name", "parameter"))
    if name and item.documentation is None:
        found = documentation(snapshot, uri, Topic(name, parameter))
        item.documentation = to_lsp.completion_documentation(found, ls.client)
    return item
