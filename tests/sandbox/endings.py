"""Programs that give no answer: they end, or never do."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from tests.sandbox.registry import ended

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene


def ignore_all() -> None:
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)


@ended(cpu=0)
def loop_in_python(_: Scene) -> str:
    while True:
        pass


@ended(cpu=0)
def loop_in_c(_: Scene) -> str:
    return str(sum(range(10**12)))


@ended(cpu=0)
def catastrophic_expression(_: Scene) -> str:
    return str(re.match("(a+)+$", "a" * 40 + "b"))


@ended(cpu=0)
def loop_without_signals(_: Scene) -> str:
    ignore_all()
    while True:
        pass


@ended(wall=1.0, hangs=True)
def sleep_without_signals(_: Scene) -> str:
    ignore_all()
    while True:
        time.sleep(1)


@ended(wall=1.0, hangs=True)
def deadlock(_: Scene) -> str:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
    return "never"


@ended(wall=1.0, hangs=True)
def stop(_: Scene) -> str:
    os.kill(os.getpid(), signal.SIGSTOP)
    return "continued"


@ended()
def exit_at_once(_: Scene) -> str:
    os._exit(7)


@ended()
def exit_as_python(_: Scene) -> str:
    sys.exit(3)


@ended()
def abort(_: Scene) -> str:
    os.abort()


@ended()
def segfault(_: Scene) -> str:
    return str(ctypes.string_at(0))


@ended()
def overflow_stack(_: Scene) -> str:
    """A function of Python's that C calls, in itself."""
    kind = ctypes.CFUNCTYPE(ctypes.c_int)
    sys.setrecursionlimit(10**8)

    def again() -> int:
        return int(deeper())

    deeper = kind(again)
    return str(deeper())


@ended()
def close_descriptors(_: Scene) -> str:
    os.closerange(0, 256)
    return "closed, and unheard"
