"""What a replay may read beside a workspace, and what it may not read of one: system paths and secrets."""

from __future__ import annotations

import fnmatch
import os
import sys
from typing import Tuple

try:
    import pwd
except ImportError:  # Windows
    pwd = None  # type: ignore[assignment]  # asked for before its use

_SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt", "/nix/store", "/gnu/store"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/nsswitch.conf"),
    # Not /dev/zero: shared maps of it are memory that no limit counts.
    *("/dev/null", "/dev/random", "/dev/urandom"),
    # Not all of /proc/self: its `net` shows every connection of the machine, `mem` and `task` lead on.
    *(
        f"/proc/self/{name}"
        for name in ("status", "stat", "statm", "maps", "cgroup", "fd", "mountinfo", "cmdline")
    ),
    *(
        "/proc/self/exe",
        "/proc/self/auxv",
        "/proc/self/limits",
        "/proc/meminfo",
        "/proc/cpuinfo",
        "/proc/stat",
        "/proc/filesystems",
    ),
    *("/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/osrelease", "/proc/version"),
    *("/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/fs/cgroup"),
)
# Beside everything whose name begins with a dot. Python files are sources, whatever they are called.
SECRETS = (
    *(
        "id_rsa*",
        "id_dsa*",
        "id_ecdsa*",
        "id_ed25519*",
        "*.pem",
        "*.key",
        "*.p12",
        "*.pfx",
        "*.jks",
        "*.kdbx",
    ),
    *("*.keystore", "*.ppk", "*.asc", "*.gpg", "*.age", "*.env", "*.ovpn", "*.tfstate", "*.tfvars"),
    *("credentials", "credentials.*", "secrets", "secrets.*", "client_secret*", "service[-_]account*"),
    *("htpasswd", "kubeconfig", "*_token", "token.*", "passwords*"),
)
SOURCES = (".py", ".pyi")
_NO_SOURCES = ("node_modules",)  # tens of thousands of files, with links and names of secrets among them
ENVIRONMENT = "pyvenv.cfg"  # what makes a folder a virtual environment


def system_paths() -> Tuple[str, ...]:
    """The interpreter, what it imports from outside the workspace, and what every process reads."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    packages = [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages", ".zip"))]
    return (*_SYSTEM, own, *sorted(prefixes), *packages, *(path for path in libraries if path))


def home_folder() -> str:
    """Of the user, whatever variables say; "" where there is no such thing."""
    return os.path.realpath(pwd.getpwuid(os.getuid()).pw_dir) if pwd is not None else ""


def is_home(folder: str) -> bool:
    """Whether it is the home folder, or above it."""
    return folder == os.sep or (home_folder() + os.sep).startswith(folder.rstrip(os.sep) + os.sep)


def is_secret(name: str) -> bool:
    """Whether a file or folder of a workspace is kept from replays, by its name."""
    if name.startswith("."):
        return True
    lowered = name.lower()
    return not lowered.endswith(SOURCES) and any(fnmatch.fnmatchcase(lowered, one) for one in SECRETS)


def holds_no_sources(name: str) -> bool:
    """Whether nothing in a folder of that name is of use to a replay: it is not even looked through."""
    return name in _NO_SOURCES


def refusal(error: BaseException, here: str) -> str:
    """Why a file was not opened where it is the sandbox that says no; "" for any other error.

    `here`: the folder that the program runs in, whose own name does not count.
    """
    name = getattr(error, "filename", None)
    if not isinstance(error, PermissionError) or not isinstance(name, (str, bytes)):
        return ""
    path = os.path.join(here, os.fsdecode(name))
    if not os.access(path, os.R_OK):  # nobody may read it
        return ""
    below = os.path.relpath(path, here).split(os.sep)
    parts = below if below[0] != os.pardir else below[-1:]
    shown = os.fsdecode(name)
    if any(map(is_secret, filter(None, parts))):
        return f"`{shown}` looks like a secret, so a replay may not read it"
    return f"`{shown}` lies where a replay may not read"
