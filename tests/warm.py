"""A Python that has imported Keras, in which programs run for real without waiting for that import each."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

RUNNER = Path(__file__).with_name("warm_keras.py")
SURROUNDINGS = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "XLA_FLAGS": "--xla_backend_optimization_level=0",  # what is compiled runs once
}


@dataclass
class WarmKeras:
    """Started when first asked. `run` is `subprocess.run([python, *arguments])`, in a fork."""

    python: list[str]
    legacy: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None

    def run(
        self,
        *arguments: str,
        given: str = "",
        folder: Path | None = None,
        variables: dict[str, str] | None = None,
        seconds: int = 600,
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as place:
            files = {name: Path(place) / name for name in ("stdin", "stdout", "stderr")}
            for name, file in files.items():
                file.write_text(given if name == "stdin" else "", encoding="utf-8")
            asked = {
                **{name: str(file) for name, file in files.items()},
                "arguments": arguments,
                "folder": str(folder or Path.cwd()),
                "variables": variables or {},
                "seconds": seconds,
            }
            status = self._ask(json.dumps(asked))
            said = {name: file.read_text("utf-8", "replace") for name, file in files.items()}
        return subprocess.CompletedProcess(list(arguments), status, said["stdout"], said["stderr"])

    def output(self, *arguments: str, given: str = "") -> str:
        """What a program writes that must run to its end."""
        done = self.run(*arguments, given=given)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def _ask(self, request: str) -> int:
        if self._process is None:
            self._process = self._start()
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(request + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, f"{self.python[0]} did not come as far as to run a program: {process.wait()}"
        return int(answer)

    def _start(self) -> subprocess.Popen[str]:
        legacy = {"TF_USE_LEGACY_KERAS": "1" if self.legacy else "0"}
        return subprocess.Popen(
            [*self.python, str(RUNNER)],
            env={**os.environ, **SURROUNDINGS, **legacy, **self.variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.communicate()
