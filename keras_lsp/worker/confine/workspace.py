"""What a replay may read of a workspace: all that is no secret, as few paths as say so."""

from __future__ import annotations

import os
import time
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

from .policy import ENVIRONMENT, SOURCES, holds_no_sources, is_home, is_secret

_MOST_ENTRIES = 20_000
_MOST_RULES = 2_000
_SETTLED_NS = 2_000_000_000  # FAT tells changes apart that are two seconds apart, no file system is coarser


class Readable(NamedTuple):
    """Paths that stand for themselves and all below them."""

    read: Tuple[str, ...]
    listed: Tuple[str, ...]  # only which files there are: what imports look for


class Workspace:
    """What is readable of some folders.

    What was found in a folder is kept until that folder changes, so asking again costs a look at the time of
    change of each, and a file made a moment ago counts: a rule for a single file is one for its inode, which
    an editor that saves by renaming replaces.
    """

    def __init__(self) -> None:
        self._listings: Dict[str, _Listing] = {}

    def readable(self, folders: Iterable[str]) -> Readable:
        read: List[str] = []
        listed: List[str] = []
        for folder in dict.fromkeys(os.path.realpath(folder) for folder in folders):
            if is_home(folder):
                read += self._sources_of(folder)
            else:
                read += _Walk(folder, self).run()
                listed.append(folder)
        return Readable(tuple(dict.fromkeys(read)), tuple(listed))

    def _sources_of(self, folder: str) -> Tuple[str, ...]:
        """A home folder, or one above it, is no project: of it only Python files and packages are."""
        here = self.listing(folder)
        packages: List[str] = []
        for path in here.folders:
            if os.path.isfile(os.path.join(path, "__init__.py")):
                packages += _Walk(path, self).run()
        return (*filter(_is_source, here.files), *packages)[:_MOST_RULES]

    def listing(self, folder: str) -> _Listing:
        try:
            changed = os.stat(folder).st_mtime_ns
        except OSError:
            return _NOTHING
        known = self._listings.get(folder)
        if known is None or known.changed != changed or not known.settled:
            known = self._listings[folder] = _look(folder, changed)
        return known


class _Listing(NamedTuple):
    changed: int  # nanoseconds
    settled: bool  # whether it was so long ago that any later change has another time
    folders: Tuple[str, ...]  # to look into
    files: Tuple[str, ...]  # that are no secret
    entries: int  # what it holds beside those as well

    @property
    def mixed(self) -> bool:
        """Whether there is anything in it that is not to be read."""
        return len(self.folders) + len(self.files) < self.entries


_NOTHING = _Listing(0, False, (), (), 1)


def _look(folder: str, changed: int) -> _Listing:
    settled = time.time_ns() - changed > _SETTLED_NS
    entries = _entries(folder)
    if any(entry.name == ENVIRONMENT for entry in entries):  # the one that is used is readable anyway
        return _Listing(changed, settled, (), (), len(entries))
    folders: List[str] = []
    files: List[str] = []
    for entry in entries:
        # A rule for a link is one for its target, which can be read where it is part of the folder itself.
        if _is_left_out(entry):
            continue
        (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.path)
    return _Listing(changed, settled, tuple(folders), tuple(files), len(entries))


class _Folder(NamedTuple):
    path: str
    parent: Optional[int]  # where it is in the list of all


class _Walk:
    """Through a folder: itself when no secret is in it, else all in it that is none.

    Where there is too much to look through, what was not looked at is left out, the deepest first.
    """

    def __init__(self, root: str, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folders = [_Folder(root, None)]
        self._files: List[Tuple[str, ...]] = []  # of each folder that was looked at, those that are no secret
        self._mixed: Set[int] = set()  # folders with a secret in them, at any depth
        self._entries = 0

    def run(self) -> Tuple[str, ...]:
        number = 0
        while number < len(self._folders):
            if self._entries < _MOST_ENTRIES:
                self._add(number)
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
        # A program that cannot read its data may still have shapes; without its modules it has nothing.
        single.sort(key=_is_source, reverse=True)
        return (*whole, *single)[:_MOST_RULES]

    def _add(self, number: int) -> None:
        found = self._workspace.listing(self._folders[number].path)
        self._entries += found.entries
        self._folders += (_Folder(path, number) for path in found.folders)
        self._files.append(found.files)
        if found.mixed:
            self._mix(number)

    def _mix(self, number: Optional[int]) -> None:
        while number is not None and number not in self._mixed:
            self._mixed.add(number)
            number = self._folders[number].parent


def hidden_of(folder: str) -> Iterator[str]:
    """What must not be read of it, a folder standing for all below; and what there is no time to look at."""
    waiting, looked_at = [folder], 0
    while waiting and looked_at < _MOST_ENTRIES:
        for entry in _entries(waiting.pop(0)):
            looked_at += 1
            if entry.is_symlink():
                continue
            if _is_left_out(entry):
                yield entry.path
            elif entry.is_dir() and not os.path.isfile(os.path.join(entry.path, ENVIRONMENT)):
                waiting.append(entry.path)
    yield from waiting


def _is_left_out(entry: os.DirEntry[str]) -> bool:
    return is_secret(entry.name) or holds_no_sources(entry.name) or entry.is_symlink()


def _is_source(path: str) -> bool:
    return path.endswith(SOURCES)


def _entries(folder: str) -> List[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
