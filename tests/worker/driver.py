"""A plain, blocking peer for the real worker: what the tests of this folder talk to it with."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from typing_extensions import Self

from keras_lsp.sandbox.jail import ONE_THREAD, QUIET
from keras_lsp.worker import wire
from keras_lsp.worker.report import PackedReport, ReplayReport, unpack

if TYPE_CHECKING:
    from types import TracebackType

BOOT = Path(wire.__file__).with_name("boot.py")


class Worker:
    """One worker process. `replay` gives a report, or the reason why the replay ended without one."""

    def __init__(self, python: list[str], legacy: bool = False, env: dict[str, str] | None = None) -> None:
        environment = self.environment = {
            **os.environ,
            **ONE_THREAD,  # a worker with more threads does not fork
            **QUIET,
            "CUDA_VISIBLE_DEVICES": "-1",
            **(env or {}),
        }
        environment.update(KERAS_LSP_PARENT=str(os.getpid()), TF_USE_LEGACY_KERAS="1" if legacy else "0")
        self.process = subprocess.Popen(
            [*python, str(BOOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self.requests = cast("BinaryIO", self.process.stdin)
        self.reports = cast("BinaryIO", self.process.stdout)
        self._number = 0
        kind, payload = self.read()
        self.hello = wire.decode(wire.Hello, payload) if kind == "hello" else None
        self.failed = wire.decode(wire.StartFailed, payload) if kind == "start_failed" else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self) -> tuple[str, object]:
        header = self.reports.read(4)
        body = self.reports.read(wire.frame_length(header))
        return wire.untag(wire.parse_body(body))

    def send(self, text: str, path: str = "/nowhere/program.py", **options: object) -> int:
        self._number += 1
        request = wire.ReplayRequest(self._number, path, text, "__main__", **options)  # type: ignore[arg-type]  # tests name real fields
        wire.write_frame(self.requests, wire.tagged("replay", request))
        return self._number

    def catalogue(self) -> dict[str, Any]:
        """What the worker says that its Keras offers."""
        self._number += 1
        request = wire.CatalogueRequest(self._number)
        wire.write_frame(self.requests, wire.tagged("catalogue", request))
        kind, payload = self.read()
        assert kind == "catalogue", payload
        assert isinstance(payload, dict)
        assert payload["id"] == self._number
        found: dict[str, Any] = payload["catalogue"]
        return found

    def cancel(self, number: int) -> None:
        wire.write_frame(self.requests, wire.tagged("cancel", wire.CancelRequest(number)))

    def answer(self) -> ReplayReport | wire.ReplayEnded:
        kind, payload = self.read()
        if kind == "ended":
            return wire.decode(wire.ReplayEnded, payload)
        assert kind == "report"
        assert isinstance(payload, dict)
        return unpack(wire.decode(PackedReport, payload["report"]))

    def replay(self, text: str, path: str = "/nowhere/program.py", **options: object) -> ReplayReport:
        self.send(text, path, **options)
        answer = self.answer()
        assert isinstance(answer, ReplayReport), answer
        return answer

    def close(self) -> None:
        self.requests.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.reports.close()
