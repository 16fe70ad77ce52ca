"""The warm process where it cannot fork: it replays once in itself and ends.

The server starts the next one in time. It also does what a zygote does for its children: it holds the
deadline, kills for a cancellation, and reads from the exit status how a replay ended.
"""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from ..wire import CatalogueRequest, ReplayRequest, WireError, decode, untag
from . import child

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from ..wire import Request
    from .confinement import Confinement
    from .inbox import Inbox


def serve(line: KerasLine, inbox: Inbox, reports: int, confinement: Confinement) -> int:
    """Wait for the one request. Returns only when the requests end before it."""
    messages = inbox.read()
    while messages == []:
        messages = inbox.read()
    if messages is None:
        return 0
    kind, payload = untag(messages[0])
    if kind not in ("replay", "catalogue"):
        raise WireError(f"unknown message {kind!r}")
    code = 1
    try:
        request: Request = (
            decode(ReplayRequest, payload) if kind == "replay" else decode(CatalogueRequest, payload)
        )
        temporary = tempfile.mkdtemp(prefix="keras-lsp-")
        bounds = child.Bounds(confinement, confinement.readable(request), temporary)
        child.replay_here(request, line, reports, bounds)
        inbox.read()  # until the server has the answer: an end before that tells it how the replay ended
        code = 0
    finally:
        os._exit(code)
