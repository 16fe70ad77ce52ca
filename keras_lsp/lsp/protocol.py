"""pygls's protocol with one more promise: every request gets exactly one response."""

from __future__ import annotations

import logging
from concurrent.futures import InvalidStateError
from typing import TYPE_CHECKING, Any

from cattrs import BaseValidationError
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol
from pygls.workspace import Workspace

from keras_lsp.lsp import lifecycle, rpc
from keras_lsp.lsp.handshake import position_encoding, rule_uri
from keras_lsp.lsp.rpc import Refusal, Stage

if TYPE_CHECKING:
    from cattrs import Converter

    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.lsp.rpc import Message

OWN_PREFIX = "kerasLsp/"  # our own messages: their params stay plain JSON

_TAKEN_OVER = (
    types.TEXT_DOCUMENT_DID_OPEN,  # pygls would keep a second, differently split copy of each text
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    types.WORKSPACE_EXECUTE_COMMAND,
)

logger = logging.getLogger(__name__)


class KerasProtocol(LanguageServerProtocol):
    """Refuses, with the proper error, what pygls would drop: unreadable, unknown, too late."""

    _server: KerasLanguageServer

    def __init__(self, server: KerasLanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.stage = Stage.NEW
        for method in _TAKEN_OVER:
            del self.fm.builtin_features[method]
        self.fm.builtin_features[types.SHUTDOWN] = self._shut_down
        self.fm.builtin_features[types.EXIT] = self._exit

    def adopt(self, message: Message) -> None:
        """Begin with the params of an `initialize` that has been answered already."""
        try:
            params = self._converter.structure(message, types.InitializeParams)
        except (BaseValidationError, TypeError, ValueError) as error:
            logger.warning("parts of initialize cannot be read, so none of it counts: %s", error)
            params = types.InitializeParams(capabilities=types.ClientCapabilities())
        self.client_capabilities = params.capabilities
        self._workspace = Workspace(
            params.root_uri,
            types.TextDocumentSyncKind.Full,
            params.workspace_folders,
            position_encoding(message),
        )
        self.stage = Stage.RUNNING
        lifecycle.initialize(self._server, params, rule_uri(message))

    def receive(self, body: bytes) -> None:
        """Handle the body of one frame, whatever it is."""
        message: object = None
        try:
            message = rpc.parse(body)
            self._pass_on(rpc.checked(message, self.stage))
        except Refusal as refusal:
            response = rpc.refused(message, refusal)
            if response is not None:
                self._send_data(response)

    def _pass_on(self, message: Message) -> None:
        if "method" not in message:
            self._receive_response(message)
            return
        call = self._read(message)
        if message["method"] == types.SHUTDOWN:
            self.stage = Stage.SHUT_DOWN
        self.handle_message(call)

    def _read(self, message: Message) -> Any:
        method = message["method"]
        known = method in self.fm.features or method in self.fm.builtin_features
        if not known and method != types.CANCEL_REQUEST:
            raise Refusal(rpc.METHOD_NOT_FOUND, f"no such method: {method}")
        if method.startswith(OWN_PREFIX):
            params = message.get("params")
            if "id" in message:
                return JsonRPCRequestMessage(message["id"], method, self.VERSION, params)
            return JsonRPCNotification(method, self.VERSION, params)
        try:
            return self.structure_message(message)
        except JsonRpcException:
            raise Refusal(rpc.INVALID_PARAMS, f"the params of {method} cannot be read") from None

    def _receive_response(self, message: Message) -> None:
        try:
            self.handle_message(self.structure_message(message))
        except (JsonRpcException, InvalidStateError):  # unreadable, or to what nobody waits for any more
            logger.debug("the client's response to %r is of no use", message["id"])

    async def _shut_down(self, _: object) -> None:
        await self._server.close("the client shut the server down")

    def _exit(self, _: object) -> None:
        self._server.connection.end()
