"""Which processes belong to a worker, from /proc; elsewhere none are found, and its group has to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC = Path("/proc")


def started_with(setting: str) -> Iterator[int]:
    """Ids of the processes whose environment, as they were started, has `NAME=value`.

    A forked replay keeps its worker's, whoever its parent or group is by now. Zombies have none.
    """
    wanted = os.fsencode(setting)
    for entry in _PROC.glob("[0-9]*"):
        try:
            environ = (entry / "environ").read_bytes()
        except OSError:  # gone meanwhile, or another user's
            continue
        if wanted in environ.split(b"\0"):
            yield int(entry.name)
