"""Every attempt, at every level that this machine has and by every user: what comes of it is what should."""

from __future__ import annotations

import os
import platform
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the confinement is for Linux", allow_module_level=True)

from keras_lsp.worker.confine import landlock, offered
from tests.sandbox.attempts import all_attempts
from tests.sandbox.listeners import Listeners
from tests.sandbox.registry import ALLOWED, AROUND, BLOCKED, ENDED, LEVELS, OLD_LANDLOCKS, WRAPPED, Attempt
from tests.sandbox.runs import REPOSITORY, Run, run, watch_prefix
from tests.sandbox.stages import Stages
from tests.sandbox.users import NAMES, User, user, without_bubblewrap

if TYPE_CHECKING:
    from collections.abc import Iterator

# How a refused attempt may end without a word: at the filter, and at the limits.
_BY_CONFINEMENT = {f"SIGNAL {int(number)}" for number in (signal.SIGSYS, signal.SIGKILL, signal.SIGXCPU)}


_WITHOUT_ONE = ("no-landlock", "no-seccomp")


class Case(NamedTuple):
    attempt: str
    level: str
    user: str


def cases() -> Iterator[Case]:
    there, version = {*offered(), AROUND}, landlock.version()
    for level, parts in LEVELS.items():
        if there.issuperset(parts) and OLD_LANDLOCKS.get(level, 0) < version:
            for number, attempt in enumerate(all_attempts().values()):
                if attempt.expected(level, version) is not None:
                    yield from (Case(attempt.key, level, name) for name in _users(level, attempt, number))


def _users(level: str, attempt: Attempt, number: int) -> tuple[str, ...]:
    """Everybody at the full level; below it they take turns, unless all is asked for.

    So do old versions of Landlock, and the levels with bubblewrap, at what has to do with them; and where
    nothing but limits holds, which are the same with and without the rest, the levels without a part.
    """
    names, old = tuple(NAMES), OLD_LANDLOCKS.get(level)
    if level == "full" or os.environ.get("KERAS_LSP_ALL_ESCAPES"):
        return names
    if old is not None and (not attempt.is_about_landlock or number % len(OLD_LANDLOCKS) != old - 1):
        return ()
    if level in WRAPPED and not _is_its_turn(level, attempt, number):
        return ()
    if attempt.held_by == ("limits",) and level == _WITHOUT_ONE[number // len(names) % len(_WITHOUT_ONE)]:
        return ()
    return (names[number % len(names)],)


def _is_its_turn(level: str, attempt: Attempt, number: int) -> bool:
    """Each costs the start of an interpreter, so a third of the escapes, where nothing but bubblewrap and
    limits holds them, and each honest use at one of the levels."""
    tried_here = attempt.kind == ALLOWED or level == AROUND
    return tried_here and attempt.is_about_bubblewrap and number % len(WRAPPED) == list(WRAPPED).index(level)


def name_of(case: Case) -> str:
    return f"{case.attempt}-{case.level}-{case.user}"


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest) -> dict[Case, Run | str]:
    """All that were asked for, side by side, as most of them wait most of the time; or why one cannot be."""
    wanted = {
        item.callspec.params["case"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and "case" in getattr(item, "fixturenames", ())
        if hasattr(item, "callspec") and isinstance(item.callspec.params["case"], Case)
    }
    for found in filter(None, map(user, NAMES)):
        watch_prefix(found.prefix)
    # Those that wait longest first.
    ordered = sorted(wanted, key=lambda case: (all_attempts()[case.attempt].kind != ENDED, case))
    workers = 2 + (os.cpu_count() or 2)
    with Listeners() as listeners, Stages(REPOSITORY) as stages, ThreadPoolExecutor(workers) as pool:
        seen = pool.map(lambda case: _run(case, listeners, stages), ordered)
        return dict(zip(ordered, seen, strict=True))


def _run(case: Case, listeners: Listeners, stages: Stages) -> Run | str:
    attempt, who = all_attempts()[case.attempt], user(case.user)
    if who is None:
        return f"no Python can be started for {case.user}"
    lacking = [need for need in attempt.needs if not _there(need, who)]
    if lacking:
        return f"needs {', '.join(lacking)}"
    if AROUND in LEVELS[case.level] and (reason := without_bubblewrap(who)):
        return reason
    return run(attempt, case.level, who, listeners, stages)


def _there(need: str, who: User) -> bool:
    if need in ("numpy", "h5py"):
        return who.imports(need)
    if need == "zoneinfo":
        return Path("/usr/share/zoneinfo/Europe/Berlin").exists()
    return need in (platform.machine(), "terminal")


@pytest.mark.parametrize("case", list(cases()), ids=name_of)
def test_attempt(runs: dict[Case, Run | str], case: Case) -> None:
    attempt, seen = all_attempts()[case.attempt], runs[case]
    if isinstance(seen, str):
        pytest.skip(seen)
    if seen.outcome == "absent":
        pytest.skip(seen.detail)
    expected = attempt.expected(case.level, landlock.version())
    problem = _unexpected(attempt, expected, seen)
    if problem:
        pytest.fail(f"{name_of(case)} should be {expected}: {problem}\n{seen}", pytrace=False)


def _unexpected(attempt: Attempt, expected: str | None, seen: Run) -> str:
    """What is wrong; "" when nothing is."""
    if seen.traces:
        return "it was felt outside"
    if attempt.kind == ALLOWED and expected == BLOCKED:  # libraries may hide why they fail
        return "" if seen.outcome in ("refused", "broken") else f"it was {seen.outcome}"
    if seen.outcome in ("broken", "unconfined"):
        return f"it was {seen.outcome}, which says nothing"
    if expected == ALLOWED:
        return "" if seen.outcome == "achieved" else "an honest use was refused"
    if seen.outcome == "achieved" and not attempt.seen_outside:
        return "it succeeded"
    if expected == BLOCKED and seen.outcome == "silent":
        by_confinement = seen.end in _BY_CONFINEMENT or (attempt.may_crash and seen.end.startswith("SIGNAL"))
        return "" if by_confinement else "it ended without an answer"
    if expected == ENDED and attempt.hangs != seen.end.startswith("killed"):
        return "it had to be killed" if not attempt.hangs else "it ended by itself"
    return ""
