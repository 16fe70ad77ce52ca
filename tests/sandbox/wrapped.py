"""Bubblewrap around an attempt, laid on as around a worker whose workspace is that of the scene."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keras_lsp.worker.confine import bubblewrap
from keras_lsp.worker.confine.seen import seen
from tests.sandbox.scene import SETTING

if TYPE_CHECKING:
    from collections.abc import Iterable

_REPOSITORY = Path(__file__).parent.parent.parent


def command(program: str, folder: str, inner: Iterable[str]) -> tuple[str, ...]:
    """`folder` is that of the scene."""
    scene = Path(folder)
    shown = seen((str(scene / "workspace"),), sys.executable)
    ours = (scene / "environment", scene / SETTING, _REPOSITORY / "tests", _REPOSITORY / "keras_lsp")
    compiled = filter(None, [sys.pycache_prefix])
    shown = shown._replace(programs=(*shown.programs, *map(str, ours), *compiled))
    return bubblewrap.command(program, shown, str(scene / "own"), inner)
