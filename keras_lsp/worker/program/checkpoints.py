"""Files that weights are loaded from: what is in them, and whether it fits; no array of them is loaded."""

from __future__ import annotations

import importlib
import os
import zipfile
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Tuple

from ..report import CheckpointReport, SpanPair, StoredWeight
from ..unknown.hole import ANSWERS, hole_in

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

_HDF5 = (".h5", ".hdf5")
_ARCHIVE, _WITHIN = ".keras", "model.weights.h5"
_MOST_FILES = 16
_MOST_WEIGHTS = 1000


class Checkpoints:
    def __init__(self, line: KerasLine) -> None:
        self.line = line
        self.found: List[CheckpointReport] = []
        self.asked: List[str] = []  # every file that is named, also if there is none
        # Whether the program saves, or trains (a callback may save then): a real run loads what that wrote,
        # and there is only what an earlier run left.
        self.may_be_written = False

    def load(
        self, original: Callable[..., Any], model: Any, args: Any, kwargs: Any, span: Optional[SpanPair]
    ) -> None:
        """Note what the file holds. Raises what Keras raises where that does not go with the model's weights.

        A model without weights is left to the rules about those; of one whose sizes depend on what is not
        known nobody can say what fits.
        """
        path = args[0] if args else kwargs.get("filepath")
        if (
            hole_in(args) is not None
            or hole_in(kwargs) is not None
            or not isinstance(path, (str, os.PathLike))
        ):
            return
        self.asked.append(os.path.abspath(path))
        stored = _stored(os.fspath(path))
        if stored is None:
            return
        if span is not None and len(self.found) < _MOST_FILES:
            self.found.append(CheckpointReport(span, os.path.basename(os.fspath(path)), *stored))
        known = not self.may_be_written and not ANSWERS.unknowns
        if known and getattr(model, "built", False) and self.line.weights(model):
            self.line.load_shapes(lambda: original(model, *args, **kwargs))


def _stored(path: str) -> Optional[Tuple[Tuple[StoredWeight, ...], bool]]:
    """The arrays in a file, and whether these are all; None for another file, or one that cannot be read."""
    if not path.endswith((*_HDF5, _ARCHIVE)) or not os.path.isfile(path):
        return None
    try:
        h5py: Any = importlib.import_module("h5py")
        if path.endswith(_HDF5):
            with h5py.File(path, "r") as file:
                return _arrays(file, h5py.Dataset)
        with zipfile.ZipFile(path) as archive, archive.open(_WITHIN) as inner, h5py.File(inner, "r") as file:
            return _arrays(file, h5py.Dataset)
    except Exception:  # noqa: BLE001 - whatever is wrong with the file, a real run meets it or not
        return None


def _arrays(file: Any, dataset: Any) -> Tuple[Tuple[StoredWeight, ...], bool]:
    found: List[StoredWeight] = []

    def look(name: str, item: Any) -> Optional[bool]:  # anything but None ends the visit
        if isinstance(item, dataset) and isinstance(getattr(item, "shape", None), tuple):
            found.append(StoredWeight(name, tuple(map(int, item.shape)), str(getattr(item, "dtype", ""))))
        return True if len(found) >= _MOST_WEIGHTS else None

    stopped = file.visititems(look)
    return tuple(found), stopped is None
