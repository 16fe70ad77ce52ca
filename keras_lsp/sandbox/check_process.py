"""`keras-lsp check` in a process of its own: what takes minutes for a project takes no moment of a server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras_lsp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

# Isolated, as the server is in an editor: nothing in the folders that are checked may be imported by us.
_START = (
    "import json, sys; sys.path[:0] = json.loads(sys.argv.pop(1)); "
    "from keras_lsp.cli import main; sys.exit(main())"
)
_MOST_LINE = 64 << 20  # bytes; a line has all that is found in one file
_STOP_SECONDS = 5.0
_ERRORS_KEPT = 4096  # bytes


def _import_path(folders: Sequence[str]) -> list[str]:
    """Ours, without the folders that are checked, where `python -m` was started in one; we come last then."""
    ours = str(Path(keras_lsp.__file__).resolve().parent.parent)
    checked = {Path(folder).resolve() for folder in folders}
    return [*(path for path in sys.path if path and Path(path).resolve() not in checked), ours]


class CheckFailedError(Exception):
    """The message is what the process said of it."""


class CheckProcess:
    """One check of some folders. `stop` must be called at its end, however that comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._errors = asyncio.ensure_future(self._last_errors())
        self._stopped = False

    @classmethod
    async def start(
        cls, folders: Sequence[str], settings: Mapping[str, Any], *, static_only: bool
    ) -> CheckProcess:
        """`settings` are `dataclasses.asdict` of the editor's. Raises OSError when no process can be had."""
        jobs = str(max(1, (os.cpu_count() or 2) // 2))  # somebody is working here
        arguments = ["check", "--format", "jsonl", "--settings", "-", "--jobs", jobs]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _START, json.dumps(_import_path(folders))),
            *arguments,
            *(["--static-only"] if static_only else []),
            "--",
            *folders,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_MOST_LINE,
        )
        if process.stdin is not None:
            process.stdin.write(json.dumps(settings).encode())
            process.stdin.close()
        return cls(process)

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        """First `{"version", "files"}`, then each file. Raises CheckFailedError when it ends before all."""
        expected: int | None = None
        seen = 0
        while self._process.stdout is not None and (line := await self._process.stdout.readline()):
            data: dict[str, Any] = json.loads(line)
            if expected is None:
                expected = int(data["files"])
            else:
                seen += 1
            yield data
        if seen != expected and not self._stopped:
            said = (await self._errors).decode("utf-8", "replace").strip()
            raise CheckFailedError(said.rpartition("\n")[2] or "it ended and said nothing")

    async def stop(self) -> None:
        self._stopped = True
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except asyncio.TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._errors

    async def _last_errors(self) -> bytes:
        kept = b""
        while self._process.stderr is not None and (more := await self._process.stderr.read(1 << 16)):
            kept = (kept + more)[-_ERRORS_KEPT:]
        return kept
