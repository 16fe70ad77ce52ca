"""What a worker may have, decided here alone on the server's side.

A worker gets a session of its own, an allow-list of variables, CPU only, one thread, and a private folder
that is its home, its temporary directory and its working directory. What can only be laid on from inside
(limits, ending with its parent, no network, no writes) is the worker's part; it says in `Hello.confinement`
what is in force, and `describe_level` compares that with what a full sandbox would have.

Left out on purpose: PYTHONPATH (an editor's own leaks into it and can break the worker's imports; project
folders come with each replay instead), PYTHONSTARTUP and the like, proxies, and everything not listed, so
that tokens and passwords in variables stay out. HOME is private so that `~/.aws` and the like do not
resolve; packages from `pip install --user` are still found, through PYTHONUSERBASE.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_lsp.sandbox.keras_config import read_keras_config
from keras_lsp.sandbox.outer import NOTHING_OUTSIDE, Outer
from keras_lsp.sandbox.packages import user_base
from keras_lsp.sandbox.private_folder import PrivateFolder
from keras_lsp.sandbox.processes import started_with
from keras_lsp.worker import wire
from keras_lsp.worker.confine.plan import BUBBLEWRAP, PARENT_VARIABLE, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from keras_lsp.sandbox.environment import Environment
    from keras_lsp.sandbox.machine import Machine

_log = logging.getLogger(__name__)

_PASSED = (
    "PATH",
    "LANG",
    "LANGUAGE",
    "TZ",
    "LD_LIBRARY_PATH",
    "KERAS_BACKEND",
    "KERAS_LSP_FORK",
    "KERAS_LSP_CONFINE",
)
_PASSED_WINDOWS = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "PATHEXT", "COMSPEC", "NUMBER_OF_PROCESSORS")
_CPU_ONLY = {"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    ),
    "1",
)
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "MPLBACKEND": "Agg",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONDONTWRITEBYTECODE": "1",
}

_LAUNCH = Path(wire.__file__).with_name("launch.py")
_ROUNDS = 3  # a process may fork while it is being looked for

FULL_LEVEL = "full"
# In the words of Hello.confinement: the first are this module's part, the rest the worker's
# (`worker/process/confinement.py`).
OURS = ("own session", "no inherited secrets", "CPU only", "private temporary directory")
_BY_NO_FILTER = ("resource limits", "no writes, network or programs from Python code")
_TRIED = "bubblewrap was tried"
FULL = (
    *OURS,
    *_BY_NO_FILTER,
    "files limited by the operating system",
    "network, programs and other processes refused by the operating system",
    "no writes or network while the interpreter starts",
)


@dataclass(frozen=True, slots=True)
class Jail:
    """The surroundings of one worker, made before it starts and removed after it ended."""

    private: PrivateFolder
    environ: dict[str, str]
    windows: bool = False
    behind_launcher: bool = False
    outer: Outer = NOTHING_OUTSIDE

    @classmethod
    def prepare(cls, environment: Environment, machine: Machine) -> Jail:
        """Raises OSError when no temporary folder can be made."""
        private = PrivateFolder()
        try:
            _furnish(private.path, machine)
        except OSError:
            private.remove()
            raise
        environ = _environ(environment, machine, private.path)
        return cls(private, environ, machine.windows, environment.behind_launcher, environment.outer)

    @property
    def folder(self) -> Path:
        return self.private.path

    def spawn_options(self) -> dict[str, Any]:
        """How to start the worker: for subprocess.Popen and asyncio's equivalent."""
        options: dict[str, Any] = {"env": self.environ, "cwd": str(self.folder / "tmp")}
        if self.windows:
            flags = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW")  # exist on Windows only
            options["creationflags"] = sum(getattr(subprocess, flag, 0) for flag in flags)
        else:
            options["start_new_session"] = True
        return options

    def wrapped(self, command: Sequence[str]) -> tuple[str, ...]:
        """The command that starts `command` where it can do no harm, as far as this system lets us.

        A launcher that the user has set (`uv run python`) may need its caches and the network, and starts as
        it is.
        """
        if (self.behind_launcher and not self.windows) or not (
            self.outer.kind or sys.platform.startswith("linux")
        ):
            return tuple(command)
        outer = self.outer
        plan = Plan(str(self.folder), outer.kind, outer.program, outer.must, outer.folders)
        return (sys.executable, "-I", "-S", "-B", str(_LAUNCH), plan.text(), *command)

    def exit_code(self, code: int) -> int:
        """Of the worker, as `subprocess` has it; bubblewrap tells a signal as shells do."""
        behind = self.outer.kind == BUBBLEWRAP and 128 < code <= 128 + signal.NSIG
        return 128 - code if behind else code

    def kill(self, pid: int) -> None:
        """Ends the worker `pid`, its group, and where they can be found all others that live in this jail."""
        _send_kill(os.kill if self.windows else os.killpg, pid)
        for _ in range(_ROUNDS):
            members = list(started_with(f"TMPDIR={self.environ['TMPDIR']}"))
            if not members:
                return
            for member in members:
                _send_kill(os.kill, member)

    def remove(self) -> None:
        self.private.remove()


def _furnish(folder: Path, machine: Machine) -> None:
    for name in ("home", "tmp", "keras"):
        (folder / name).mkdir()
    (folder / "keras" / "keras.json").write_text(json.dumps(read_keras_config(machine)), encoding="utf-8")


def _environ(environment: Environment, machine: Machine, folder: Path) -> dict[str, str]:
    names = (*_PASSED, *_PASSED_WINDOWS) if machine.windows else _PASSED
    passed = {name: machine.environ[name] for name in names if name in machine.environ}
    passed.update({name: value for name, value in machine.environ.items() if name.startswith("LC_")})
    if environment.legacy:
        passed["TF_USE_LEGACY_KERAS"] = "1"
    if environment.backend:
        passed["KERAS_BACKEND"] = environment.backend
    home, temporary = str(folder / "home"), str(folder / "tmp")
    private = {"HOME": home, "USERPROFILE": home, "KERAS_HOME": str(folder / "keras")}
    private |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary)
    if len(environment.command) == 1:  # behind a launcher the worker's parent would be the launcher
        private[PARENT_VARIABLE] = str(os.getpid())
    private["PYTHONUSERBASE"] = str(user_base(machine))
    return {**passed, **_CPU_ONLY, **ONE_THREAD, **QUIET, **private}


def _send_kill(send: Callable[[int, int], None], pid: int) -> None:
    try:
        send(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except ProcessLookupError:
        pass
    except OSError as error:
        _log.warning("process %d could not be ended: %s", pid, error)


def level_name(confinement: Iterable[str]) -> str:
    """`full`, `reduced`, or `none` where the operating system forbids nothing."""
    told = {item for item in confinement if not item.startswith(_TRIED)}
    if told.issuperset(FULL[len(OURS) :]):
        return FULL_LEVEL
    return "reduced" if told.difference(OURS, _BY_NO_FILTER) else "none"


def describe_level(confinement: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The sandbox level in words, and what a full one would add; `confinement` is the worker's part."""
    told = tuple(confinement)
    missing = tuple(item for item in FULL if item not in (*OURS, *told))
    beside = "; ".join(item for item in told if item not in FULL)
    level = level_name(told)
    if missing:
        level += f": not in force: {'; '.join(missing)}"
    return (f"{level}. Beside that: {beside}" if beside else level), missing
