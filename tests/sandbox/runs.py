"""Runs one attempt in a scene made for it, and looks from outside at what became of it."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from tests.processes import read
from tests.sandbox.guard import CANARY
from tests.sandbox.scene import SECRET, SETTING, Scene

if TYPE_CHECKING:
    from tests.sandbox.listeners import Listeners
    from tests.sandbox.registry import Attempt
    from tests.sandbox.stages import Stage, Stages
    from tests.sandbox.users import User

REPOSITORY = Path(__file__).parent.parent.parent
_START_SECONDS = 20.0  # for an interpreter on a busy machine; the wall limit of an attempt is on top
_FOLDERS = (
    *("workspace", "workspace/package", "workspace/empty", "secrets", "home", "home/.ssh"),
    *("other", "neighbour", "environment", "own"),
)
_FILES = {
    "workspace/module.py": "VALUE = 1\n",
    "workspace/data.bin": "0123456789",
    "workspace/package/__init__.py": "",
    "workspace/package/part.py": "ANSWER = 42\n",
    "workspace/package/server.pem": SECRET,
    "workspace/.env": SECRET,
    "secrets/id_rsa": SECRET,
    "home/.ssh/id_rsa": SECRET,
    "home/.bashrc": "",
    "other/project.py": SECRET,
    "other/.env": SECRET,
    "neighbour/notes.txt": SECRET,
    "environment/library.py": "NUMBER = 1\n",
    ".env": SECRET,
    CANARY: SECRET,
}


@dataclass
class Run:
    """What was seen of one attempt."""

    outcome: str = "silent"  # or what the attempt says of itself
    detail: str = ""
    end: str = "killed at the wall limit"
    seconds: float = 0.0
    traces: list[str] = field(default_factory=list)  # what it did outside
    errors: str = ""

    def __str__(self) -> str:
        lines = [f"{self.outcome}: {self.detail}", f"ended: {self.end} after {self.seconds:.1f} s"]
        lines += [f"trace: {trace}" for trace in self.traces]
        return "\n".join([*lines, self.errors])


def run(attempt: Attempt, level: str, user: User, listeners: Listeners, stages: Stages) -> Run:
    folder = Path(tempfile.mkdtemp(prefix="escape-")).resolve()
    try:
        scene = _prepare(folder, user, listeners)
        before = _snapshot(folder)
        seen = _staged(attempt, level, user, scene, stages)
        seen.traces += _differences(before, _snapshot(folder))
        seen.traces += _left_behind(folder)
        return seen
    finally:
        _unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path, user: User, listeners: Listeners) -> Scene:
    for name in _FOLDERS:
        (folder / name).mkdir()
    for name, text in _FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "workspace" / "link").symlink_to(folder / "secrets")
    setting = listeners.names._asdict()
    (folder / SETTING).write_text(json.dumps(setting), encoding="utf-8")
    if user.number is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.number, user.number, follow_symlinks=False)
    return Scene(folder, 0, 0, **setting)


def _staged(attempt: Attempt, level: str, user: User, scene: Scene, stages: Stages) -> Run:
    terminal = os.openpty() if "terminal" in attempt.needs else ()
    if terminal:
        os.fchown(terminal[1], user.number or -1, -1)
    with tempfile.TemporaryFile() as errors:
        try:
            name = os.ttyname(terminal[1]) if terminal else ""
            stage = stages.start(attempt, level, user, scene, errors, name)
            try:
                seen = _watched(stage, attempt)
                seen.traces += _strays(stage)
            finally:
                stage.end()
        finally:
            for descriptor in terminal:
                os.close(descriptor)
        errors.seek(0)
        seen.errors = errors.read().decode(errors="replace")[-1500:]
    return seen


def _watched(stage: Stage, attempt: Attempt) -> Run:
    """Read what the stage says and the attempt answers, which come mixed, to the end or the wall limit."""
    seen, victim, start = Run(), 0, monotonic()
    said = _Lines(stage)
    first = said.next(_START_SECONDS)
    if first.startswith("VICTIM"):
        victim, start = int(first.split()[1]), monotonic()
        limit = start + attempt.wall + (0 if attempt.hangs else _START_SECONDS)
        while line := said.next(limit - monotonic()):
            if line.startswith(("EXIT", "SIGNAL")):
                seen.end = line.strip()
                break
            _hear(seen, line)
    seen.seconds = monotonic() - start
    seen.traces += [*_harm("parent", stage.pid), *_harm("victim", victim)]
    return seen


def _hear(seen: Run, line: str) -> None:
    try:
        answer: Any = json.loads(line)
        seen.outcome, seen.detail = answer["outcome"], answer["detail"]
    except (ValueError, KeyError, TypeError):
        seen.outcome, seen.detail = "broken", f"an answer that is none: {line[:200]!r}"


class _Lines:
    def __init__(self, stage: Stage) -> None:
        self._stream = stage.stdout
        self._rest = b""

    def next(self, seconds: float) -> str:
        """The next line; "" when there is none in time, or none any more."""
        until = monotonic() + seconds
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._stream], [], [], max(0.0, until - monotonic()))
            read_now = os.read(self._stream, 65536) if ready else b""
            if not read_now:
                return ""
            self._rest += read_now
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace") + "\n"


def _harm(who: str, pid: int) -> list[str]:
    """Signals that were sent to a process which holds them up, or that it is no more."""
    lines = read(Path(f"/proc/{pid}/status")).splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    state = status.get("State", "gone")
    if state[0] in "gZXTt":
        return [f"the {who} is {state}"]
    pending = int(status["SigPnd"], 16) | int(status["ShdPnd"], 16)
    sent = [number for number in range(1, 65) if pending & 1 << (number - 1) and number != signal.SIGCHLD]
    return [f"the {who} was sent signals {sent}"] if sent else []


def _snapshot(folder: Path) -> dict[str, object]:
    """All that there is but what lies in the attempt's own folder."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.startswith("own/"):
            continue
        state = path.lstat()
        text = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        attributes = os.listxattr(path, follow_symlinks=False)
        times = () if name == "own" else (state.st_mtime_ns, state.st_nlink)
        found[name] = (state.st_mode, state.st_uid, state.st_gid, times, text, attributes)
    return found


def _differences(before: dict[str, object], after: dict[str, object]) -> list[str]:
    names = sorted(before.keys() | after.keys())
    return [
        f"{name}: {before.get(name, 'absent')} became {after.get(name, 'absent')}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _left_behind(folder: Path) -> list[str]:
    """Files in other places that are named as the folder; they are removed."""
    found = []
    in_memory = Path("/dev/shm").glob(f"{folder.name}*")  # noqa: S108  # what is looked at
    for path in (Path(f"{folder}-evil"), *in_memory, *(Path(prefix) / folder.name for prefix in _PREFIXES)):
        if path.exists():
            found.append(f"left behind: {path}")
            path.unlink()
    return found


def _strays(stage: Stage) -> list[str]:
    """Processes that stay in another group than their parent's; they are ended."""
    patience = monotonic() + 3
    while (processes := stage.escaped()) and monotonic() < patience:
        sleep(0.05)
    found = []
    for pid in processes:
        found.append(f"left running: {pid} {read(Path(f'/proc/{pid}/cmdline'))!r}")
        os.kill(pid, signal.SIGKILL)
    return found


_PREFIXES: set[str] = set()  # of the interpreters in use


def watch_prefix(prefix: str) -> None:
    _PREFIXES.add(prefix)


def _unmount(folder: Path) -> None:
    for line in read(Path("/proc/self/mounts")).splitlines():
        if f" {folder}/" in line:
            subprocess.run(["umount", "-l", line.split()[1]], check=False)
