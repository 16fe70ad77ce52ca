"""Sockets of the tests that attempts would reach: were they let, they would succeed."""

from __future__ import annotations

import contextlib
import select
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Names(NamedTuple):
    """As the fields of a scene."""

    tcp: int
    udp: int
    socket: str
    abstract: str


class Listeners:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="escape-sockets-")
        Path(self._folder.name).chmod(0o755)
        path = str(Path(self._folder.name) / "socket")
        abstract = Path(self._folder.name).name
        stream, tcp = socket.socket(socket.AF_UNIX), socket.socket()
        unix, nameless = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sockets = (stream, tcp, unix, nameless, udp)
        for one in (tcp, udp):
            one.bind(("127.0.0.1", 0))
        unix.bind(path)
        stream.bind(path + ".stream")
        nameless.bind("\0" + abstract)
        for one in (stream, tcp):
            one.listen(100)
        for name in (path, path + ".stream"):
            Path(name).chmod(0o777)
        self._closed = threading.Event()
        self._hearing = threading.Thread(target=self._hear)
        self._hearing.start()
        self.names = Names(tcp.getsockname()[1], udp.getsockname()[1], path, abstract)

    def _hear(self) -> None:
        """Take what comes, so that there is always room for more."""
        while not self._closed.is_set():
            for one in select.select(self._sockets, [], [], 0.1)[0]:
                if one.type == socket.SOCK_DGRAM:
                    one.recv(100)
                else:
                    # Who connected may have hung up already.
                    with one.accept()[0] as connection, contextlib.suppress(OSError):
                        connection.send(b"HTTP/1.0 204 \r\n\r\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._hearing.join()
        for one in self._sockets:
            one.close()
        self._folder.cleanup()
