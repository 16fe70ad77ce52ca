"""Sending signals to others. What can be told outside is told there: a victim holds all that come to it.

Where everything might be hit, the signal is one that is ignored unless someone waits for it.
"""

from __future__ import annotations

import array
import fcntl
import os
import signal
import socket
from typing import TYPE_CHECKING

from tests.sandbox.calls import call
from tests.sandbox.registry import blocked

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

_HARMLESS = signal.SIGURG
_QUEUED = -1  # SI_QUEUE
_SET_SIGNAL = 10  # F_SETSIG
_SET_OWNER_EXTENDED = 15  # F_SETOWN_EX
_SET_OWNER_OF_SOCKET = 0x8901  # FIOSETOWN


def _information() -> bytes:
    return array.array("i", [_HARMLESS, 0, _QUEUED, *[0] * 29]).tobytes()


@blocked("seccomp", "landlock6", "bubblewrap")
def kill_parent(scene: Scene) -> str:
    os.kill(scene.parent, signal.SIGTERM)
    return "sent SIGTERM"


@blocked("seccomp", "landlock6", "bubblewrap")
def kill_victim(scene: Scene) -> str:
    os.kill(scene.victim, signal.SIGKILL)
    return "killed"


@blocked("seccomp", "landlock6", "bubblewrap")
def stop_victim(scene: Scene) -> str:
    os.kill(scene.victim, signal.SIGSTOP)
    return "stopped"


@blocked("seccomp", "landlock6", "bubblewrap")
def look_for_victim(scene: Scene) -> str:
    os.kill(scene.victim, 0)
    return "it is there"


@blocked("seccomp", "landlock6", seen_outside=True)
def signal_group(_: Scene) -> str:
    os.kill(0, _HARMLESS)
    return "sent"


@blocked("seccomp", "landlock6", seen_outside=True)
def signal_group_by_number(_: Scene) -> str:
    os.killpg(os.getpgrp(), _HARMLESS)
    return "sent"


@blocked("seccomp", "landlock6", "bubblewrap", seen_outside=True)
def signal_all(_: Scene) -> str:
    os.kill(-1, _HARMLESS)
    return "sent"


@blocked("seccomp", "landlock6", "bubblewrap")
def signal_thread(scene: Scene) -> str:
    call("tgkill", scene.victim, scene.victim, int(_HARMLESS))
    return "sent"


@blocked("seccomp", "landlock6", "bubblewrap")
def signal_any_thread(scene: Scene) -> str:
    call("tkill", scene.victim, int(_HARMLESS))
    return "sent"


@blocked("seccomp", "landlock6", "bubblewrap")
def queue_signal(scene: Scene) -> str:
    call("rt_sigqueueinfo", scene.victim, int(_HARMLESS), _information())
    return "sent"


@blocked("seccomp", "landlock6", "bubblewrap")
def queue_signal_to_thread(scene: Scene) -> str:
    call("rt_tgsigqueueinfo", scene.victim, scene.victim, int(_HARMLESS), _information())
    return "sent"


@blocked("seccomp", "landlock6", "bubblewrap")
def signal_by_descriptor(scene: Scene) -> str:
    call("pidfd_send_signal", call("pidfd_open", scene.victim, 0), int(_HARMLESS), None, 0)
    return "sent"


@blocked("seccomp", "landlock6", "bubblewrap", seen_outside=True)
def signal_by_pipe(scene: Scene) -> str:
    """The kernel signals the owner of a pipe, who may be anyone, that there is something to read."""
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, scene.victim)
    return _announced(reading, writing)


@blocked("seccomp", "landlock6", seen_outside=True)
def signal_by_pipe_to_group(_: Scene) -> str:
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, -os.getpgrp())
    return _announced(reading, writing)


@blocked("seccomp", "landlock6", "bubblewrap", seen_outside=True)
def signal_by_pipe_to_thread(scene: Scene) -> str:
    reading, writing = os.pipe()
    fcntl.fcntl(reading, _SET_OWNER_EXTENDED, array.array("i", [0, scene.victim]).tobytes())
    return _announced(reading, writing)


@blocked("seccomp", "landlock6", "bubblewrap", seen_outside=True)
def signal_by_socket(scene: Scene) -> str:
    one, other = socket.socketpair()
    fcntl.ioctl(one.fileno(), _SET_OWNER_OF_SOCKET, array.array("i", [scene.victim]))
    return _announced(one.fileno(), other.fileno())


def _announced(reading: int, writing: int) -> str:
    fcntl.fcntl(reading, _SET_SIGNAL, int(_HARMLESS))
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(writing, b"x")
    return "announced"
