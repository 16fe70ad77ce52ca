"""The layouts of Windows, from its documentation, and the order of calls. Nobody has run it there yet."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from keras_lsp.worker.confine import windows

# Of 64-bit Windows: winnt.h, processthreadsapi.h, psapi.h.
SIZES = {
    windows.BasicLimits: 64,
    windows.ExtendedLimits: 144,
    windows.SidAndAttributes: 16,
    windows.StartupInfo: 104,
    windows.ProcessInformation: 24,
    windows.MemoryCounters: 72,
}
OFFSETS = {
    (windows.BasicLimits, "LimitFlags"): 16,
    (windows.BasicLimits, "ActiveProcessLimit"): 40,
    (windows.ExtendedLimits, "IoInfo"): 64,
    (windows.ExtendedLimits, "ProcessMemoryLimit"): 112,
    (windows.StartupInfo, "dwFlags"): 60,
    (windows.StartupInfo, "wShowWindow"): 64,
    (windows.StartupInfo, "hStdInput"): 80,
    (windows.MemoryCounters, "PagefileUsage"): 56,
}


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="layouts of 64-bit systems")
def test_layouts() -> None:
    assert {kind: ctypes.sizeof(kind) for kind in SIZES} == SIZES
    assert {key: getattr(*key).offset for key in OFFSETS} == OFFSETS


def test_limits_of_a_replay() -> None:
    limits = windows.limits_of_replay(512 << 20, 7)
    basic = limits.BasicLimitInformation
    assert basic.LimitFlags == 0x100 | 0x2 | 0x8
    assert (basic.ActiveProcessLimit, basic.PerProcessUserTimeLimit) == (1, 70_000_000)
    assert limits.ProcessMemoryLimit == 512 << 20


def test_a_worker_ends_with_its_launcher() -> None:
    assert windows.limits_of_worker().BasicLimitInformation.LimitFlags == 0x2000 | 0x400


def test_the_command_line_is_taken_apart_into_the_same_words() -> None:
    line = windows.command_line([r"C:\Program Files\Python\python.exe", "a b", 'say "x"', "C:\\x\\"])
    assert line == r'"C:\Program Files\Python\python.exe" "a b" "say \"x\"" C:\x' + "\\"


class Library:
    """Stands for kernel32 and advapi32: notes what is called, and lets one call fail."""

    def __init__(self, failing: str = "") -> None:
        self.calls: list[str] = []
        self.failing = failing

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            self.calls.append(name)
            if name == "CreateProcessAsUserW":
                arguments[-1]._obj.hProcess = 5
                assert arguments[2].value == "python boot.py"
                assert arguments[6].value & 0x4, "not suspended"
            if name == "GetExitCodeProcess":
                arguments[-1]._obj.value = 3
            return {"SetNamedSecurityInfoW": 0, "ResumeThread": 1}.get(name, 1) if name != self.failing else 0

        return call


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library()
    monkeypatch.setattr(windows, "_library", lambda _: made)
    monkeypatch.setattr(ctypes, "get_last_error", lambda: 5, raising=False)
    return made


def test_it_runs_only_when_it_is_in_its_job(library: Library) -> None:
    assert windows.run("C:\\own", ["python", "boot.py"]) == 3
    steps = [
        "SetNamedSecurityInfoW", "CreateRestrictedToken", "SetTokenInformation", "SetInformationJobObject",
        "CreateProcessAsUserW", "AssignProcessToJobObject", "ResumeThread", "WaitForSingleObject",
    ]  # fmt: skip
    places = [library.calls.index(step) for step in steps]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "failing",
    ["CreateRestrictedToken", "SetTokenInformation", "SetInformationJobObject", "CreateProcessAsUserW"],
)
def test_nothing_is_started_when_a_step_fails(library: Library, failing: str) -> None:
    library.failing = failing
    with pytest.raises(OSError, match="Windows error 5"):
        windows.run("C:\\own", ["python", "boot.py"])
    assert "ResumeThread" not in library.calls


def test_what_is_in_no_job_is_ended_before_it_runs(library: Library) -> None:
    library.failing = "AssignProcessToJobObject"
    with pytest.raises(OSError, match="Windows error 5"):
        windows.run("C:\\own", ["python", "boot.py"])
    assert library.calls[-1] == "TerminateProcess"
    assert "ResumeThread" not in library.calls


def test_a_replay_is_bounded_on_top_of_what_it_uses(library: Library) -> None:
    windows.bound(1 << 20, 3)
    assert library.calls[-1] == "AssignProcessToJobObject"
