"""Which Python is the user's, and why: the choice is made from files on disk, nothing is run.

In this order: the setting `kerasLsp.interpreter`, what the editor says for the folder, a `.venv` or `venv`
near the document, VIRTUAL_ENV, CONDA_PREFIX, python3 on PATH, and last the Python of the server itself.
What a user named is taken as it is or refused with a reason, never replaced by something else; of what
was merely found, the first that has Keras counts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from keras_lsp.sandbox.outer import NOTHING_OUTSIDE, Outer
from keras_lsp.sandbox.packages import Packages, read_packages
from keras_lsp.sandbox.pyenv import resolve_shim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keras_lsp.sandbox.demand import Demand, InterpreterSettings
    from keras_lsp.sandbox.machine import Machine

_HOW = "Set `kerasLsp.interpreter` to a Python that has Keras."


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python to replay under. `command` starts it; `origin` says in the user's words why this one."""

    command: tuple[str, ...]
    origin: str
    packages: Packages
    legacy: bool = False  # `tf.keras` means tf-keras 2
    backend: str = ""  # of Keras 3, where a document sets it; else the user's own configuration counts
    outer: Outer = NOTHING_OUTSIDE
    of_folder: bool = False  # whether the program is a file of the workspace

    @property
    def behind_launcher(self) -> bool:
        """Whether a command of several words of the user's own starts it."""
        return len(self.command) > 1 and not self.of_folder

    @property
    def keras_line(self) -> int | None:
        """3 or 2, as far as the installed versions say it."""
        if self.legacy:
            return 2
        version = self.packages.keras or self.packages.tf_keras
        if version is None:
            return None
        return 3 if int(version.split(".")[0]) >= 3 else 2

    @property
    def keras_version(self) -> str | None:
        return self.packages.tf_keras if self.legacy else self.packages.keras


@dataclass(frozen=True, slots=True)
class NoEnvironment:
    """There is no Python to replay under; `reason` says why and what to do."""

    reason: str


def discover(demand: Demand, machine: Machine) -> Environment | NoEnvironment:
    """The Python for a document. Of its backend and of what is laid around the Python nothing is said yet."""
    settings = demand.settings
    legacy = demand.legacy or machine.flag("TF_USE_LEGACY_KERAS")
    folders = _folders(demand.path, demand.roots)
    if settings.interpreter:
        return _explicit(settings.interpreter, "setting", folders, machine, legacy)
    chosen = _chosen_for(folders, settings)
    if chosen:
        return _explicit(chosen, "editor", folders, machine, legacy)
    return _first_with_keras(folders, machine, legacy)


def _folders(path: str | None, roots: Sequence[str]) -> list[Path]:
    """From the document's folder up to the workspace root that holds it, then the other roots."""
    tops = [Path(root) for root in roots]
    found: list[Path] = []
    if path is not None:
        start = Path(path).parent
        above = [start, *start.parents]
        limit = max((above.index(top) for top in tops if top in above), default=0)
        found = above[: limit + 1]
    return list(dict.fromkeys([*found, *tops]))


def _chosen_for(folders: Sequence[Path], settings: InterpreterSettings) -> tuple[str, ...]:
    """What the editor chose for the innermost of `folders`; for a document in no folder, its only choice."""
    by_folder = {_folder_path(folder): command for folder, command in settings.interpreters.items()}
    for folder in folders:
        if by_folder.get(folder):
            return by_folder[folder]
    return next(iter(by_folder.values())) if len(by_folder) == 1 and not folders else ()


def _folder_path(folder: str) -> Path:
    parts = urlsplit(folder)
    return Path(url2pathname(unquote(parts.path))) if parts.scheme == "file" else Path(folder)


def _explicit(
    command: tuple[str, ...], origin: str, folders: Sequence[Path], machine: Machine, legacy: bool
) -> Environment | NoEnvironment:
    named = {"setting": "The interpreter in the settings", "editor": "The interpreter chosen in the editor"}
    what = f"{named[origin]}, `{' '.join(command)}`,"
    program = _locate(command[0], folders, machine)
    if program is None:
        return NoEnvironment(f"{what} does not exist. {_HOW}")
    if not program.is_file() or not os.access(program, os.X_OK):
        return NoEnvironment(f"{what} is not a program that can be run. {_HOW}")
    python = resolve_shim(program, folders, machine)
    if python is None:
        return NoEnvironment(f"{what} is a pyenv shim, and pyenv has no Python for it. {_HOW}")
    found = _environment((str(python), *command[1:]), origin, machine, legacy)
    return replace(found, of_folder=any(folder in program.parents for folder in folders))


def _locate(program: str, folders: Sequence[Path], machine: Machine) -> Path | None:
    """A program as users write it: absolute, from `~`, relative to a folder, or found on PATH."""
    if program.startswith("~"):
        program = str(machine.home) + program[1:]
    path = Path(program)
    if path.is_absolute():
        return path if path.exists() else None
    if len(path.parts) == 1:
        return machine.which(program)
    return next((folder / path for folder in folders if (folder / path).exists()), None)


def _environment(command: tuple[str, ...], origin: str, machine: Machine, legacy: bool) -> Environment:
    # Behind a launcher (`conda run python`, `py -3.11`) the packages are the worker's to report.
    direct = len(command) == 1 and "python" in Path(command[0]).name
    packages = read_packages(Path(command[0]), machine) if direct else Packages(known=False)
    return Environment(command, origin, packages, legacy)


def _first_with_keras(folders: Sequence[Path], machine: Machine, legacy: bool) -> Environment | NoEnvironment:
    looked: dict[str, str] = {}
    for python, origin in _candidates(folders, machine):
        if str(python) in looked:
            continue
        environment = _environment((str(python),), origin, machine, legacy)
        if environment.packages.any_keras:
            return environment
        looked[str(python)] = origin
    if not looked:
        return NoEnvironment(f"No Python found near the file or on PATH. {_HOW}")
    places = ", ".join(f"{python} ({origin})" for python, origin in looked.items())
    return NoEnvironment(f"No Keras found in {places}. Install Keras there, or: {_HOW[0].lower()}{_HOW[1:]}")


def _candidates(folders: Sequence[Path], machine: Machine) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for name in (".venv", "venv"):
            python = machine.python_in(folder / name)
            if python is not None:
                yield python, f"project {name}"
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        prefix = machine.environ.get(variable)
        python = machine.python_in(Path(prefix)) if prefix else None
        if python is not None:
            yield python, variable
    for name in ("python3", "python"):
        found = machine.which(name)
        python = resolve_shim(found, folders, machine) if found else None
        if python is not None:
            yield python, "PATH"
    if machine.own_interpreter.is_file():
        yield machine.own_interpreter, "the server's own Python"
