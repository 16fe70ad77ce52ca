"""Frames in and out: `Content-Length` headers over the standard streams or one TCP connection."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BODY = 256 << 20
LAST_SECONDS = 20.0  # for an orderly end, which has shorter limits of its own

_CHUNK = 1 << 16
_HEADER_END = b"\r\n\r\n"
# Not only where a line begins: behind a body that was longer than its length said, the next header begins
# somewhere in a line, and would be lost, as would all that come after it.
_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)

logger = logging.getLogger(__name__)


class Writer(Protocol):
    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


@dataclass
class Connection:
    """One client. `local`: it runs on this machine, so its process id means something here."""

    reader: asyncio.StreamReader
    writer: Writer
    local: bool
    hang_up: Callable[[], None]  # makes the reader end
    ended: bool = False

    def end(self) -> None:
        """No further message is read, and whoever waits for one sees the end of the stream."""
        if not self.ended:
            self.ended = True
            self.hang_up()


async def read_body(reader: asyncio.StreamReader) -> bytes | None:
    """The next frame's body; None at the end. Headers without a usable length are skipped."""
    while True:
        try:
            header = await reader.readuntil(_HEADER_END)
            length = _LENGTH.search(header)
            if length is None or int(length[1]) > MAX_BODY:
                logger.warning("skipped a header without a usable Content-Length")
                continue
            return await reader.readexactly(int(length[1]))
        except asyncio.LimitOverrunError as error:
            await reader.readexactly(error.consumed)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None


class PipeWriter:
    """Writes to a file descriptor. That nobody reads any more is told `on_gone`, not raised."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.on_gone: Callable[[], None] = lambda: None

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            self.on_gone()

    def close(self) -> None:
        os.close(self._descriptor)


async def stdio() -> Connection:
    incoming, outgoing = _claim_standard_streams()
    reader = asyncio.StreamReader()
    writer = PipeWriter(outgoing)
    connection = Connection(reader, writer, local=True, hang_up=reader.feed_eof)
    writer.on_gone = connection.end

    def feed(data: bytes) -> None:
        if data and not connection.ended:
            reader.feed_data(data)
        elif not data:
            reader.feed_eof()

    loop = asyncio.get_running_loop()

    def pump() -> None:
        _pump(incoming, feed, loop)
        _end_for_sure()

    # A thread, since not every platform can wait for a pipe; it also keeps reading while we write.
    threading.Thread(target=pump, name="stdin", daemon=True).start()
    return connection


async def tcp(host: str, port: int) -> Connection:
    """The first client that connects; port 0 takes a free one. The address goes to stderr."""
    connected: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if connected.done():
            writer.close()
        else:
            connected.set_result(Connection(reader, writer, local=False, hang_up=writer.close))

    server = await asyncio.start_server(accept, host, port)
    for listening in server.sockets:
        sys.stderr.write("keras-lsp listens on {}:{}\n".format(*listening.getsockname()[:2]))
    sys.stderr.flush()
    connection = await connected
    server.close()
    return connection


def end_on_signals(connection: Connection) -> None:
    """SIGTERM and Ctrl-C close the connection in an orderly way, where the platform lets us."""
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError):
            asyncio.get_running_loop().add_signal_handler(number, connection.end)


def _pump(descriptor: int, feed: Callable[[bytes], None], loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody reads any more
        with contextlib.suppress(OSError):
            while chunk := os.read(descriptor, _CHUNK):
                loop.call_soon_threadsafe(feed, chunk)
        loop.call_soon_threadsafe(feed, b"")


def _end_for_sure() -> None:
    """The client is gone, and this process was there for it alone: nothing may keep it, whatever it does."""
    threading.Event().wait(LAST_SECONDS)
    logger.error("still busy %s seconds after the client has gone", LAST_SECONDS)
    os._exit(1)


def _claim_standard_streams() -> tuple[int, int]:
    """Private descriptors for the protocol; whatever else prints or reads then hits stderr or nothing."""
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # started without stderr
        os.dup2(nothing, 1)
    os.close(nothing)
    sys.stdout = sys.stderr
    if os.name == "posix":
        os.set_blocking(incoming, True)
        os.set_blocking(outgoing, True)
    return incoming, outgoing
