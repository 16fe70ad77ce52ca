"""What confines a replay on this machine: found out once, told to the server, laid on in each child."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Iterator, Tuple

from ..confine import LANDLOCK, LIMITS, SECCOMP, Allowed, enforce, offered
from ..confine.around import AROUND_VARIABLE, FAILED_VARIABLE
from ..confine.plan import BUBBLEWRAP, SEATBELT, WINDOWS_JOB, at_most
from ..confine.policy import system_paths
from ..confine.workspace import Readable, Workspace
from ..wire import ReplayRequest
from . import forking

if TYPE_CHECKING:
    from ..wire import Request

# In the words of Hello.confinement, which `sandbox/jail.py` knows.
WORDS = {
    LIMITS: "resource limits",
    LANDLOCK: "files limited by the operating system",
    SECCOMP: "network, programs and other processes refused by the operating system",
}
AROUND = "no writes or network while the interpreter starts"
OUTER = {
    BUBBLEWRAP: "home, temporary files, processes and network of others hidden (bubblewrap)",
    SEATBELT: "files, network and programs limited by Seatbelt (untested)",
    WINDOWS_JOB: "a restricted token of low integrity and a job (untested)",
}
OUTER_FAILED = "bubblewrap was tried, but does not start here: {}"
BY_PYTHON = "no writes, network or programs from Python code"


class Confinement:
    def __init__(self, forks: bool) -> None:
        self._parts = at_most(offered())
        self._forks = forks
        around = os.environ.pop(AROUND_VARIABLE, "").split(",")
        self._around = LANDLOCK in around and SECCOMP in around
        self._outer = [words for name, words in OUTER.items() if name in around]
        failed = os.environ.pop(FAILED_VARIABLE, "")
        self._outer += [OUTER_FAILED.format(failed)] if failed else []
        self._workspace = Workspace()
        self._system: Tuple[str, ...] = ()
        self._packages: Tuple[str, ...] = ()  # folders of packages that are not installed but linked

    def in_force(self) -> Tuple[str, ...]:
        """What a replay will be under, and what was tried. Landlock does not hold for threads that run."""
        whole = self._forks or forking.threads() == 1
        words = [WORDS[part] for part in self._parts if whole or part != LANDLOCK]
        return (*words, *([AROUND] if self._around else []), *self._outer, BY_PYTHON)

    def readable(self, request: Request) -> Readable:
        """Looked for before the fork, so that one look serves many replays."""
        if LANDLOCK not in self._parts:
            return Readable((), ())
        if not self._system:
            self._system = system_paths()
            self._packages = tuple(_outside(self._system))
        folders = list(self._packages)
        if isinstance(request, ReplayRequest):
            folders += (*request.roots, os.path.dirname(request.path))
        found = self._workspace.readable(folder for folder in folders if os.path.isdir(folder))
        return found._replace(read=(*self._system, *found.read))

    def lay_on(self, request: Request, readable: Readable, temporary: str) -> None:
        """On this process, for ever. Raises OSError when it cannot be had: then no user code may run."""
        allowed = Allowed(
            read=readable.read,
            write=(temporary,),
            memory_bytes=request.memory_bytes,
            cpu_seconds=int(request.wall_seconds) + 2,
            listed=readable.listed,
        )
        enforce(allowed, self._parts)


def _outside(known: Tuple[str, ...]) -> Iterator[str]:
    """Folders that packages are imported from without being installed there, as `pip install -e` does."""
    editable = (
        getattr(module, "MAPPING", {}) for name, module in list(sys.modules.items()) if "__editable__" in name
    )
    mapped = (str(path) for mapping in editable if isinstance(mapping, dict) for path in mapping.values())
    for path in dict.fromkeys((*sys.path, *mapped)):
        inside = any((path + os.sep).startswith(one.rstrip(os.sep) + os.sep) for one in known)
        if path and os.path.isabs(path) and not inside:
            yield path
