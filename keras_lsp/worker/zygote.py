"""The warm process: imports Keras once, then forks a confined child for each replay.

It never runs an operation: a process that ran one eagerly has threads, and a child forked from it may
hang in a lock that a thread held. Where there is no fork it replays once in its own process and ends; the
server starts a fresh one.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any, BinaryIO, Dict, List, Optional

from . import child, limits
from .report import pack
from .warm import warm
from .wire import (
    PROTOCOL_VERSION,
    CancelRequest,
    Hello,
    ReplayEnded,
    ReplayRequest,
    StartFailed,
    WireError,
    decode,
    frame_length,
    parse_body,
    tagged,
    untag,
    write_frame,
)

if TYPE_CHECKING:
    from .symbolic import KerasLine

CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"  # macOS frameworks do not survive a fork
POLL_SECONDS = 0.05
PARENT_VARIABLE = "KERAS_LSP_PARENT"


def serve(requests: int, reports: int) -> int:
    """Run until the requests end. Returns the exit status."""
    os.set_inheritable(requests, False)
    os.set_inheritable(reports, False)
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if parent.isdigit():
        limits.die_with_parent(int(parent))
    output = io.FileIO(reports, "wb", closefd=False)
    start = time.perf_counter()
    try:
        line = warm(os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true"))
    except BaseException as error:  # noqa: BLE001 - a broken installation may raise anything, even SystemExit
        write_frame(io.BufferedWriter(output), tagged("start_failed", _start_failure(error)))
        return 1
    zygote = Zygote(line, requests, io.BufferedWriter(output))
    zygote.hello(time.perf_counter() - start)
    return zygote.loop()


def _start_failure(error: BaseException) -> StartFailed:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return StartFailed(f"`{error.name}` is not installed in this environment", error.name)
    return StartFailed(f"importing Keras raised {type(error).__name__}: {str(error)[:500]}")


class Zygote:
    def __init__(self, line: KerasLine, requests: int, output: BinaryIO) -> None:
        self.line = line
        self.requests = requests
        self.output = output
        self.running: Dict[int, Running] = {}
        self.buffer = b""
        gc.collect()
        if hasattr(gc, "freeze"):
            gc.freeze()  # objects made so far stay on shared pages in the children

    def hello(self, seconds: float) -> None:
        versions = self.line.versions()
        confinement = ("own session", "resource limits", "no writes, network or programs from Python code")
        hello = Hello(
            protocol=PROTOCOL_VERSION,
            python=versions.python,
            keras=versions.keras,
            keras_line=versions.keras_line,
            backend=versions.backend,
            tensorflow=versions.tensorflow,
            fork=CAN_FORK,
            import_seconds=seconds,
            confinement=confinement if CAN_FORK else confinement[2:],
        )
        write_frame(self.output, tagged("hello", hello))

    def loop(self) -> int:
        if not CAN_FORK:
            return self._single_use()
        while True:
            watched = [self.requests, *(running.pipe for running in self.running.values())]
            ready, _, _ = select.select(watched, [], [], POLL_SECONDS if self.running else None)
            if self.requests in ready and not self._read_requests():
                self._end_all()
                return 0
            for running in list(self.running.values()):
                self._serve_child(running, running.pipe in ready)

    # -- requests

    def _read_requests(self) -> bool:
        chunk = os.read(self.requests, 1 << 20)
        if not chunk:
            return False
        self.buffer += chunk
        for message in self._messages():
            self._handle(message)
        return True

    def _messages(self) -> List[Dict[str, Any]]:
        messages = []
        while len(self.buffer) >= 4:
            length = frame_length(self.buffer[:4])
            if len(self.buffer) < 4 + length:
                break
            messages.append(parse_body(self.buffer[4 : 4 + length]))
            self.buffer = self.buffer[4 + length :]
        return messages

    def _handle(self, message: Dict[str, Any]) -> None:
        kind, payload = untag(message)
        if kind == "replay":
            self._start(decode(ReplayRequest, payload))
        elif kind == "cancel":
            running = self.running.get(decode(CancelRequest, payload).id)
            if running is not None:
                self._end(running, "cancelled", "stopped for a newer text")
        else:
            raise WireError(f"unknown message {kind!r}")

    # -- children

    def _start(self, request: ReplayRequest) -> None:
        temporary = tempfile.mkdtemp(prefix="keras-lsp-")
        read_end, write_end = os.pipe()
        parent = os.getpid()
        process = os.fork()
        if process == 0:
            os.close(read_end)
            os.close(self.requests)
            child.run(request, self.line, write_end, temporary, parent)
        os.close(write_end)
        self.running[request.id] = Running(request, process, read_end, temporary)

    def _serve_child(self, running: Running, readable: bool) -> None:
        if readable and running.read():
            if running.complete():
                self._relay(running)
            return
        if running.ended():
            self._end(running, *running.how_it_ended())
        elif time.monotonic() > running.deadline:
            seconds = running.request.wall_seconds
            self._end(running, "deadline", f"took longer than {seconds:g} s and was stopped")

    def _relay(self, running: Running) -> None:
        """The report goes out as it came; the server checks it. Reaping comes after, it costs time."""
        self.output.write(running.data)
        self.output.flush()
        self._forget(running)

    def _end(self, running: Running, kind: str, reason: str) -> None:
        ended = ReplayEnded(running.request.id, reason, kind)
        self._forget(running)
        write_frame(self.output, tagged("ended", ended))

    def _end_all(self) -> None:
        for running in list(self.running.values()):
            self._forget(running)

    def _forget(self, running: Running) -> None:
        """The one place where a replay's processes end."""
        self.running.pop(running.request.id, None)
        running.kill()
        shutil.rmtree(running.temporary, ignore_errors=True)

    # -- without fork

    def _single_use(self) -> int:
        while True:
            if not self._read_single():
                return 0

    def _read_single(self) -> bool:
        chunk = os.read(self.requests, 1 << 20)
        if not chunk:
            return False
        self.buffer += chunk
        for message in self._messages():
            kind, payload = untag(message)
            if kind == "replay":
                request = decode(ReplayRequest, payload)
                temporary = tempfile.mkdtemp(prefix="keras-lsp-")
                report = child.replay_here(request, self.line, temporary)
                write_frame(self.output, tagged("report", {"id": request.id, "report": pack(report)}))
                return False
        return True


class Running:
    """One replay's child and what it has said so far."""

    def __init__(self, request: ReplayRequest, process: int, pipe: int, temporary: str) -> None:
        self.request = request
        self.process = process
        self.pipe = pipe
        self.temporary = temporary
        self.deadline = time.monotonic() + request.wall_seconds
        self.data = b""
        self.status: Optional[int] = None

    def read(self) -> bool:
        """Take what the child wrote; False when it has closed its end."""
        chunk = os.read(self.pipe, 1 << 20)
        self.data += chunk
        return bool(chunk)

    def complete(self) -> bool:
        return len(self.data) >= 4 and len(self.data) >= 4 + frame_length(self.data[:4])

    def ended(self) -> bool:
        if self.status is None:
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process == 0:
                return False
            self.status = status
        return True

    def how_it_ended(self) -> tuple[str, str]:
        status = self.status or 0
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number == getattr(signal, "SIGXCPU", -1):
                return "deadline", "used more processor time than a replay may"
            return "crashed", f"crashed with {signal.Signals(number).name}"
        code = os.WEXITSTATUS(status)
        return "exited", f"ended the process (exit status {code}) before the replay was done"

    def kill(self) -> None:
        for target in (-self.process, self.process):
            with contextlib.suppress(OSError):
                os.kill(target, signal.SIGKILL)
        if self.status is None:
            os.waitpid(self.process, 0)
        os.close(self.pipe)
