"""What the server decides about the start of a worker, and hands to `launch.py`."""

from __future__ import annotations

import json
import os
from typing import Mapping, NamedTuple, Tuple

LEVEL_VARIABLE = "KERAS_LSP_CONFINE"  # parts to use at most, for tests: "limits,seccomp"
PARENT_VARIABLE = "KERAS_LSP_PARENT"  # names the process that a worker must not outlive

# What is laid around a worker from outside.
NOTHING, BUBBLEWRAP, SEATBELT, WINDOWS_JOB = "", "bubblewrap", "seatbelt", "job"


class Plan(NamedTuple):
    folder: str  # the one that the worker may write
    outer: str = NOTHING
    program: str = ""  # of the outer layer
    must: bool = False  # whether nothing starts where the outer layer does not
    folders: Tuple[str, ...] = ()  # of the workspace, for an outer layer that has to know them

    def text(self) -> str:
        return json.dumps(self._asdict())

    @classmethod
    def of(cls, text: str) -> Plan:
        fields = json.loads(text)
        return cls(**{**fields, "folders": tuple(fields["folders"])})


def at_most(parts: Tuple[str, ...], environ: Mapping[str, str] = os.environ) -> Tuple[str, ...]:
    """Those that LEVEL_VARIABLE leaves of a machine's parts: all, where nobody has set it."""
    most = environ.get(LEVEL_VARIABLE)
    return parts if most is None else tuple(part for part in parts if part in most.split(","))
