"""What the server decides about the start of a worker, and hands to `launch.py`."""

from __future__ import annotations

import json
from typing import NamedTuple, Tuple

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
