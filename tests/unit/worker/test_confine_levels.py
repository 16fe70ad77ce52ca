"""The level that `doctor` tells, on machines that lack one thing or several."""

from __future__ import annotations

import itertools

import pytest

from keras_lsp.sandbox.jail import FULL, describe_level
from keras_lsp.worker.confine import LANDLOCK, LIMITS, PARTS, SECCOMP
from keras_lsp.worker.confine.around import AROUND_VARIABLE, FAILED_VARIABLE
from keras_lsp.worker.confine.plan import BUBBLEWRAP, LEVEL_VARIABLE, SEATBELT, WINDOWS_JOB
from keras_lsp.worker.process import confinement, forking
from keras_lsp.worker.process.confinement import AROUND, OUTER, WORDS, Confinement

SUBSETS = [subset for length in range(len(PARTS) + 1) for subset in itertools.combinations(PARTS, length)]


def level(monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], around: str, forks: bool = True) -> str:
    monkeypatch.setattr(confinement, "offered", lambda: there)
    monkeypatch.setattr(forking, "threads", lambda: 3)
    monkeypatch.setenv(AROUND_VARIABLE, around)
    monkeypatch.delenv(LEVEL_VARIABLE, raising=False)
    return describe_level(Confinement(forks).in_force())[0]


@pytest.mark.parametrize("around", ["", LANDLOCK, SECCOMP, f"{LANDLOCK},{SECCOMP}"])
@pytest.mark.parametrize("there", SUBSETS)
def test_each_part_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], around: str
) -> None:
    said = level(monkeypatch, there, around)
    missing = [WORDS[part] for part in PARTS if part not in there]
    missing += [AROUND] if around != f"{LANDLOCK},{SECCOMP}" else []
    ordered = [words for words in FULL if words in missing]
    left = "reduced" if {LANDLOCK, SECCOMP} & set(there) or AROUND not in missing else "none"
    assert said == (f"{left}: not in force: {'; '.join(ordered)}" if ordered else "full")


@pytest.mark.parametrize("outer", [BUBBLEWRAP, SEATBELT, WINDOWS_JOB])
def test_what_is_around_is_told_and_makes_nothing_full(monkeypatch: pytest.MonkeyPatch, outer: str) -> None:
    said = level(monkeypatch, (LIMITS,), outer)
    for part in (LANDLOCK, SECCOMP):
        assert WORDS[part] in said.partition("Beside that")[0]
    assert said.startswith("reduced: ")
    assert said.endswith(f". Beside that: {OUTER[outer]}")
    assert ("untested" in said) == (outer != BUBBLEWRAP)


def test_landlock_is_not_claimed_where_threads_run_already(monkeypatch: pytest.MonkeyPatch) -> None:
    said = level(monkeypatch, PARTS, f"{LANDLOCK},{SECCOMP}", forks=False)
    assert said == f"reduced: not in force: {WORDS[LANDLOCK]}"


def test_what_was_tried_in_vain_is_told_and_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FAILED_VARIABLE, "No permissions")
    said = level(monkeypatch, (LIMITS,), "")
    assert said.startswith("none: ")
    assert said.endswith(". Beside that: bubblewrap was tried, but does not start here: No permissions")
