"""What holds for a whole worker, before the user's interpreter starts: looser than what a replay is under.

It may start programs and processes and end them, and read files, since that is what an interpreter and its
libraries do when they start. It may write in one folder only, and has no network.
"""

from __future__ import annotations

import os
from typing import Tuple

from . import landlock, libc, seccomp
from .enforce import LANDLOCK, SECCOMP, offered
from .plan import at_most

AROUND_VARIABLE = "KERAS_LSP_AROUND"  # tells the worker which parts are in force: "landlock,seccomp"
FAILED_VARIABLE = "KERAS_LSP_OUTSIDE_FAILED"  # and why bubblewrap is not, where it was tried


def enforce_around(folder: str, newest_landlock: int = 99) -> Tuple[str, ...]:
    """Lay on what this machine has of it; the parts in force. Raises OSError when one fails that is there.

    `newest_landlock` is for tests of older systems, as is LEVEL_VARIABLE.
    """
    there = at_most(offered())
    parts = tuple(part for part in (LANDLOCK, SECCOMP) if part in there)
    if parts:
        libc.give_up_privileges()
    if LANDLOCK in parts:
        rules = [landlock.Rule(os.sep, landlock.READ | landlock.EXECUTE)]
        landlock.restrict([*rules, *landlock.rules((), (folder,), ())], newest_landlock)
    if SECCOMP in parts:
        version = min(landlock.version(), newest_landlock) if LANDLOCK in parts else 0
        seccomp.install_around(no_truncate=version < landlock.TRUNCATE_SINCE)
    return parts
