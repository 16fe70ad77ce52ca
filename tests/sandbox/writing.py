"""Changing files that are not the program's own. Landlock refuses it, and without it the filter does."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox.calls import call
from tests.sandbox.registry import Absent, blocked

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene


def written(path: Path | str, flags: int = os.O_WRONLY | os.O_CREAT) -> str:
    descriptor = os.open(path, flags, 0o600)
    os.write(descriptor, b"evil")
    os.close(descriptor)
    return f"wrote {path}"


def opened_for_writing(path: str) -> str:
    """Of something that a write would really change."""
    os.close(os.open(path, os.O_WRONLY))
    return f"opened {path}"


@blocked("landlock", "seccomp", "bubblewrap")
def create_in_workspace(scene: Scene) -> str:
    return written(scene.workspace / "evil.py")


@blocked("landlock", "seccomp", "bubblewrap")
def create_by_creat(scene: Scene) -> str:
    return written(scene.workspace / "evil.py", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)


@blocked("landlock", "seccomp", "bubblewrap")
def create_empty(scene: Scene) -> str:
    """Made by being opened for reading."""
    os.close(os.open(scene.workspace / "evil.py", os.O_RDONLY | os.O_CREAT, 0o600))
    return "created"


@blocked("landlock", "seccomp", "bubblewrap")
def create_without_name(scene: Scene) -> str:
    descriptor = os.open(scene.workspace, os.O_TMPFILE | os.O_RDWR, 0o600)
    os.link(f"/proc/self/fd/{descriptor}", scene.workspace / "evil.py", follow_symlinks=True)
    return "linked"


@blocked("landlock", "seccomp", "bubblewrap")
def create_by_openat2(scene: Scene) -> str:
    how = (ctypes.c_uint64 * 3)(os.O_WRONLY | os.O_CREAT, 0o600, 0)
    call("openat2", -100, str(scene.workspace / "evil.py").encode(), how, 24)
    return "created"


@blocked("landlock", "seccomp", "bubblewrap")
def overwrite_module(scene: Scene) -> str:
    return written(scene.module, os.O_WRONLY)


@blocked("landlock", "seccomp", "bubblewrap")
def overwrite_by_link(scene: Scene) -> str:
    return written(scene.workspace / "link" / "id_rsa", os.O_RDWR)


@blocked("landlock", "seccomp", "bubblewrap")
def overwrite_by_reopening(scene: Scene) -> str:
    """A descriptor for reading, opened again for writing."""
    return written(f"/proc/self/fd/{os.open(scene.module, os.O_RDONLY)}", os.O_WRONLY)


@blocked("landlock", "seccomp", "bubblewrap")
def append_to_module(scene: Scene) -> str:
    return written(scene.module, os.O_WRONLY | os.O_APPEND)


@blocked("landlock", "seccomp", "bubblewrap")
def delete_module(scene: Scene) -> str:
    scene.module.unlink()
    return "deleted"


@blocked("landlock", "seccomp", "bubblewrap")
def delete_package(scene: Scene) -> str:
    shutil.rmtree(scene.workspace / "package")
    return "deleted"


@blocked("landlock", "seccomp", "bubblewrap")
def delete_folder(scene: Scene) -> str:
    (scene.workspace / "empty").rmdir()
    return "deleted"


@blocked("landlock3", "seccomp", "bubblewrap")
def truncate_module(scene: Scene) -> str:
    os.truncate(scene.module, 0)
    return "truncated"


@blocked("landlock3", "seccomp", "bubblewrap")
def truncate_by_reading(scene: Scene) -> str:
    """Linux cuts a file that is opened for reading, too."""
    os.close(os.open(scene.module, os.O_RDONLY | os.O_TRUNC))
    return "truncated"


@blocked("landlock3", "seccomp", "bubblewrap")
def truncate_by_neither_reading_nor_writing(scene: Scene) -> str:
    """The fourth way to open a file, for device controls only."""
    os.close(os.open(scene.module, os.O_ACCMODE | os.O_TRUNC))
    return "truncated"


@blocked("landlock", "seccomp", "bubblewrap")
def rename_module(scene: Scene) -> str:
    scene.module.rename(scene.workspace / "renamed.py")
    return "renamed"


@blocked("landlock", "seccomp", "bubblewrap")
def move_module_away(scene: Scene) -> str:
    scene.module.rename(scene.own / "module.py")
    return "moved"


@blocked("landlock", "seccomp", "bubblewrap")
def replace_module(scene: Scene) -> str:
    (scene.own / "module.py").write_text("evil", encoding="utf-8")
    (scene.own / "module.py").replace(scene.module)
    return "replaced"


@blocked("landlock", "seccomp", "bubblewrap")
def make_folder(scene: Scene) -> str:
    (scene.workspace / "evil").mkdir()
    return "made"


@blocked("landlock", "seccomp", "bubblewrap")
def link_module(scene: Scene) -> str:
    os.link(scene.module, scene.workspace / "linked.py")
    return "linked"


@blocked("landlock", "seccomp", "bubblewrap")
def link_module_into_own(scene: Scene) -> str:
    """Writable by its new name, were it possible."""
    os.link(scene.module, scene.own / "linked.py")
    return written(scene.own / "linked.py", os.O_WRONLY)


@blocked("landlock", "seccomp", "bubblewrap")
def link_to_module(scene: Scene) -> str:
    (scene.workspace / "linked.py").symlink_to(scene.module)
    return "linked"


@blocked("landlock", "seccomp", "bubblewrap")
def write_by_own_link(scene: Scene) -> str:
    (scene.own / "linked.py").symlink_to(scene.module)
    return written(scene.own / "linked.py", os.O_WRONLY)


@blocked("landlock", "seccomp", "bubblewrap")
def make_pipe(scene: Scene) -> str:
    os.mkfifo(scene.workspace / "pipe")
    return "made"


@blocked("landlock", "seccomp", "bubblewrap")
def make_device(scene: Scene) -> str:
    os.mknod(scene.own / "memory", 0o600 | 0o020000, os.makedev(1, 1))
    return "made"


@blocked("landlock", "seccomp", "bubblewrap")
def write_environment(scene: Scene) -> str:
    return written(scene.environment / "sitecustomize.py")


@blocked("landlock", "seccomp", "bubblewrap")
def write_prefix(scene: Scene) -> str:
    return written(Path(sys.prefix) / scene.folder.name)


@blocked("landlock", "seccomp", "bubblewrap")
def delete_of_environment(scene: Scene) -> str:
    (scene.environment / "library.py").unlink()
    return "deleted"


@blocked("landlock3", "seccomp", "bubblewrap")
def truncate_environment(scene: Scene) -> str:
    os.truncate(scene.environment / "library.py", 0)
    return "truncated"


@blocked("landlock", "seccomp", "bubblewrap")
def delete_of_home(scene: Scene) -> str:
    shutil.rmtree(scene.home / ".ssh")
    return "deleted"


@blocked("landlock3", "seccomp", "bubblewrap")
def truncate_home(scene: Scene) -> str:
    """By a name, which needs no permission to read."""
    os.truncate(scene.home / ".ssh" / "id_rsa", 0)
    return "truncated"


@blocked("landlock3", "seccomp", "bubblewrap")
def truncate_of_neighbour(scene: Scene) -> str:
    os.truncate(scene.neighbour / "notes.txt", 0)
    return "truncated"


@blocked("landlock", "seccomp", "bubblewrap")
def write_home(scene: Scene) -> str:
    return written(scene.home / ".bashrc", os.O_WRONLY | os.O_APPEND)


@blocked("landlock", "seccomp", "bubblewrap")
def write_neighbour(scene: Scene) -> str:
    return written(scene.neighbour / "evil")


@blocked("landlock", "seccomp", "bubblewrap")
def delete_of_neighbour(scene: Scene) -> str:
    (scene.neighbour / "notes.txt").unlink()
    return "deleted"


@blocked("landlock", "seccomp", "bubblewrap")
def write_beside(scene: Scene) -> str:
    return written(scene.folder / "evil")


@blocked("landlock", "seccomp", "bubblewrap")
def write_temporary_files(scene: Scene) -> str:
    return written(f"{scene.folder}-evil")


@blocked("landlock", "seccomp", "bubblewrap")
def write_shared_memory(scene: Scene) -> str:
    return written(Path("/dev/shm") / scene.folder.name)  # noqa: S108  # what is tried


@blocked("landlock", "seccomp", "bubblewrap")
def write_kernel_setting(_: Scene) -> str:
    return opened_for_writing("/proc/sys/kernel/core_pattern")


@blocked("landlock", "seccomp", "bubblewrap")
def write_control_group(_: Scene) -> str:
    for name in ("", "cpu", "memory", "pids", "unified"):
        if Path("/sys/fs/cgroup", name, "cgroup.procs").exists():
            return opened_for_writing(str(Path("/sys/fs/cgroup", name, "cgroup.procs")))
    raise Absent("no control groups")


@blocked("landlock", "seccomp")
def write_own_memory(_: Scene) -> str:
    """Writes to memory that is mapped for reading only."""
    return opened_for_writing("/proc/self/mem")


@blocked("landlock", "seccomp")
def write_own_killing_order(_: Scene) -> str:
    return opened_for_writing("/proc/self/oom_score_adj")
