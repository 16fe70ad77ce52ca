"""The warm process where it can fork: a confined child for each replay, and itself never an operation run."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import shutil
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, Dict, Optional

from ..wire import (
    CancelRequest,
    CatalogueRequest,
    ReplayEnded,
    ReplayRequest,
    WireError,
    decode,
    tagged,
    untag,
    write_frame,
)
from . import child, forking
from .running import Running

if TYPE_CHECKING:
    from ..confine.workspace import Readable
    from ..lines.symbolic import KerasLine
    from ..wire import Request
    from .confinement import Confinement
    from .inbox import Inbox

POLL_SECONDS = 0.05


class Zygote:
    def __init__(self, line: KerasLine, inbox: Inbox, output: BinaryIO, confinement: Confinement) -> None:
        self.line = line
        self.inbox = inbox
        self.output = output
        self.confinement = confinement
        self.running: Dict[int, Running] = {}
        self.fit = True

    def serve(self) -> int:
        """Run until the requests end, or until forking is no longer safe. Returns the exit status."""
        gc.freeze()  # objects made so far stay on pages shared with the children
        gc.enable()
        while self.fit:
            pipes = [running.pipe for running in self.running.values() if running.open]
            timeout = POLL_SECONDS if self.running else None
            ready, _, _ = select.select([self.inbox.descriptor, *pipes], [], [], timeout)
            if self.inbox.descriptor in ready and not self._read_requests():
                break
            for running in list(self.running.values()):
                self._attend(running, running.pipe in ready)
        for running in list(self.running.values()):
            self._forget(running)
        return 0

    def _read_requests(self) -> bool:
        messages = self.inbox.read()
        for message in messages or ():
            self._handle(message)
        return messages is not None

    def _handle(self, message: Dict[str, Any]) -> None:
        kind, payload = untag(message)
        if kind == "replay":
            self._start(decode(ReplayRequest, payload))
        elif kind == "catalogue":
            self._start(decode(CatalogueRequest, payload))
        elif kind == "cancel":
            running = self.running.get(decode(CancelRequest, payload).id)
            if running is not None:
                self._end(running, ReplayEnded.superseded(running.request.id))
        else:
            raise WireError(f"unknown message {kind!r}")

    def _start(self, request: Request) -> None:
        threads = forking.threads()
        if threads > forking.MOST_THREADS:
            self.fit = False
            reason = f"the warm process has {threads} threads, so its children could hang"
            write_frame(self.output, tagged("ended", ReplayEnded(request.id, reason, "unfit")))
            return
        readable = self.confinement.readable(request)
        try:
            self.running[request.id] = self._fork(request, readable)
        except OSError as error:
            write_frame(self.output, tagged("ended", ReplayEnded.not_begun(request.id, error)))

    def _fork(self, request: Request, readable: Readable) -> Running:
        """Raises OSError where the system has no room for another process, or for its folder."""
        with contextlib.ExitStack() as undone:
            temporary = tempfile.mkdtemp(prefix="keras-lsp-")
            undone.callback(shutil.rmtree, temporary, ignore_errors=True)
            bounds = child.Bounds(self.confinement, readable, temporary)
            read_end, write_end = os.pipe()
            undone.callback(os.close, read_end)
            parent = os.getpid()
            try:
                process = os.fork()
                if process == 0:
                    not_its = (read_end, self.inbox.descriptor, self.output.fileno())
                    child.run_forked(request, self.line, write_end, bounds, parent, not_its)
            finally:
                os.close(write_end)
            undone.pop_all()
        return Running(request, process, read_end, temporary)

    def _attend(self, running: Running, readable: bool) -> None:
        if readable:
            running.read()
        try:
            if running.complete():
                self._relay(running)
                return
        except WireError:
            ending: Optional[ReplayEnded] = ReplayEnded.garbled(running.request.id)
        else:
            ending = running.ending()
        if ending is not None:
            self._end(running, ending)

    def _relay(self, running: Running) -> None:
        """The report goes out as it came; the server checks it. Reaping comes after, it costs time."""
        self.output.write(running.data)
        self.output.flush()
        self._forget(running)

    def _end(self, running: Running, ending: ReplayEnded) -> None:
        self._forget(running)
        write_frame(self.output, tagged("ended", ending))

    def _forget(self, running: Running) -> None:
        """The one place where a replay's processes end."""
        self.running.pop(running.request.id, None)
        running.end()
