"""Memory that belongs to no process alone, or to the kernel: no limit counts it, so the filter refuses it."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox.calls import call
from tests.sandbox.registry import blocked
from tests.sandbox.resources import MUCH, PAGE, READ_AND_WRITE, fill, mapped, touch

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

_ANONYMOUS, _SHARED, _SHARED_VALIDATE = mmap.MAP_ANONYMOUS, mmap.MAP_SHARED, 0x03
_MEGABYTE = 1 << 20
_PRIVATE_KEY, _NEW, _REMOVE = 0, 0o1600, 0


@blocked("seccomp")
def shared_map(_: Scene) -> str:
    touch(mmap.mmap(-1, MUCH), MUCH)
    return f"touched {MUCH >> 20} MB"


@blocked("seccomp")
def shared_map_validated(_: Scene) -> str:
    """The newer kind of sharing, which is a bit more; the kernel knows it for files only."""
    return fill(mapped(MUCH, READ_AND_WRITE, _SHARED_VALIDATE | _ANONYMOUS), MUCH)


@blocked("seccomp", "landlock")
def shared_zeros(_: Scene) -> str:
    descriptor = os.open("/dev/zero", os.O_RDWR)
    return fill(mapped(MUCH, READ_AND_WRITE, _SHARED, descriptor), MUCH)


@blocked("landlock")
def shared_zeros_read(_: Scene) -> str:
    """Zeros that are only read take memory, too, when they are shared."""
    address = mapped(MUCH, mmap.PROT_READ, _SHARED, os.open("/dev/zero", os.O_RDONLY))
    for offset in range(0, MUCH, PAGE):
        ctypes.c_char.from_address(address + offset).value  # noqa: B018  # reading is what takes it
    return f"touched {MUCH >> 20} MB"


@blocked("seccomp")
def memory_file(_: Scene) -> str:
    descriptors = [os.memfd_create("much") for _number in range(MUCH // (16 << 20))]
    for descriptor in descriptors:
        os.write(descriptor, bytes(16 << 20))
    return f"wrote {MUCH >> 20} MB"


@blocked("seccomp")
def secret_memory(_: Scene) -> str:
    return f"descriptor {call('memfd_secret', 0)}"


@blocked("seccomp", "landlock", "bubblewrap")
def shared_memory_folder(scene: Scene) -> str:
    for number in range(MUCH // (16 << 20)):
        Path(f"/dev/shm/{scene.folder.name}-{number}").write_bytes(bytes(16 << 20))  # noqa: S108  # what is tried
    return f"wrote {MUCH >> 20} MB"


@blocked("seccomp", "landlock", "bubblewrap")
def shared_memory_object(scene: Scene) -> str:
    from multiprocessing import shared_memory

    made = shared_memory.SharedMemory(scene.folder.name, create=True, size=_MEGABYTE)
    return f"made {made.name}"


@blocked("seccomp")
def system_v_memory(_: Scene) -> str:
    number = call("shmget", _PRIVATE_KEY, _MEGABYTE, _NEW)
    call("shmctl", number, _REMOVE, None)
    return f"segment {number}"


@blocked("seccomp")
def system_v_messages(_: Scene) -> str:
    number = call("msgget", _PRIVATE_KEY, _NEW)
    call("msgctl", number, _REMOVE, None)
    return f"queue {number}"


@blocked("seccomp")
def system_v_semaphores(_: Scene) -> str:
    number = call("semget", _PRIVATE_KEY, 1, _NEW)
    call("semctl", number, 0, _REMOVE)
    return f"semaphores {number}"


@blocked("seccomp")
def message_queue(scene: Scene) -> str:
    name = scene.folder.name.encode()
    descriptor = call("mq_open", name, os.O_CREAT | os.O_RDWR, 0o600, None)
    call("mq_unlink", name)
    return f"descriptor {descriptor}"
