"""Reading what is none of the program's business. Only Landlock tells one file from another."""

from __future__ import annotations

import ctypes
import os
import pwd
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox.calls import call
from tests.sandbox.registry import Absent, blocked

if TYPE_CHECKING:
    from tests.sandbox.scene import Scene


def text_of(path: Path | str) -> str:
    with Path(path).open("rb") as opened:
        return f"read {len(opened.read(4096))} bytes of {path}"


def listed(folder: Path | str) -> int:
    return len(list(Path(folder).iterdir()))


@blocked("landlock", "bubblewrap")
def read_ssh_key(scene: Scene) -> str:
    return text_of(scene.home / ".ssh" / "id_rsa")


@blocked("landlock", "bubblewrap")
def list_home(scene: Scene) -> str:
    return f"listed {listed(scene.home)} entries"


@blocked("landlock")
def list_home_of_passwd(_: Scene) -> str:
    home = pwd.getpwuid(os.getuid()).pw_dir
    if not Path(home).is_dir():
        raise Absent(f"no home {home}")
    return f"listed {listed(home)} entries of {home}"


@blocked("landlock")
def list_temporary_files(scene: Scene) -> str:
    return f"listed {listed(scene.folder.parent)} entries"


@blocked("landlock")
def read_shadow(_: Scene) -> str:
    return text_of("/etc/shadow")


@blocked("landlock")
def read_passwd(_: Scene) -> str:
    return text_of("/etc/passwd")


@blocked("landlock", "bubblewrap")
def read_other_workspace(scene: Scene) -> str:
    return text_of(scene.other / "project.py")


@blocked("landlock", "bubblewrap")
def list_other_workspace(scene: Scene) -> str:
    return f"listed {listed(scene.other)} entries"


@blocked("landlock", "bubblewrap")
def read_neighbour(scene: Scene) -> str:
    return text_of(scene.neighbour / "notes.txt")


@blocked("landlock", "bubblewrap")
def read_dotenv_beside(scene: Scene) -> str:
    return text_of(scene.folder / ".env")


@blocked("landlock", "bubblewrap")
def read_dotenv_of_other(scene: Scene) -> str:
    return text_of(scene.other / ".env")


@blocked("landlock", "bubblewrap")
def read_dotenv_of_workspace(scene: Scene) -> str:
    return text_of(scene.workspace / ".env")


@blocked("landlock", "bubblewrap")
def read_key_of_workspace(scene: Scene) -> str:
    return text_of(scene.workspace / "package" / "server.pem")


@blocked("landlock", "bubblewrap")
def read_by_link_of_workspace(scene: Scene) -> str:
    return text_of(scene.workspace / "link" / "id_rsa")


@blocked("landlock", "seccomp", "bubblewrap")
def read_by_own_link(scene: Scene) -> str:
    link = scene.own / "symbolic"
    link.symlink_to(scene.secrets)
    return text_of(link / "id_rsa")


@blocked("landlock", "seccomp", "bubblewrap")
def read_by_own_hard_link(scene: Scene) -> str:
    link = scene.own / "hard"
    os.link(scene.secret, link)
    return text_of(link)


@blocked("landlock", "seccomp", "bubblewrap")
def read_after_exchange(scene: Scene) -> str:
    """Rename the whole folder to where reading is allowed."""
    scene.secrets.rename(scene.own / "moved")
    return text_of(scene.own / "moved" / "id_rsa")


@blocked("landlock", "bubblewrap")
def read_by_dots(scene: Scene) -> str:
    return text_of(f"{scene.workspace}/package/../../secrets/id_rsa")


@blocked("landlock", "bubblewrap")
def read_after_chdir(scene: Scene) -> str:
    os.chdir(scene.secrets)
    return text_of("id_rsa")


@blocked("landlock", "bubblewrap")
def read_by_proc_root(scene: Scene) -> str:
    return text_of(f"/proc/self/root{scene.secret}")


@blocked("landlock", "bubblewrap")
def read_by_proc_cwd(_: Scene) -> str:
    return text_of("/proc/self/cwd/../secrets/id_rsa")


@blocked("landlock", "bubblewrap")
def read_by_proc_of_thread(scene: Scene) -> str:
    return text_of(f"/proc/thread-self/root{scene.secret}")


@blocked("landlock", "bubblewrap")
def read_by_path_descriptor(scene: Scene) -> str:
    """A descriptor that opens nothing may be had of any folder; what is below it may not be opened."""
    folder = os.open(scene.secrets, os.O_PATH | os.O_DIRECTORY)
    with os.fdopen(os.open("id_rsa", os.O_RDONLY, dir_fd=folder), "rb") as opened:
        return f"read {len(opened.read())} bytes"


@blocked("landlock", "bubblewrap")
def read_by_reopening(scene: Scene) -> str:
    return text_of(f"/proc/self/fd/{os.open(scene.secret, os.O_PATH)}")


@blocked("landlock", "seccomp", "bubblewrap")
def read_by_openat2(scene: Scene) -> str:
    how = (ctypes.c_uint64 * 3)(0, 0, 0)
    opened = call("openat2", -100, str(scene.secret).encode(), how, 24)
    return f"read {len(os.read(opened, 4096))} bytes"


@blocked("landlock", "seccomp", "bubblewrap")
def read_by_handle(scene: Scene) -> str:
    """Root may open files by number, without a path."""
    handle = ctypes.create_string_buffer(136)
    ctypes.cast(handle, ctypes.POINTER(ctypes.c_uint32))[0] = 128
    mount = ctypes.c_int()
    call("name_to_handle_at", -100, str(scene.secret).encode(), handle, ctypes.byref(mount), 0)
    opened = call("open_by_handle_at", os.open(scene.own, os.O_RDONLY), handle, os.O_RDONLY)
    return f"read {len(os.read(opened, 4096))} bytes"


@blocked("bubblewrap")
def ask_about_secret(scene: Scene) -> str:
    """That it is there, how large and how old: no part of Landlock."""
    return str(scene.secret.stat())


@blocked("landlock")
def read_disk(_: Scene) -> str:
    for name in ("vda", "sda", "nvme0n1", "xvda"):
        if Path("/dev", name).exists():
            return text_of(f"/dev/{name}")
    raise Absent("no disk of a usual name")


@blocked("landlock")
def read_kernel_memory(_: Scene) -> str:
    if not Path("/proc/kcore").exists():
        raise Absent("no /proc/kcore")
    return text_of("/proc/kcore")


@blocked("landlock")
def list_devices(_: Scene) -> str:
    return f"listed {listed('/dev')} devices"


@blocked("landlock")
def list_processes(_: Scene) -> str:
    return f"listed {listed('/proc')} entries"


@blocked("landlock")
def read_network_state(_: Scene) -> str:
    """Which connections the machine has; below /proc/self, which is readable otherwise."""
    return text_of("/proc/net/tcp")
