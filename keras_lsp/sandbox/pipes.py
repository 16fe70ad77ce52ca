"""A child process and its three pipes under asyncio: frames out and in, stderr kept to its last part."""

from __future__ import annotations

import asyncio
import contextlib
import io
import signal
from typing import TYPE_CHECKING, Any, cast

from keras_lsp.worker import wire

if TYPE_CHECKING:
    from collections.abc import Sequence

STDERR_KEPT = 8 * 1024  # bytes
_INLINE = 64 * 1024  # bytes; larger frames are parsed in a thread, so that the server keeps answering


class Child(asyncio.SubprocessProtocol):
    """Made by `spawn`. Reading frames raises IncompleteReadError at the end and WireError for nonsense."""

    def __init__(self) -> None:
        self._frames = asyncio.StreamReader()
        self._stderr = bytearray()
        self._exited = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None

    @property
    def transport(self) -> asyncio.SubprocessTransport:
        if self._transport is None:
            raise RuntimeError("the child has not been started")
        return self._transport

    @property
    def pid(self) -> int:
        return self.transport.get_pid()

    def stderr_tail(self) -> str:
        return self._stderr.decode("utf-8", "replace")

    async def read_frame(self) -> tuple[str, Any]:
        """Kind and payload of the next message."""
        length = wire.frame_length(await self._frames.readexactly(4))
        body = await self._frames.readexactly(length)
        parse = wire.parse_body
        return wire.untag(parse(body) if length <= _INLINE else await asyncio.to_thread(parse, body))

    def send(self, message: dict[str, Any]) -> None:
        """Never waits: at most one request and its cancellation are under way, both of capped size."""
        frame = io.BytesIO()
        wire.write_frame(frame, message)
        self._stdin().write(frame.getvalue())

    def close_input(self) -> None:
        self._stdin().close()

    def close(self) -> None:
        """Lets go of the pipes, also those that some other process still holds."""
        self.transport.close()

    async def ended_within(self, seconds: float) -> bool:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._exited.wait(), seconds)
        return self._exited.is_set()

    async def ended(self) -> None:
        await self._exited.wait()

    def how_it_ended(self) -> str:
        """Exit code or signal, and the last line it wrote to stderr."""
        code = self.transport.get_returncode()
        lines = [line.strip() for line in self.stderr_tail().splitlines() if line.strip()]
        return f"{_exit_in_words(code)}: {lines[-1][:200]}" if lines else _exit_in_words(code)

    def _stdin(self) -> asyncio.WriteTransport:
        return cast("asyncio.WriteTransport", self.transport.get_pipe_transport(0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        stdout = self._transport.get_pipe_transport(1)
        if stdout is not None:
            self._frames.set_transport(stdout)  # so that a flood is held back, not kept

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._frames.feed_data(data)
        else:
            self._stderr += data
            del self._stderr[:-STDERR_KEPT]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's own
        if fd == 1:
            self._frames.feed_eof()

    def process_exited(self) -> None:
        self._exited.set()


def _exit_in_words(code: int | None) -> str:
    if code is None:
        return "it closed its pipes"
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"


async def spawn(command: Sequence[str], options: dict[str, Any]) -> Child:
    """Starts a program with pipes of its own for stdin, stdout and stderr. Raises OSError."""
    _, child = await asyncio.get_running_loop().subprocess_exec(Child, *command, **options)
    return child
