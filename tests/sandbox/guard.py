"""Whether this process is confined: asked before each attempt, of the kernel, not of the code under test."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

CANARY = "canary"  # in the folder of a scene: everyone may read it, except through Landlock
ELSEWHERE = "/etc/passwd"  # the same where the folder of a scene is hidden
NAMESPACES = ("user", "pid", "net", "ipc", "uts", "mnt")
OUTSIDE = "NAMESPACES"  # the variable that names those which an attempt would be in without bubblewrap


class Unconfined(Exception):  # noqa: N818  # an outcome, no error
    """An attempt would have run for real."""


def confirm(parts: tuple[str, ...], scene: Scene) -> None:
    """Raises unless each of these parts is in force."""
    if not {"landlock", "seccomp", "bubblewrap"} & set(parts):
        raise Unconfined("a level of limits only")
    if "bubblewrap" in parts:
        _confirm_bubblewrap(scene)
    if "seccomp" in parts and "\nSeccomp:\t2\n" not in Path("/proc/self/status").read_text(encoding="utf-8"):
        raise Unconfined("no filter of system calls")
    if "landlock" in parts:
        _confirm_landlock(ELSEWHERE if "bubblewrap" in parts else scene.folder / CANARY)
    if "limits" in parts and not all(map(_bounded, ("CPU", "FSIZE", "NOFILE", "DATA"))):
        raise Unconfined("a limit is missing")


def _bounded(name: str) -> bool:
    return resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] != resource.RLIM_INFINITY


def namespaces() -> str:
    """Those of this process, as the kernel names them."""
    return " ".join(str(Path(f"/proc/self/ns/{name}").readlink()) for name in NAMESPACES)


def _confirm_bubblewrap(scene: Scene) -> None:
    shared = set(os.environ[OUTSIDE].split()) & set(namespaces().split())
    if shared:
        raise Unconfined(f"in the same {', '.join(shared)} as outside")
    if not os.statvfs("/").f_flag & os.ST_RDONLY:
        raise Unconfined("the file system can be written")
    if (scene.folder / CANARY).exists():
        raise Unconfined("the folder of the scene is not hidden")


def _confirm_landlock(canary: str | Path) -> None:
    try:
        Path(canary).open("rb").close()
    except OSError as error:
        if error.errno != errno.EACCES:
            raise Unconfined(f"the canary: {error}") from error
    else:
        raise Unconfined("a file outside of everything that is allowed can be read")
