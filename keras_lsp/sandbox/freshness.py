"""Whether an environment is still the one that its worker has imported, from the times of a few files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from keras_lsp.sandbox.keras_config import keras_config_file
from keras_lsp.sandbox.packages import site_folders

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.sandbox.environment import Environment
    from keras_lsp.sandbox.machine import Machine

SETTLED = 2.0  # seconds without a change: an installer seems to be done
_Stamp = tuple[tuple[int, int] | None, ...]  # inode and nanoseconds, None where there is nothing


class EnvironmentWatch:
    """Looks when it is asked; nothing runs in between.

    A package folder changes with every package put into it or taken out, whichever tool does it.
    """

    def __init__(
        self, environment: Environment, machine: Machine, now: Callable[[], float] = time.time
    ) -> None:
        """`now`: seconds in the time that files have."""
        self._environment = environment
        self._machine = machine
        self._now = now
        self.seen = self._look()  # equal for an environment that has not changed

    def changed(self) -> bool:
        """Whether it is another than when this last said so; False while it still is changing."""
        seen = self._look()
        if seen == self.seen or self._in_flux(set(seen) - set(self.seen)):
            return False
        self.seen = seen
        return True

    def _look(self) -> _Stamp:
        python = Path(self._environment.command[0])
        configs = [folder / "pyvenv.cfg" for folder in (python.parent, python.parent.parent)]
        folders = site_folders(python, self._machine)
        return tuple(map(_stamp, (python, *configs, keras_config_file(self._machine), *folders)))

    def _in_flux(self, new: set[tuple[int, int] | None]) -> bool:
        newest = max((stamp[1] for stamp in new if stamp is not None), default=0) / 1e9
        return 0 <= self._now() - newest < SETTLED


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
