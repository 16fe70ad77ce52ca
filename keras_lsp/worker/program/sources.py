"""What Python reads of the replayed files: the text as it is in the editor, not what is on disk.

AutoGraph and `inspect.getsource` ask for the source of functions. AutoGraph also has files read anew, and a
notebook's file is no Python.
"""

from __future__ import annotations

import io
import linecache
from typing import Any, Dict, List

_KEPT: Dict[str, Any] = {}  # path -> its entry in Python's cache of lines


def install() -> None:
    """For this process, which ends with its replay."""
    original = linecache.updatecache

    def updatecache(filename: str, module_globals: Any = None) -> List[str]:
        kept = _KEPT.get(filename)
        if kept is None:
            return original(filename, module_globals)
        linecache.cache[filename] = kept
        lines: List[str] = kept[2]
        return lines

    linecache.updatecache = updatecache


def keep(path: str, text: str) -> None:
    lines = io.StringIO(text, newline=None).readlines()  # where Python itself ends lines
    _KEPT[path] = linecache.cache[path] = (len(text), None, lines, path)
