"""Serving one client, from its first byte to the last. Importing this is cheap."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING

from keras_lsp.lsp import transport
from keras_lsp.lsp.handshake import answer_initialize
from keras_lsp.lsp.rpc import Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.lsp.transport import Connection
    from keras_lsp.sandbox.pool import BuilderSource

CLOSE_SECONDS = 5.0  # longest wait for workers to end

logger = logging.getLogger(__name__)


def serve(
    stdio: bool, tcp: tuple[str, int] | None, trusted: bool | None, builders: BuilderSource | None = None
) -> int:
    """Serve one client until it leaves. The exit code: 0 after a proper shutdown, else 1.

    `trusted` counts where the client says nothing. Without `tcp` the standard streams are used.
    `builders` defaults to real workers, none of which starts before it is needed.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # it logs whole messages; we log what matters
    connecting = transport.stdio() if stdio or tcp is None else transport.tcp(*tcp)
    try:
        return asyncio.run(_serve(connecting, bool(trusted), builders))
    except KeyboardInterrupt:
        return 1


async def _serve(connecting: Awaitable[Connection], trusted: bool, builders: BuilderSource | None) -> int:
    connection = await connecting
    transport.end_on_signals(connection)
    params = await answer_initialize(connection)
    if params is None:
        return 1
    server = _make_server(connection, trusted, builders)
    server.protocol.adopt(params)
    try:
        await _pass_on(connection, server)
    finally:
        try:
            await asyncio.wait_for(server.close("the client is gone"), CLOSE_SECONDS)
        except asyncio.TimeoutError:
            logger.exception("workers did not end in %s seconds", CLOSE_SECONDS)
    return 0 if server.protocol.stage is Stage.SHUT_DOWN else 1


def _make_server(
    connection: Connection, trusted: bool, builders: BuilderSource | None
) -> KerasLanguageServer:
    gc.disable()  # half a thousand classes are about to be made, and all of them stay
    # These imports take half a second, which the client does not have to wait for.
    from keras_lsp.lsp.lifecycle import is_strict  # noqa: PLC0415 - see above
    from keras_lsp.lsp.wiring import make_server  # noqa: PLC0415 - see above
    from keras_lsp.sandbox.pool import WorkerPool  # noqa: PLC0415 - see above

    server = make_server(builders or WorkerPool(), connection, trusted=trusted, strict=is_strict())
    gc.freeze()
    gc.enable()
    return server


async def _pass_on(connection: Connection, server: KerasLanguageServer) -> None:
    """Hand each message to the protocol, until the client is gone or the connection is to end."""
    while not connection.ended and (body := await transport.read_body(connection.reader)) is not None:
        try:
            server.protocol.receive(body)
        except Exception:  # a bug of ours must not cost the user the server
            logger.exception("a message could not be handled")
        await asyncio.sleep(0)  # a request reads its snapshot before the next message changes anything
