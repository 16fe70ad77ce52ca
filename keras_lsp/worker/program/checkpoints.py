"""Files that models and weights are loaded from: what is in them, and whether it fits; no array is loaded."""

from __future__ import annotations

import contextlib
import importlib
import os
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

from ..report import CheckpointReport, DifferingWeight, Shape, SpanPair, StoredWeight
from ..unknown.hole import ANSWERS, Hole, Touches, hole_in
from .saved_models import NOT_LOADED, SAVED_MODELS, configuration_in

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

_HDF5 = (".h5", ".hdf5")
_ARCHIVE, _WITHIN = ".keras", "model.weights.h5"
_INDEX, _SAVED_MODEL = ".index", "saved_model.pb"
_MOST_FILES = 16
_MOST_WEIGHTS = 1000
_MOST_DIFFERING = 8


class Checkpoints:
    def __init__(self, line: KerasLine, number: Callable[[Any], Optional[int]]) -> None:
        self.line = line
        self.number = number  # of a layer, in the report
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
        path = _path(args, kwargs)
        if path is None:
            return
        place = len(self.found)
        is_compared = path.endswith((*_HDF5, _ARCHIVE))
        if not is_compared:
            self._refuse(path, lambda: original(model, *args, **kwargs))
        if not self._note(path, span, is_compared):
            return
        known = is_compared and not self.is_written and not ANSWERS.unknowns
        if known and getattr(model, "built", False) and self.line.weights(model):
            try:
                self.line.load_shapes(lambda: original(model, *args, **kwargs))
            except Exception:
                if place < len(self.found):
                    self.found[place] = replace(self.found[place], refused=True)
                    with contextlib.suppress(Exception):  # what raises then, has raised before
                        self._note_differing(place, model, lambda: original(model, *args, **kwargs))
                raise

    def load_model(
        self, original: Callable[..., Any], args: Any, kwargs: Any, span: Optional[SpanPair]
    ) -> Any:
        """The model that an earlier run left in a file, from its configuration alone, or a hole.

        Raises what Keras raises of a configuration that it cannot make a model of.
        """
        path = _path(args, kwargs)
        if path is None:
            return Hole(NOT_LOADED)
        if not path.endswith((*_HDF5, _ARCHIVE)):
            self._refuse(path, lambda: original(*args, **kwargs))
            return Hole(NOT_LOADED)
        name = os.path.basename(path)
        is_there = self._note(path, span, is_compared=True)
        if self.is_written:
            return Hole(f"`load_model` gives what is in `{name}` by then: this program may have written it")
        if not is_there:
            return Hole(f"`load_model` gives what is in `{name}`, which is not there, or cannot be read")
        if path.endswith(_HDF5):
            made = self.line.load_hdf5_model(lambda: original(*args, **kwargs))
        else:
            made = SAVED_MODELS.make(self.line, configuration_in(path), *args, **kwargs)
        return Hole(NOT_LOADED) if made is None else made

    def _refuse(self, path: str, load: Callable[[], Any]) -> None:
        """Raises what Keras 3 raises of what TensorFlow wrote, whatever is in it."""
        if self.line.loads_tensorflow:
            return
        files = (f"{path}{_INDEX}", os.path.join(path, _SAVED_MODEL))
        self.asked += map(os.path.abspath, files)
        if any(map(os.path.isfile, files)):
            touches = Touches.count
            try:
                load()
            finally:  # Keras lists the folder, to find other formats in it: this is not one of those
                Touches.count = touches

    @property
    def is_written(self) -> bool:
        """Whether a real run may find something else in a file than is there now."""
        return self.may_be_written or SAVED_MODELS.any_was_saved

    def _note(self, path: str, span: Optional[SpanPair], is_compared: bool) -> bool:
        """Whether the file can be read; then it is told what is in it."""
        self.asked.append(os.path.abspath(path if is_compared else f"{path}{_INDEX}"))
        stored = _stored(path) if is_compared else self._stored_by_tensorflow(path)
        if stored is not None and span is not None and len(self.found) < _MOST_FILES:
            self.found.append(CheckpointReport(span, os.path.basename(path), *stored))
        return stored is not None

    def _note_differing(self, place: int, model: Any, load: Callable[[], None]) -> None:
        """It is found by loading the file once more and refusing no shape."""
        found: Dict[int, Tuple[Any, Shape]] = {}
        with contextlib.suppress(Exception):  # it may be refused for the number of its weights, too
            self.line.load_shapes(
                load, lambda variable, shape: found.setdefault(id(variable), (variable, shape))
            )
        told = []
        for variable, shape in [*found.values()][:_MOST_DIFFERING]:
            weight = self.line.weight(variable)
            told.append(DifferingWeight(weight.path, weight.shape, shape, self._owner(model, variable)))
        self.found[place] = replace(self.found[place], differing=tuple(told), differing_count=len(found))

    def _owner(self, model: Any, variable: Any) -> Optional[int]:
        """The innermost layer with a weight, of those that the report knows."""
        holders = [
            layer
            for layer in model._flatten_layers()
            if any(weight is variable for weight in self.line.weights(layer))
        ]
        numbers = (self.number(layer) for layer in reversed(holders))
        return next((number for number in numbers if number is not None), None)

    def _stored_by_tensorflow(self, path: str) -> Optional[Tuple[Tuple[StoredWeight, ...], bool]]:
        """Of the files that one prefix stands for, the index tells what is in the others.

        Loading from them is not compared: TensorFlow passes over what it does not find.
        """
        try:
            with open(f"{path}{_INDEX}", "rb"):  # refused here where nothing may be read
                found = self.line.tensorflow_checkpoint(path)
        except Exception:  # noqa: BLE001 - a real run meets what is wrong, or does not
            return None
        return (found[:_MOST_WEIGHTS], len(found) <= _MOST_WEIGHTS) if found else None


def _path(args: Any, kwargs: Any) -> Optional[str]:
    """The file that a call names by `filepath`; None where that, or anything else given, is not known."""
    path = args[0] if args else kwargs.get("filepath")
    known = hole_in(args) is None and hole_in(kwargs) is None and isinstance(path, (str, os.PathLike))
    return os.fspath(path) if known else None


def _stored(path: str) -> Optional[Tuple[Tuple[StoredWeight, ...], bool]]:
    """The arrays in a file, and whether these are all; None for another file, or one that cannot be read."""
    if not os.path.isfile(path):
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
