"""A worker's life: Keras is imported, the server greeted, requests are served as this system allows."""

from __future__ import annotations

import gc
import io
import os
import time
from typing import TYPE_CHECKING

from ..confine import limits
from ..confine.plan import PARENT_VARIABLE
from ..wire import PROTOCOL_VERSION, Hello, StartFailed, tagged, write_frame
from . import forking, single_use
from .confinement import Confinement
from .inbox import Inbox
from .warm import warm
from .zygote import Zygote

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine


def serve(requests: int, reports: int) -> int:
    """Run until the requests end. Returns the exit status."""
    os.set_inheritable(requests, False)
    os.set_inheritable(reports, False)
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if parent.isdigit():
        limits.die_with_parent(int(parent))
    output = io.BufferedWriter(io.FileIO(reports, "wb", closefd=False))
    start = time.perf_counter()
    gc.disable()  # nearly all that imports make stays; looking for garbage in it is a sixth of their time
    try:
        line = warm(os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true"))
    except BaseException as error:  # noqa: BLE001 - a broken installation may raise anything, even SystemExit
        write_frame(output, tagged("start_failed", _start_failure(error)))
        return 1
    forks = forking.possible(line.versions().backend)
    confinement = Confinement(forks)
    write_frame(output, tagged("hello", _hello(line, forks, time.perf_counter() - start, confinement)))
    if forks:
        return Zygote(line, Inbox(requests), output, confinement).serve()
    return single_use.serve(line, Inbox(requests), reports, confinement)


def _start_failure(error: BaseException) -> StartFailed:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return StartFailed(f"`{error.name}` is not installed in this environment", error.name)
    return StartFailed(f"importing Keras raised {type(error).__name__}: {str(error)[:500]}")


def _hello(line: KerasLine, forks: bool, seconds: float, confinement: Confinement) -> Hello:
    versions = line.versions()
    return Hello(
        protocol=PROTOCOL_VERSION,
        python=versions.python,
        keras=versions.keras,
        keras_line=versions.keras_line,
        backend=versions.backend,
        tensorflow=versions.tensorflow,
        fork=forks,
        import_seconds=seconds,
        confinement=confinement.in_force(),
    )
