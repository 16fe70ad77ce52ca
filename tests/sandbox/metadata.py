"""Changing modes, owners, times and other things about files: no part of Landlock, so the filter's alone.

The filter may pretend that it was done, so each looks at what became of it.
"""

from __future__ import annotations

import array
import fcntl
import os
from typing import TYPE_CHECKING

from tests.sandbox.calls import call
from tests.sandbox.registry import Absent, Refused, blocked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sandbox.scene import Scene

_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602  # linux/fs.h
_NO_ACCESS_TIME = 0x80


def _effect(path: Path, action: Callable[[], object]) -> str:
    """What the action changed of a file."""
    before = path.stat()
    action()
    after = path.stat()
    shown = [
        (name, getattr(before, name), getattr(after, name))
        for name in ("st_mode", "st_uid", "st_gid", "st_mtime_ns")
        if getattr(before, name) != getattr(after, name)
    ]
    if not shown:
        raise Refused("nothing changed")
    return str(shown)


@blocked("seccomp", "bubblewrap")
def change_mode(scene: Scene) -> str:
    return _effect(scene.module, lambda: scene.module.chmod(0o777))


@blocked("seccomp", "bubblewrap")
def change_mode_by_descriptor(scene: Scene) -> str:
    return _effect(scene.module, lambda: os.fchmod(os.open(scene.module, os.O_RDONLY), 0o777))


@blocked("seccomp", "bubblewrap")
def change_mode_by_newer_call(scene: Scene) -> str:
    return _effect(scene.module, lambda: call("fchmodat2", -100, str(scene.module).encode(), 0o777, 0))


@blocked("seccomp", "bubblewrap")
def change_mode_of_secret(scene: Scene) -> str:
    return _effect(scene.secret, lambda: scene.secret.chmod(0o777))


@blocked("seccomp", "bubblewrap")
def change_mode_of_environment(scene: Scene) -> str:
    path = scene.environment / "library.py"
    return _effect(path, lambda: path.chmod(0o777))


@blocked("seccomp", "bubblewrap")
def change_mode_of_home(scene: Scene) -> str:
    return _effect(scene.home, lambda: scene.home.chmod(0o777))


@blocked("seccomp", "bubblewrap")
def change_mode_of_neighbour(scene: Scene) -> str:
    return _effect(scene.neighbour, lambda: scene.neighbour.chmod(0o777))


@blocked("seccomp", "bubblewrap")
def set_user_bit(scene: Scene) -> str:
    return _effect(scene.module, lambda: scene.module.chmod(0o4777))


@blocked("seccomp", "bubblewrap")
def change_owner(scene: Scene) -> str:
    return _effect(scene.module, lambda: os.chown(scene.module, 1, 1))


@blocked("seccomp", "bubblewrap")
def change_times(scene: Scene) -> str:
    return _effect(scene.module, lambda: os.utime(scene.module, (0, 0)))


@blocked("seccomp", "bubblewrap")
def change_times_by_descriptor(scene: Scene) -> str:
    return _effect(scene.module, lambda: os.utime(os.open(scene.module, os.O_RDONLY), (0, 0)))


@blocked("seccomp", "bubblewrap")
def set_attribute(scene: Scene) -> str:
    os.setxattr(scene.module, "user.evil", b"1")
    return _attributes(scene.module)


@blocked("seccomp", "bubblewrap")
def set_attribute_by_newer_call(scene: Scene) -> str:
    value = b"1"
    argument = array.array("Q", [id(value), len(value)]).tobytes()
    call("setxattrat", -100, str(scene.module).encode(), 0, b"user.evil", argument, 16)
    return _attributes(scene.module)


def _attributes(path: Path) -> str:
    found = os.listxattr(path)
    if "user.evil" not in found:
        raise Refused("nothing changed")
    return str(found)


@blocked("seccomp", "bubblewrap")
def set_file_flags(scene: Scene) -> str:
    """As `chattr` does, of a file that is open for reading."""
    descriptor = os.open(scene.module, os.O_RDONLY)
    flags = array.array("i", [0])
    try:
        fcntl.ioctl(descriptor, _GET_FLAGS, flags)
    except OSError as error:
        raise Absent(f"flags of files: {error}") from error
    before = flags[0]
    fcntl.ioctl(descriptor, _SET_FLAGS, array.array("i", [before ^ _NO_ACCESS_TIME]))
    fcntl.ioctl(descriptor, _GET_FLAGS, flags)
    if flags[0] == before:
        raise Refused("nothing changed")
    return f"flags {before:#x} became {flags[0]:#x}"
