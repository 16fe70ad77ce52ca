"""The servers that fork the parents of attempts: one for each user and group, started when first needed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from typing import TYPE_CHECKING, NamedTuple

from keras_lsp.sandbox.outer import find_bubblewrap
from tests.processes import descendants, is_alive
from tests.sandbox.registry import AROUND, LEVELS
from tests.sandbox.stage import MOST_BYTES

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

    from typing_extensions import Self

    from tests.sandbox.registry import Attempt
    from tests.sandbox.scene import Scene
    from tests.sandbox.users import User

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Stage(NamedTuple):
    """The parent of one attempt; ends when `stdin` is closed."""

    pid: int
    stdin: int
    stdout: int

    def escaped(self) -> list[int]:
        """Processes below it that have left its group: what ends the group does not end them."""
        below = filter(is_alive, descendants(self.pid))
        return [pid for pid in below if _group(pid) not in (self.pid, 0)]

    def end(self) -> None:
        """The parent, its victim, and the attempt should it still run: all are of one group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        os.close(self.stdin)
        os.close(self.stdout)


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


class Stages:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._servers: dict[tuple[str, str], _Server] = {}
        self._starting = threading.Lock()

    def start(
        self, attempt: Attempt, level: str, user: User, scene: Scene, errors: BinaryIO, terminal: str
    ) -> Stage:
        key = (user.name, attempt.group)
        with self._starting:
            server = self._servers.get(key) or _Server(attempt.group, user, self._root)
            self._servers[key] = server
        names = {"home": str(scene.home), "own": str(scene.own), "folder": str(scene.folder)}
        around = str(find_bubblewrap()) if AROUND in LEVELS[level] else ""
        asked = {"name": attempt.key, "level": level, "terminal": terminal, "around": around}
        return server.stage({**asked, **names}, errors)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.close()


class _Server:
    def __init__(self, group: str, user: User, root: Path) -> None:
        self._door, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._asking = threading.Lock()
        with inside:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                [user.python, "-m", "tests.sandbox.stage", group],
                cwd=root,
                env={
                    **_ONE_THREAD,
                    "PATH": os.defpath,
                    "LANG": "C.UTF-8",
                    "PYTHONPYCACHEPREFIX": user.compiled,
                    "PYTHONNOUSERSITE": "1",
                },
                stdin=inside.fileno(),
                start_new_session=True,
                **user.options,
            )

    def stage(self, asked: dict[str, str], errors: BinaryIO) -> Stage:
        theirs_in, stdin = os.pipe()
        stdout, theirs_out = os.pipe()
        try:
            with self._asking:
                socket.send_fds(
                    self._door, [json.dumps(asked).encode()], [theirs_in, theirs_out, errors.fileno()]
                )
                answer = self._door.recv(MOST_BYTES)
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        assert answer, f"the server of {asked['name']} is gone"
        return Stage(int(answer), stdin, stdout)

    def close(self) -> None:
        self._door.close()
        self._process.wait()
