"""What a replay may read: the interpreter and its libraries, and the workspace without its secrets."""

from __future__ import annotations

import fnmatch
import os
import sys
import time
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

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
_SOURCES = (".py", ".pyi")
_MOST_ENTRIES = 20_000
_MOST_RULES = 2_000
_FRESH_SECONDS = 10.0


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


def is_secret(name: str) -> bool:
    """Whether a file or folder of a workspace is kept from replays, by its name."""
    if name.startswith("."):
        return True
    lowered = name.lower()
    return not lowered.endswith(_SOURCES) and any(fnmatch.fnmatchcase(lowered, one) for one in SECRETS)


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


class Readable(NamedTuple):
    """Paths that stand for themselves and all below them."""

    read: Tuple[str, ...]
    listed: Tuple[str, ...]  # only which files there are: what imports look for


class Workspace:
    """What is readable of some folders; looked for again when it was a while ago."""

    def __init__(self) -> None:
        self._known: Dict[str, Tuple[float, Readable]] = {}

    def readable(self, folders: Iterable[str]) -> Readable:
        read: List[str] = []
        listed: List[str] = []
        for folder in folders:
            known = self._known.get(folder)
            if known is None or time.monotonic() - known[0] > _FRESH_SECONDS:
                known = self._known[folder] = (time.monotonic(), readable(folder))
            read += known[1].read
            listed += known[1].listed
        return Readable(tuple(dict.fromkeys(read)), tuple(dict.fromkeys(listed)))


def readable(folder: str) -> Readable:
    """What may be read of a folder: itself when no secret is in it, else all in it that is none.

    A home folder, or one above it, is no project: of it only Python files and packages are. Where there is
    too much to look through, what was not looked at is left out, the deepest first. So are links; what they
    lead to can be read where it is part of the folder itself.
    """
    folder = os.path.realpath(folder)
    if folder == os.sep or (home_folder() + os.sep).startswith(folder + os.sep):
        return Readable(_sources_of(folder), ())
    return Readable(_Walk(folder).run(), (folder,))


def secrets_of(folder: str) -> Iterator[str]:
    """What must not be read of it, a folder standing for all below; and what there is no time to look at."""
    waiting, looked_at = [folder], 0
    while waiting and looked_at < _MOST_ENTRIES:
        for entry in _entries(waiting.pop(0)):
            looked_at += 1
            if entry.is_symlink():
                continue
            if is_secret(entry.name):
                yield entry.path
            elif entry.is_dir() and not os.path.isfile(os.path.join(entry.path, "pyvenv.cfg")):
                waiting.append(entry.path)
    yield from waiting


def _sources_of(folder: str) -> Tuple[str, ...]:
    files: List[str] = []
    packages: List[str] = []
    for entry in _entries(folder):
        if is_secret(entry.name) or entry.is_symlink():
            continue
        if not entry.is_dir():
            files += [entry.path] if entry.name.endswith(_SOURCES) else []
        elif os.path.isfile(os.path.join(entry.path, "__init__.py")):
            packages += _Walk(entry.path).run()
    return (*files, *packages)[:_MOST_RULES]


class _Folder(NamedTuple):
    path: str
    parent: Optional[int]  # where it is in the list of all


class _Walk:
    def __init__(self, root: str) -> None:
        self._folders = [_Folder(root, None)]
        self._files: List[List[str]] = []  # of each folder that was looked at, those that are no secret
        self._mixed: Set[int] = set()  # folders with a secret in them, at any depth
        self._entries = 0

    def run(self) -> Tuple[str, ...]:
        number = 0
        while number < len(self._folders):
            if self._entries < _MOST_ENTRIES:
                self._look(number)
            else:
                self._mix(self._folders[number].parent)
            number += 1
        looked_at = range(len(self._files))
        whole = [
            self._folders[n].path
            for n in looked_at
            if n not in self._mixed and (self._folders[n].parent in self._mixed or n == 0)
        ]
        single = [path for n in looked_at if n in self._mixed for path in self._files[n]]
        return (*whole, *single)[:_MOST_RULES]

    def _look(self, number: int) -> None:
        files: List[str] = []
        for entry in _entries(self._folders[number].path):
            self._entries += 1
            if is_secret(entry.name) or entry.is_symlink():  # a rule for a link is one for its target
                self._mix(number)
            elif entry.is_dir(follow_symlinks=False):
                if os.path.isfile(os.path.join(entry.path, "pyvenv.cfg")):
                    self._mix(number)  # an environment: the one that is used is readable anyway
                else:
                    self._folders.append(_Folder(entry.path, number))
            else:
                files.append(entry.path)
        self._files.append(files)

    def _mix(self, number: Optional[int]) -> None:
        while number is not None and number not in self._mixed:
            self._mixed.add(number)
            number = self._folders[number].parent


def _entries(folder: str) -> List[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
