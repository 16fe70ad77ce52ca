"""A temporary folder that goes with its owner, and if the owner was killed, when the next one starts."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: folders of a killed server stay until the system cleans up
    fcntl = None  # type: ignore[assignment]  # asked for before each use

_PREFIX = "keras-lsp-"
_LOCK = "owner"


class PrivateFolder:
    """Its lock is held while this process lives, so that others know it is in use."""

    def __init__(self) -> None:
        """Raises OSError when it cannot be made."""
        _sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock: int | None = None
        try:
            self._take()
        except OSError:
            self.remove()
            raise

    def _take(self) -> None:
        if fcntl is not None:
            # Under its final name only once it is locked: a lock file that is free has lost its owner.
            new = self.path / f"{_LOCK}.new"
            self._lock = os.open(new, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            new.rename(self.path / _LOCK)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _sweep() -> None:
    """Removes the folders of this user whose owner is gone."""
    if fcntl is None:
        return
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError):  # in use, or gone meanwhile
            _remove_if_free(lock)


def _remove_if_free(lock: Path) -> None:
    if lock.stat().st_uid != os.getuid():
        return
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock.parent, ignore_errors=True)
    finally:
        os.close(descriptor)
