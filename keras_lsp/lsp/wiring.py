"""The language server, put together: which message goes where."""

from __future__ import annotations

import inspect
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from keras_lsp.lsp import lifecycle, lookout, notebooks, pull, sync
from keras_lsp.lsp.connection import KerasLanguageServer
from keras_lsp.lsp.requests import (
    code_action,
    code_lens,
    completion,
    completion_resolve,
    definition,
    document_link,
    document_symbol,
    execute_command,
    folding_range,
    hover,
    inlay_hint,
    model,
    references,
    rename,
    signature_help,
    workspace_symbol,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from keras_lsp.lsp.transport import Connection
    from keras_lsp.sandbox.pool import BuilderSource

    Handler = Callable[[KerasLanguageServer, Any], Any]

REQUESTS: dict[str, Handler] = {
    types.TEXT_DOCUMENT_HOVER: hover.answer,
    types.TEXT_DOCUMENT_COMPLETION: completion.answer,
    types.COMPLETION_ITEM_RESOLVE: completion_resolve.answer,
    types.TEXT_DOCUMENT_SIGNATURE_HELP: signature_help.answer,
    types.TEXT_DOCUMENT_INLAY_HINT: inlay_hint.answer,
    types.INLAY_HINT_RESOLVE: inlay_hint.resolve,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: document_symbol.answer,
    types.TEXT_DOCUMENT_DEFINITION: definition.answer,
    types.TEXT_DOCUMENT_DECLARATION: definition.answer,
    types.TEXT_DOCUMENT_IMPLEMENTATION: definition.answer_implementation,
    types.TEXT_DOCUMENT_TYPE_DEFINITION: definition.answer_type,
    types.TEXT_DOCUMENT_REFERENCES: references.answer,
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: references.highlight,
    types.TEXT_DOCUMENT_PREPARE_RENAME: rename.answer_prepare,
    types.TEXT_DOCUMENT_RENAME: rename.answer,
    types.TEXT_DOCUMENT_CODE_LENS: code_lens.answer,
    types.TEXT_DOCUMENT_FOLDING_RANGE: folding_range.answer,
    types.TEXT_DOCUMENT_DOCUMENT_LINK: document_link.answer,
    types.WORKSPACE_SYMBOL: workspace_symbol.answer,
    types.TEXT_DOCUMENT_DIAGNOSTIC: pull.answer,
    types.TEXT_DOCUMENT_CODE_ACTION: code_action.answer,
    types.WORKSPACE_EXECUTE_COMMAND: execute_command.answer,
    "kerasLsp/model": model.answer,
    "kerasLsp/modelAt": model.answer_at,
}

# They change state at once, in the order in which they come.
NOTIFICATIONS: dict[str, Handler] = {
    types.INITIALIZED: lifecycle.initialized,
    types.TEXT_DOCUMENT_DID_OPEN: sync.did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: sync.did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: sync.did_close,
    types.TEXT_DOCUMENT_DID_SAVE: lookout.did_change,
    types.NOTEBOOK_DOCUMENT_DID_OPEN: notebooks.did_open,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE: notebooks.did_change,
    types.NOTEBOOK_DOCUMENT_DID_SAVE: notebooks.did_save,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE: notebooks.did_close,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: lookout.did_change,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: lifecycle.did_change_configuration,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: lifecycle.did_change_folders,
    "kerasLsp/trust": lifecycle.trust,
}

logger = logging.getLogger(__name__)


def make_server(
    builders: BuilderSource, connection: Connection, *, trusted: bool, strict: bool
) -> KerasLanguageServer:
    """A server for a client whose `initialize` has been answered; its protocol is to `adopt` that."""
    server = KerasLanguageServer(builders, connection, trusted=trusted)
    for method, answer in REQUESTS.items():
        server.feature(method)(guarded(method, partial(_answered, server, answer), strict=strict))
    for method, handle in NOTIFICATIONS.items():
        server.feature(method)(handle if handle is sync.did_change else partial(_noted, server, handle))
    return server


def _noted(server: KerasLanguageServer, handle: Handler, params: Any) -> None:
    server.edits.read()
    handle(server, params)


def _answered(server: KerasLanguageServer, answer: Handler, params: Any) -> Any:
    server.edits.read()
    server.lookout.asked(server)
    return answer(server, params)


def guarded(
    method: str, answer: Callable[[Any], Any], *, strict: bool
) -> Callable[[Any], Coroutine[Any, Any, Any]]:
    """Answers with nothing when a feature fails, since that is our bug; `strict`: with an error."""

    async def handle(params: Any) -> Any:
        try:
            result = answer(params)
            return await result if inspect.isawaitable(result) else result
        except JsonRpcException:
            raise
        except Exception:
            logger.exception("%s failed: %s", method, params)
            if strict:
                raise
            return None

    return handle
