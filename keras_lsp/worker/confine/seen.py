"""What a whole worker may see, where that is settled before its interpreter starts.

Found from files alone; nothing is run. A virtual environment may be the folder's own and lie: what it points
to is seen only where it is an installation of Python.
"""

from __future__ import annotations

import glob
import itertools
import os
import sys
from typing import Iterator, List, NamedTuple, Set, Tuple

from .policy import home_folder, is_home
from .workspace import hidden_of

_HOPS = 40
_MOST_SECRETS = 1_000  # each is a mount
_LIBRARIES = ("bin", "lib", "lib64")


class Seen(NamedTuple):
    folders: Tuple[str, ...]  # of the workspace
    secrets: Tuple[str, ...]  # in those
    programs: Tuple[str, ...]  # the interpreter with its packages, this package, the server's own Python


def seen(folders: Tuple[str, ...], program: str) -> Seen:
    real = tuple(dict.fromkeys(os.path.realpath(folder) for folder in folders))
    shown = tuple(folder for folder in real if os.path.isdir(folder) and not is_home(folder))
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    users = glob.glob(os.path.join(os.environ.get("PYTHONUSERBASE") or os.devnull, "lib", "python3*"))
    programs = [
        *installations(program),
        *installations(sys.executable),
        *_narrowed(sys.prefix),
        *_narrowed(sys.base_prefix),
        os.path.join(own, "worker"),
        *users,
        *(path for path in libraries if os.path.isabs(path)),
    ]
    secrets = {folder: tuple(itertools.islice(hidden_of(folder), _MOST_SECRETS + 1)) for folder in shown}
    # One that holds too many to hide each is not shown: that must not be a way to have none hidden.
    kept = [folder for folder in shown if len(secrets[folder]) <= _MOST_SECRETS]
    hidden = tuple(path for folder in kept for path in secrets[folder])
    return Seen(tuple(kept), hidden, tuple(dict.fromkeys(filter(os.path.exists, programs))))


def installations(program: str) -> Tuple[str, ...]:
    """Of an interpreter: its environment, and what that stands on, by every name it goes by."""
    found: List[str] = []
    for step in _steps(program):
        prefix = os.path.dirname(os.path.dirname(step))
        for one in (prefix, os.path.realpath(prefix)):
            if _is_installation(one):
                found += _narrowed(one)
        above, name = os.path.split(os.path.dirname(prefix))
        if name == "envs" and os.path.isdir(os.path.join(above, "conda-meta")):  # links to its packages
            found += _narrowed(above)
    return tuple(dict.fromkeys(found))


def _steps(program: str) -> Iterator[str]:
    """A path, and where links and `pyvenv.cfg` lead from it."""
    waiting = [os.path.abspath(program)]
    known: Set[str] = set()
    while waiting and len(known) < _HOPS:
        step = waiting.pop(0)
        if step in known:
            continue
        known.add(step)
        yield step
        if os.path.islink(step):
            waiting.append(os.path.normpath(os.path.join(os.path.dirname(step), os.readlink(step))))
        folder = os.path.dirname(step)
        for config in (os.path.join(folder, "pyvenv.cfg"), os.path.join(folder, os.pardir, "pyvenv.cfg")):
            base = _base_of(os.path.normpath(config))
            if base:
                waiting.append(os.path.join(base, os.path.basename(step)))
        waiting.append(os.path.realpath(step))


def _base_of(config: str) -> str:
    try:
        with open(config, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                key, _, value = line.partition("=")
                if key.strip().lower() == "home":
                    return value.strip()
    except OSError:
        pass
    return ""


def _is_installation(prefix: str) -> bool:
    return os.path.isfile(os.path.join(prefix, "pyvenv.cfg")) or bool(
        glob.glob(os.path.join(glob.escape(prefix), "lib*", "python3*", "os.py"))
    )


def _narrowed(prefix: str) -> Tuple[str, ...]:
    """Of a prefix that holds other things as well, the folders of programs and libraries."""
    if prefix == os.path.join(home_folder(), ".local") or is_home(prefix):
        return tuple(os.path.join(prefix, name) for name in _LIBRARIES)
    return (prefix,)
