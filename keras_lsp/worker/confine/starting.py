"""The start of a worker: what is laid around it from outside, then from inside, then its interpreter."""

from __future__ import annotations

import os
import sys
from typing import List, Tuple

from . import bubblewrap, seatbelt, windows
from .around import AROUND_VARIABLE, FAILED_VARIABLE, enforce_around
from .limits import die_with_parent
from .plan import BUBBLEWRAP, PARENT_VARIABLE, SEATBELT, WINDOWS_JOB, Plan
from .seen import seen


class StartError(Exception):
    """Why nothing was started, in words for the user."""


def start(launcher: str, plan_text: str, command: List[str]) -> int:
    """Becomes the interpreter; where a system cannot do that, waits for it and returns its exit status."""
    plan = Plan.of(plan_text)
    try:
        if plan.outer == BUBBLEWRAP:
            _become_bubblewrapped(launcher, plan, command)
        if plan.outer == WINDOWS_JOB:
            os.environ[AROUND_VARIABLE] = WINDOWS_JOB
            return windows.run(plan.folder, command)
        if plan.outer == SEATBELT:
            os.environ[AROUND_VARIABLE] = SEATBELT
            command = list(
                seatbelt.command(plan.program, seen(plan.folders, command[0]), plan.folder, command)
            )
        else:
            _lay_on(plan.folder)
    except OSError as error:
        raise StartError(f"the sandbox could not be set up: {error.strerror or error}") from None
    try:
        os.execvp(command[0], command)  # noqa: S606 - the interpreter that was found or set for this folder
    except OSError as error:
        raise StartError(f"{command[0]} could not be started: {error.strerror or error}") from None


def _lay_on(folder: str) -> None:
    outside = tuple(filter(None, os.environ.get(AROUND_VARIABLE, "").split(",")))
    os.environ[AROUND_VARIABLE] = ",".join((*outside, *enforce_around(folder)))


def _become_bubblewrapped(launcher: str, plan: Plan, command: List[str]) -> None:
    """Returns where it does not start here, and may be done without."""
    shown = seen(plan.folders, command[0])
    failed = bubblewrap.trial(plan.program, shown, plan.folder)
    if failed and plan.must:
        raise StartError(f"bubblewrap, which the settings ask for, does not start here: {failed}")
    if failed:
        os.environ[FAILED_VARIABLE] = failed
        return
    parent = os.environ.get(PARENT_VARIABLE, "")
    if parent.isdigit():
        die_with_parent(int(parent))  # bubblewrap's own way has a gap, this one looks whether it is late
        os.environ[PARENT_VARIABLE] = str(bubblewrap.FIRST_PROCESS)
    os.environ[AROUND_VARIABLE] = BUBBLEWRAP
    again: Tuple[str, ...] = (sys.executable, "-I", "-S", "-B", launcher, Plan(plan.folder).text())
    whole = bubblewrap.command(plan.program, shown, plan.folder, (*again, *command))
    os.execv(whole[0], whole)  # noqa: S606 - found in the system's own folders, or named by the user
