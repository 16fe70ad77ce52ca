"""Bubblewrap (https://github.com/containers/bubblewrap): a whole worker in namespaces of its own.

It sees no process but its own, has an empty network, and a file system that is read-only but for its private
folder, where homes, temporary folders and sockets of the system are empty. It can tell less than Landlock
what may be read, but works where the kernel has no Landlock.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Iterable, List, Tuple

from .policy import home_folder

if TYPE_CHECKING:
    from .seen import Seen

# Empty for the worker, but for what it is shown of them.
_HIDDEN = ("/home", "/root", "/tmp", "/var/tmp", "/run", "/media", "/mnt")  # noqa: S108  # to hide them
# Root may write what its files below say, which bubblewrap leaves as they are where the folder says no.
_KERNEL_SETTINGS = "/proc/sys"
_TRIAL_SECONDS = 10
# Its first process, by the number it has there: the worker's parent.
FIRST_PROCESS = 1


def arguments(seen: Seen, folder: str) -> Tuple[str, ...]:
    """Of bubblewrap, up to the command; `folder` is the one that can be written."""
    home = home_folder()
    hidden = [path for path in (*_HIDDEN, home) if os.path.isdir(path) and path != os.sep]
    hidden = [path for path in dict.fromkeys(hidden) if os.path.realpath(path) == path]
    made: List[str] = []

    def add(*words: str) -> None:
        made.extend(words)

    add("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")
    add("--unshare-cgroup-try", "--die-with-parent", "--cap-drop", "ALL")
    add("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
    if os.geteuid() == 0:
        add("--ro-bind", _KERNEL_SETTINGS, _KERNEL_SETTINGS)
    for path in hidden:
        add("--tmpfs", path)
    # From the outside in, each over what is below it.
    for path in sorted(seen.folders):
        add("--ro-bind", path, path)
    for path in seen.secrets:
        add(*(("--tmpfs", path) if os.path.isdir(path) else ("--ro-bind", "/dev/null", path)))
    for path in sorted(seen.programs):
        if _is_below(path, (*hidden, *seen.secrets)):
            add("--ro-bind", path, path)
    add("--bind", folder, folder)
    # Memory that no limit counts, else.
    for path in (*hidden, *filter(os.path.isdir, seen.secrets), "/dev"):
        add("--remount-ro", path)
    return tuple(made)


def command(program: str, seen: Seen, folder: str, inner: Iterable[str]) -> Tuple[str, ...]:
    return (program, *arguments(seen, folder), "--", *inner)


def trial(program: str, seen: Seen, folder: str) -> str:
    """Why it does not start here, with the very same namespaces; "" when it does."""
    try:
        ran = subprocess.run(  # noqa: S603  # bubblewrap, found in the system's own folders
            command(program, seen, folder, ["/bin/sh", "-c", ":"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if ran.returncode == 0 else (said or [f"exit status {ran.returncode}"])[-1]


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any((path + os.sep).startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)
