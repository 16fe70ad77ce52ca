"""Where an attempt takes place: a folder that a test prepared, and the processes and sockets around it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

SECRET = "THE-SECRET"  # noqa: S105  # what readers look for, no password
SETTING = "setting.json"
MEMORY_BYTES = 256 << 20  # what a program may have here


class Scene(NamedTuple):
    """All that an attempt may know."""

    folder: Path
    victim: int  # a process of the same user, in the same process group
    parent: int  # the one that made the attempt; with bubblewrap around it, that is behind another
    tcp: int  # ports of listeners on 127.0.0.1
    udp: int
    socket: str  # path of a listening Unix datagram socket; its stream twin ends in ".stream"
    abstract: str  # name of one without a path

    @staticmethod
    def of(folder: str) -> Scene:
        setting = json.loads(Path(folder, SETTING).read_text(encoding="utf-8"))
        return Scene(Path(folder), int(os.environ["VICTIM"]), int(os.environ["PARENT"]), **setting)

    @property
    def workspace(self) -> Path:
        """The project, readable: `module.py`, `package/`, `data.bin`, and `link`, which is to `secrets`."""
        return self.folder / "workspace"

    @property
    def own(self) -> Path:
        """The private folder: writable."""
        return self.folder / "own"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def other(self) -> Path:
        """The workspace of another project."""
        return self.folder / "other"

    @property
    def neighbour(self) -> Path:
        """The private folder of another worker."""
        return self.folder / "neighbour"

    @property
    def environment(self) -> Path:
        """An environment for Python: readable."""
        return self.folder / "environment"

    @property
    def secret(self) -> Path:
        return self.secrets / "id_rsa"

    @property
    def module(self) -> Path:
        return self.workspace / "module.py"
