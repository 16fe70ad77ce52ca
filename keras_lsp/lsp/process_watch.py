"""Waiting for the end of a process that is not our child."""

from __future__ import annotations

import asyncio
import os
import sys

_POLL_SECONDS = 2.0


async def gone(pid: int) -> bool:
    """Waits until the process has ended: True. False at once when it cannot be seen from here.

    A client in another container gives a number that means nothing here; its stdin then is the only sign.
    """
    if not is_alive(pid):
        return False
    if sys.platform == "linux":
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            pass
        else:
            return await _readable(descriptor)
    while is_alive(pid):  # noqa: ASYNC110 - no event tells of a foreign process; it can only be looked at
        await asyncio.sleep(_POLL_SECONDS)
    return True


async def _readable(descriptor: int) -> bool:
    """A pidfd is readable from the moment its process ends, also when nobody has reaped it."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        return await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


if sys.platform == "win32":
    import ctypes

    _SYNCHRONIZE = 0x00100000
    _WAIT_TIMEOUT = 0x102

    def is_alive(pid: int) -> bool:
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_SYNCHRONIZE, False, pid)
        if not handle:
            return False
        try:
            return bool(kernel.WaitForSingleObject(handle, 0) == _WAIT_TIMEOUT)
        finally:
            kernel.CloseHandle(handle)

else:

    def is_alive(pid: int) -> bool:
        if pid <= 0:
            return False
        try:
            os.kill(pid, 0)
        except PermissionError:  # there, but somebody else's
            return True
        except (ProcessLookupError, OverflowError):
            return False
        return True
