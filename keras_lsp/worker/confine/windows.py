"""Windows: a worker with a restricted token of low integrity in a job, as far as nobody's leave is needed.

*Untested on a real machine.* The token has no privileges, and its low integrity keeps it from writing to
anything that is not marked as low, which is the worker's own folder only; it does not keep it from reading or
from the network. The job ends all of it with its last handle, which the launcher holds. The layouts are those
of the Windows SDK (winnt.h, processthreadsapi.h), for 64-bit systems.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from typing import Any, List

_DWORD, _HANDLE, _SIZE, _BIG = ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64

# winnt.h
LIMIT_PROCESS_TIME = 0x2
LIMIT_ACTIVE_PROCESS = 0x8
LIMIT_PROCESS_MEMORY = 0x100
LIMIT_DIE_ON_UNHANDLED_EXCEPTION = 0x400
LIMIT_KILL_ON_JOB_CLOSE = 0x2000
_EXTENDED_LIMITS, _UI_RESTRICTIONS = 9, 4  # JOBOBJECTINFOCLASS
_ALL_OF_UI = 0xFF
_DISABLE_MAX_PRIVILEGE = 0x1
_TOKEN_ACCESS = 0x0002 | 0x0001 | 0x0008 | 0x0080  # duplicate, assign as primary, query, adjust default
_TOKEN_INTEGRITY_LEVEL = 25  # TOKEN_INFORMATION_CLASS
_SE_GROUP_INTEGRITY = 0x20
_LOW_INTEGRITY = "S-1-16-4096"
# Everything made in the folder, and the folder, can be written by programs of low integrity.
_LOW_LABEL = "S:(ML;OICI;NW;;;LW)"
_SE_FILE_OBJECT, _LABEL_SECURITY_INFORMATION = 1, 0x10
# winbase.h
_CREATE_SUSPENDED, _CREATE_NO_WINDOW, _STARTF_USESTDHANDLES = 0x4, 0x08000000, 0x100
_STANDARD_HANDLES = (-10 & 0xFFFFFFFF, -11 & 0xFFFFFFFF, -12 & 0xFFFFFFFF)
_HANDLE_FLAG_INHERIT = 1
_INFINITE = 0xFFFFFFFF


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION; times in units of 100 ns."""

    _fields_ = [
        ("PerProcessUserTimeLimit", _BIG),
        ("PerJobUserTimeLimit", _BIG),
        ("LimitFlags", _DWORD),
        ("MinimumWorkingSetSize", _SIZE),
        ("MaximumWorkingSetSize", _SIZE),
        ("ActiveProcessLimit", _DWORD),
        ("Affinity", _SIZE),
        ("PriorityClass", _DWORD),
        ("SchedulingClass", _DWORD),
    ]


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION"""

    _fields_ = [
        ("BasicLimitInformation", BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", _SIZE),
        ("JobMemoryLimit", _SIZE),
        ("PeakProcessMemoryUsed", _SIZE),
        ("PeakJobMemoryUsed", _SIZE),
    ]


class SidAndAttributes(ctypes.Structure):
    """SID_AND_ATTRIBUTES, which is all of TOKEN_MANDATORY_LABEL too."""

    _fields_ = [("Sid", ctypes.c_void_p), ("Attributes", _DWORD)]


class StartupInfo(ctypes.Structure):
    """STARTUPINFOW"""

    _fields_ = [
        ("cb", _DWORD),
        ("lpReserved", ctypes.c_wchar_p),
        ("lpDesktop", ctypes.c_wchar_p),
        ("lpTitle", ctypes.c_wchar_p),
        *((name, _DWORD) for name in ("dwX", "dwY", "dwXSize", "dwYSize", "dwXCountChars", "dwYCountChars")),
        *((name, _DWORD) for name in ("dwFillAttribute", "dwFlags")),
        ("wShowWindow", ctypes.c_uint16),
        ("cbReserved2", ctypes.c_uint16),
        ("lpReserved2", ctypes.c_void_p),
        ("hStdInput", _HANDLE),
        ("hStdOutput", _HANDLE),
        ("hStdError", _HANDLE),
    ]


class ProcessInformation(ctypes.Structure):
    """PROCESS_INFORMATION"""

    _fields_ = [("hProcess", _HANDLE), ("hThread", _HANDLE), ("dwProcessId", _DWORD), ("dwThreadId", _DWORD)]


class MemoryCounters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS"""

    _fields_ = [
        ("cb", _DWORD),
        ("PageFaultCount", _DWORD),
        ("PeakWorkingSetSize", _SIZE),
        ("WorkingSetSize", _SIZE),
        *((f"Quota{name}", _SIZE) for name in ("PeakPaged", "Paged", "PeakNonPaged", "NonPaged")),
        ("PagefileUsage", _SIZE),
        ("PeakPagefileUsage", _SIZE),
    ]


def limits_of_worker() -> ExtendedLimits:
    """It ends with the last handle of its job, also when the launcher is killed; and shows no dialog."""
    limits = ExtendedLimits()
    limits.BasicLimitInformation.LimitFlags = LIMIT_KILL_ON_JOB_CLOSE | LIMIT_DIE_ON_UNHANDLED_EXCEPTION
    return limits


def limits_of_replay(memory_bytes: int, cpu_seconds: int) -> ExtendedLimits:
    """In all, for the one process that is there: no other can be started."""
    limits = ExtendedLimits()
    basic = limits.BasicLimitInformation
    basic.LimitFlags = LIMIT_PROCESS_MEMORY | LIMIT_PROCESS_TIME | LIMIT_ACTIVE_PROCESS
    basic.ActiveProcessLimit = 1
    basic.PerProcessUserTimeLimit = cpu_seconds * 10_000_000
    limits.ProcessMemoryLimit = memory_bytes
    return limits


def available() -> bool:
    return sys.platform == "win32"


def bound(memory_bytes: int, cpu_seconds: int) -> None:
    """Bound what this process may use from now on, on top of what it uses. Raises OSError."""
    kernel = _library("kernel32")
    this = _HANDLE(kernel.GetCurrentProcess())
    counters = MemoryCounters(cb=ctypes.sizeof(MemoryCounters))
    _check(kernel.K32GetProcessMemoryInfo(this, ctypes.byref(counters), counters.cb))
    # In a job of its own within that of the worker; its handle stays open as long as the process lives.
    job = _job(kernel, limits_of_replay(counters.PagefileUsage + memory_bytes, cpu_seconds))
    _check(kernel.AssignProcessToJobObject(job, this))


def run(folder: str, command: List[str]) -> int:
    """Start the command under the restricted token and wait for it; its exit status. Raises OSError."""
    kernel, advapi = _library("kernel32"), _library("advapi32")
    _mark_low(advapi, kernel, folder)
    token = _low_token(kernel, advapi)
    job = _job(kernel, limits_of_worker())
    started = _start(kernel, advapi, token, command)
    try:
        _check(kernel.AssignProcessToJobObject(job, _HANDLE(started.hProcess)))
        if kernel.ResumeThread(_HANDLE(started.hThread)) == _INFINITE:
            _raise()
    except OSError:
        kernel.TerminateProcess(_HANDLE(started.hProcess), 1)
        raise
    kernel.WaitForSingleObject(_HANDLE(started.hProcess), _DWORD(_INFINITE))
    status = _DWORD()
    _check(kernel.GetExitCodeProcess(_HANDLE(started.hProcess), ctypes.byref(status)))
    return int(status.value)


def command_line(command: List[str]) -> str:
    """As the C runtime of the other side takes it apart."""
    return subprocess.list2cmdline(command)


def _job(kernel: Any, limits: ExtendedLimits) -> Any:
    job = _HANDLE(_check(kernel.CreateJobObjectW(None, None)))
    size = _DWORD(ctypes.sizeof(limits))
    _check(kernel.SetInformationJobObject(job, _EXTENDED_LIMITS, ctypes.byref(limits), size))
    everything = _DWORD(_ALL_OF_UI)  # clipboard, desktops, windows of others, shutting down
    _check(kernel.SetInformationJobObject(job, _UI_RESTRICTIONS, ctypes.byref(everything), _DWORD(4)))
    return job


def _low_token(kernel: Any, advapi: Any) -> Any:
    own, token = _HANDLE(), _HANDLE()
    this = _HANDLE(kernel.GetCurrentProcess())
    _check(advapi.OpenProcessToken(this, _DWORD(_TOKEN_ACCESS), ctypes.byref(own)))
    nothing = (_DWORD(0), None)
    _check(
        advapi.CreateRestrictedToken(
            own, _DWORD(_DISABLE_MAX_PRIVILEGE), *nothing, *nothing, *nothing, ctypes.byref(token)
        )
    )
    sid = ctypes.c_void_p()
    _check(advapi.ConvertStringSidToSidW(ctypes.c_wchar_p(_LOW_INTEGRITY), ctypes.byref(sid)))
    label = SidAndAttributes(sid, _SE_GROUP_INTEGRITY)
    size = _DWORD(ctypes.sizeof(label) + advapi.GetLengthSid(sid))
    _check(advapi.SetTokenInformation(token, _TOKEN_INTEGRITY_LEVEL, ctypes.byref(label), size))
    kernel.LocalFree(sid)
    return token


def _mark_low(advapi: Any, kernel: Any, folder: str) -> None:
    descriptor, acl = ctypes.c_void_p(), ctypes.c_void_p()
    _check(
        advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            ctypes.c_wchar_p(_LOW_LABEL), _DWORD(1), ctypes.byref(descriptor), None
        )
    )
    there, by_default = _DWORD(), _DWORD()
    _check(
        advapi.GetSecurityDescriptorSacl(
            descriptor, ctypes.byref(there), ctypes.byref(acl), ctypes.byref(by_default)
        )
    )
    failed = advapi.SetNamedSecurityInfoW(
        ctypes.c_wchar_p(folder), _SE_FILE_OBJECT, _DWORD(_LABEL_SECURITY_INFORMATION), None, None, None, acl
    )
    kernel.LocalFree(descriptor)
    if failed:
        raise OSError(failed, f"{folder} cannot be marked: error {failed}")


def _start(kernel: Any, advapi: Any, token: Any, command: List[str]) -> ProcessInformation:
    """Not yet running, so that it is in its job before its first step."""
    handles = [kernel.GetStdHandle(_DWORD(number)) for number in _STANDARD_HANDLES]
    for handle in handles:
        kernel.SetHandleInformation(_HANDLE(handle), _HANDLE_FLAG_INHERIT, _HANDLE_FLAG_INHERIT)
    startup = StartupInfo(cb=ctypes.sizeof(StartupInfo), dwFlags=_STARTF_USESTDHANDLES)
    startup.hStdInput, startup.hStdOutput, startup.hStdError = handles
    started = ProcessInformation()
    line = ctypes.create_unicode_buffer(command_line(command))  # the system writes into it
    flags = _DWORD(_CREATE_SUSPENDED | _CREATE_NO_WINDOW)
    _check(
        advapi.CreateProcessAsUserW(
            *(token, None, line, None, None, ctypes.c_int(1), flags, None, None),
            ctypes.byref(startup),
            ctypes.byref(started),
        )
    )
    return started


def _library(name: str) -> Any:
    """Handles are as wide as pointers, so no result may be cut to an int."""
    library = getattr(ctypes, "WinDLL")(name, use_last_error=True)  # noqa: B009  # exists on Windows only
    for function in ("GetCurrentProcess", "CreateJobObjectW", "GetStdHandle"):
        if name == "kernel32":
            getattr(library, function).restype = ctypes.c_void_p
    if name == "kernel32":
        library.ResumeThread.restype = _DWORD
    return library


def _check(result: Any) -> Any:
    if not result:
        _raise()
    return result


def _raise() -> None:
    code = getattr(ctypes, "get_last_error")()  # noqa: B009  # exists on Windows only
    raise OSError(code, f"Windows error {code}")
