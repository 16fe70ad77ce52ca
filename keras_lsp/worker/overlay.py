"""The editor's unsaved texts override files, for everything a replay imports from the workspace."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from typing import Any, Dict, Optional, Sequence


class OverlayLoader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_data(self, path: str) -> bytes:
        return self._text.encode("utf-8", "surrogatepass") if path == self.path else super().get_data(path)

    def path_stats(self, path: str) -> Any:  # noqa: ARG002 - importlib's signature
        raise OSError("no cached bytecode for unsaved text")


class OverlayFinder:
    """Finds modules whose text is open in the editor, also where no file exists yet."""

    def __init__(self, roots: Sequence[str], overlays: Dict[str, str]) -> None:
        self.roots = list(roots)
        self.overlays = {os.path.normcase(path): text for path, text in overlays.items()}

    def find_spec(self, name: str, path: Optional[Sequence[str]] = None, target: Any = None) -> Any:  # noqa: ARG002 - importlib's signature
        tail = name.rpartition(".")[2]
        for folder in self.roots if path is None else path:
            package = os.path.join(folder, tail, "__init__.py")
            for candidate, is_package in ((package, True), (os.path.join(folder, tail + ".py"), False)):
                text = self.overlays.get(os.path.normcase(candidate))
                if text is not None:
                    return importlib.util.spec_from_file_location(
                        name,
                        candidate,
                        loader=OverlayLoader(name, candidate, text),
                        submodule_search_locations=[os.path.dirname(candidate)] if is_package else None,
                    )
        return None


def install(roots: Sequence[str], overlays: Dict[str, str]) -> None:
    """Put the workspace at the end of sys.path: a user's `json.py` must not hide Python's."""
    sys.path.extend(root for root in roots if root not in sys.path)
    if overlays:
        sys.meta_path.insert(0, OverlayFinder(roots, overlays))
