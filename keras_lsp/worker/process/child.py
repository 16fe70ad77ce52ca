"""The process of one replay: confines itself, replays, sends the report, ends without cleaning up."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Tuple

from ..catalogue.read import read_catalogue
from ..confine import limits
from ..program.replay import replay
from ..report import pack
from ..wire import CatalogueRequest, ReplayEnded, WireError, tagged, write_frame
from . import guard
from .outlet import Outlet, write

if TYPE_CHECKING:
    from ..confine.workspace import Readable
    from ..lines.symbolic import KerasLine
    from ..wire import ReplayRequest, Request
    from .confinement import Confinement

_LESS_URGENT = 10  # steps of niceness below a replay


class Bounds(NamedTuple):
    """What a replay may have."""

    confinement: Confinement
    readable: Readable
    temporary: str  # the one folder it may write


def run_forked(
    request: Request,
    line: KerasLine,
    output: int,
    bounds: Bounds,
    parent: int,
    not_its: Tuple[int, ...],
) -> None:
    """After the fork: away from the parent's session and descriptors, replay, and end. Never returns."""
    code = 1
    try:
        for descriptor in not_its:
            os.close(descriptor)
        os.setsid()
        limits.die_with_parent(parent)
        replay_here(request, line, output, bounds)
        code = 0
    finally:
        os._exit(code)


def replay_here(request: Request, line: KerasLine, output: int, bounds: Bounds) -> None:
    """Replay and send what comes of it. This process must not be used for anything else afterwards."""
    _silence()
    _usual_signals()
    try:
        bounds.confinement.lay_on(request, bounds.readable, bounds.temporary)
    except OSError as error:
        reason = f"the sandbox could not be set up: {error}"
        answer = tagged("ended", ReplayEnded(request.id, reason, "internal"))
        write(output, _frame(answer, request.id))
        return
    outlet = Outlet(output)
    outlet.send(_frame(_answer(request, line, bounds.temporary), request.id))


def _frame(answer: Dict[str, Any], number: int) -> bytes:
    stream = io.BytesIO()
    try:
        write_frame(stream, answer)
    except WireError as error:
        too_large = ReplayEnded(number, f"its report is too large: {error}", "memory")
        write_frame(stream, tagged("ended", too_large))
    return stream.getvalue()


def _answer(request: Request, line: KerasLine, temporary: str) -> Dict[str, Any]:
    try:
        if isinstance(request, CatalogueRequest):
            return tagged("catalogue", {"id": request.id, "catalogue": _catalogue(line, temporary)})
        report = _replay(request, line, temporary)
        return tagged("report", {"id": request.id, "report": pack(report)})
    except MemoryError:
        return tagged("ended", ReplayEnded(request.id, "needed more memory than a replay may have", "memory"))
    except Exception as error:  # noqa: BLE001 - the user's objects, or a mistake of ours, which the server logs
        if not _is_ours(error):
            reason = f"an object of the program raised {type(error).__name__} when it was looked at"
            return tagged("ended", ReplayEnded(request.id, reason, "exited"))
        return tagged("ended", ReplayEnded(request.id, traceback.format_exc()[-4000:], "internal"))


def _is_ours(error: Exception) -> bool:
    """Whether it was raised in this package, not in what it called."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
    innermost = traceback.extract_tb(error.__traceback__)[-1:]
    return all(frame.filename.startswith(ours) for frame in innermost)


def _catalogue(line: KerasLine, temporary: str) -> Dict[str, Any]:
    if hasattr(os, "nice"):
        os.nice(_LESS_URGENT)
    _settle(temporary)
    os.chdir(temporary)
    return read_catalogue(line)


def _settle(temporary: str) -> None:
    gc.disable()  # the process is short-lived; collecting costs more than it gives
    sys.setrecursionlimit(3000)
    os.environ.update(
        HOME=temporary, TMPDIR=temporary, KERAS_HOME=os.path.join(temporary, ".keras"), MPLBACKEND="Agg"
    )
    tempfile.tempdir = temporary
    guard.install(temporary)


def _replay(request: ReplayRequest, line: KerasLine, temporary: str) -> Any:
    folder = os.path.dirname(request.path)
    os.chdir(folder if os.path.isdir(folder) else temporary)
    sys.argv = [request.path]
    _settle(temporary)
    return replay(request, line)


def _usual_signals() -> None:
    """The zygote ignores some; a replay ends as any program does."""
    for name in ("SIGINT", "SIGTERM", "SIGPIPE"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def _silence() -> None:
    """What the user's program prints goes nowhere: at full speed it would only cost time."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - lives as long as the process
