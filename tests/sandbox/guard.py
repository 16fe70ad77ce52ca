"""Whether this process is confined: asked before each attempt, of the kernel, not of the code under test."""

from __future__ import annotations

import errno
import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

CANARY = "canary"  # in the folder of a scene: everyone may read it, except through Landlock


class Unconfined(Exception):  # noqa: N818  # an outcome, no error
    """An attempt would have run for real."""


def confirm(parts: tuple[str, ...], scene: Scene) -> None:
    """Raises unless each of these parts is in force."""
    if not {"landlock", "seccomp"} & set(parts):
        raise Unconfined("a level of limits only")
    if "seccomp" in parts and "\nSeccomp:\t2\n" not in Path("/proc/self/status").read_text(encoding="utf-8"):
        raise Unconfined("no filter of system calls")
    if "landlock" in parts:
        _confirm_landlock(scene)
    if "limits" in parts and not all(map(_bounded, ("CPU", "FSIZE", "NOFILE", "DATA"))):
        raise Unconfined("a limit is missing")


def _bounded(name: str) -> bool:
    return resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] != resource.RLIM_INFINITY


def _confirm_landlock(scene: Scene) -> None:
    try:
        (scene.folder / CANARY).open("rb").close()
    except OSError as error:
        if error.errno != errno.EACCES:
            raise Unconfined(f"the canary: {error}") from error
    else:
        raise Unconfined("a file outside of everything that is allowed can be read")
