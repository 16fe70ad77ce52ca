"""Using up memory, threads, descriptors and disk. All bound themselves, should nothing else do it."""

from __future__ import annotations

import ctypes
import mmap
import os
import threading
import time
from typing import TYPE_CHECKING

from tests.sandbox.calls import libc
from tests.sandbox.registry import blocked
from tests.sandbox.scene import MEMORY_BYTES

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene

MUCH = 2 * MEMORY_BYTES
PAGE = mmap.PAGESIZE
READ_AND_WRITE = mmap.PROT_READ | mmap.PROT_WRITE
_PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
_GROWS_DOWN = 0x100  # MAP_GROWSDOWN
_FAILED = ctypes.c_void_p(-1).value


def touch(memory: mmap.mmap, length: int) -> None:
    """Have each page, not only its address."""
    for offset in range(0, length, PAGE):
        memory[offset] = 1


def mapped(length: int, protection: int, flags: int, descriptor: int = -1) -> int:
    """The address of new memory, by libc: `mmap.mmap` knows few flags."""
    function = libc().mmap
    function.restype = ctypes.c_void_p
    address = function(
        None, ctypes.c_size_t(length), protection, flags, ctypes.c_int(descriptor), ctypes.c_long(0)
    )
    if address is None or address == _FAILED:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(address)


def fill(address: int, length: int) -> str:
    ctypes.memset(address, 1, length)
    return f"filled {length >> 20} MB"


@blocked("limits")
def many_objects(_: Scene) -> str:
    kept = [bytearray(1 << 20) for _number in range(MUCH >> 20)]
    return f"{len(kept)} MB"


@blocked("limits")
def one_object(_: Scene) -> str:
    return f"{len(bytearray(MUCH))} bytes"


@blocked("limits")
def huge_number(_: Scene) -> str:
    return f"{(1 << (8 * MUCH)).bit_length()} bits"


@blocked("limits")
def small_objects(_: Scene) -> str:
    return f"{len([[] for _number in range(MUCH // 56)])} lists"


@blocked("limits")
def private_map(_: Scene) -> str:
    memory = mmap.mmap(-1, MUCH, flags=_PRIVATE)
    touch(memory, MUCH)
    return f"touched {MUCH >> 20} MB"


@blocked("limits")
def map_made_writable(_: Scene) -> str:
    """Counted only when it becomes writable."""
    address = mapped(MUCH, mmap.PROT_READ, _PRIVATE)
    if libc().mprotect(ctypes.c_void_p(address), ctypes.c_size_t(MUCH), READ_AND_WRITE) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return fill(address, MUCH)


@blocked("limits")
def grown_map(_: Scene) -> str:
    memory = mmap.mmap(-1, PAGE, flags=_PRIVATE)
    memory.resize(MUCH)
    touch(memory, MUCH)
    return f"touched {MUCH >> 20} MB"


@blocked("seccomp")
def stack_like_map(_: Scene) -> str:
    """Memory that grows downward is a stack to the kernel, which does not count it as data."""
    return fill(mapped(MUCH, READ_AND_WRITE, _PRIVATE | _GROWS_DOWN), MUCH)


@blocked("limits", may_crash=True)
def thread_bomb(_: Scene) -> str:
    for _number in range(400):
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
    return "400 threads"


@blocked("limits", may_crash=True)
def thread_stack_bomb(_: Scene) -> str:
    """Few threads, with all of the memory for their stacks."""
    threading.stack_size(64 << 20)
    for _number in range(MUCH // (64 << 20)):
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
    return f"{MUCH >> 20} MB of stacks"


@blocked("limits")
def descriptor_bomb(_: Scene) -> str:
    kept: list[int] = []
    while len(kept) < 3000:
        kept += os.pipe()
    return f"{len(kept)} descriptors"


@blocked("limits")
def big_file(scene: Scene) -> str:
    with (scene.own / "big").open("wb") as file:
        for _number in range(256):
            file.write(bytes(1 << 20))
            file.flush()
    return "wrote 256 MB"


@blocked("limits")
def sparse_file(scene: Scene) -> str:
    with (scene.own / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    return "1 TB long"


@blocked("limits")
def reserved_file(scene: Scene) -> str:
    with (scene.own / "reserved").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 256 << 20)
    return "reserved 256 MB"


@blocked("limits")
def file_made_by_mapping(scene: Scene) -> str:
    with (scene.own / "mapped").open("w+b") as file:
        file.truncate(MUCH)
        touch(mmap.mmap(file.fileno(), MUCH), MUCH)
    return f"touched {MUCH >> 20} MB"
