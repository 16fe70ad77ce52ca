"""Models in files: `load_model` makes what the program saved anew from its configuration, as a file would."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import zipfile
from typing import TYPE_CHECKING, Any, Callable, ContextManager, Dict, Optional

from ..unknown.hole import Hole, hole_in

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

_CONFIGURATION = "config.json"  # in an archive
_LARGEST = 64 * 2**20  # bytes
NOT_LOADED = "`load_model` gives a saved model, which a replay does not load"
_GRAPHS = ("Sequential", "Functional")


class SavedModels:
    """One for the process: `load_model` is imported by name in many modules before a replay begins."""

    def __init__(self) -> None:
        self._configurations: Dict[str, Optional[str]] = {}  # by file; None: what is in it is not known
        self.any_was_saved = False
        # What is in a file that is not this program's; set by a replay, whose report tells of the file.
        self.load_earlier: Callable[[Callable[..., Any], Any, Any], Any] = _not_loaded

    def save(self, line: KerasLine, model: Any, path: Any) -> None:
        self.any_was_saved = True
        place = _place(path)
        if place is not None:
            self._configurations[place] = _configuration(line, model, place)

    def save_at_checkpoints(self, line: KerasLine, model: Any, callbacks: Any) -> None:
        """What `ModelCheckpoint`s leave after an epoch."""
        for callback in callbacks if isinstance(callbacks, (list, tuple)) else ():
            path = getattr(callback, "filepath", None)
            whole = getattr(callback, "save_weights_only", True) is False
            if whole and isinstance(path, str) and "{" not in path:
                self.save(line, model, path)

    def load(self, line: KerasLine, *args: Any, **kwargs: Any) -> Any:
        """None where that file is not this program's; raises what Keras raises of what is in it."""
        filepath = args[0] if args else kwargs.get("filepath")
        return self.make(line, self._configurations.get(_place(filepath) or ""), *args, **kwargs)

    def make(
        self,
        line: KerasLine,
        configuration: Optional[str],
        filepath: Any = None,  # noqa: ARG002 - Keras's signature
        custom_objects: Any = None,
        compile: bool = True,  # noqa: A002 - Keras's name
        safe_mode: bool = True,
        **_kwargs: Any,
    ) -> Any:
        """A model of this configuration; None without one, or where what is given is not known."""
        if configuration is None or hole_in((custom_objects, compile, safe_mode)) is not None:
            return None
        config = json.loads(configuration)
        if not compile:
            config["compile_config"] = None
        with _sharing(line):
            return line.keras.saving.deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)


def _not_loaded(_original: Callable[..., Any], _args: Any, _kwargs: Any) -> Any:
    return Hole(NOT_LOADED)


SAVED_MODELS = SavedModels()


def _configuration(line: KerasLine, model: Any, place: str) -> Optional[str]:
    """None for a model that is not built, too: a real run may have called it on what is not known here."""
    kinds = type(model).__mro__ if place.endswith(".keras") else (type(model),)
    if not getattr(model, "built", False) or not any(kind.__name__ in _GRAPHS for kind in kinds):
        return None  # a class with a `call` of its own is built again by what Keras noted of its first call
    with contextlib.suppress(Exception), _sharing(line):  # what cannot be written is not there to be loaded
        return json.dumps(line.keras.saving.serialize_keras_object(model))
    return None


def configuration_in(path: str) -> Optional[str]:
    """What an archive says of its model; None for one that Keras has not written."""
    with contextlib.suppress(OSError, KeyError, ValueError, zipfile.BadZipFile):
        with zipfile.ZipFile(path) as archive, archive.open(_CONFIGURATION) as file:
            text = file.read(_LARGEST + 1)
        return text.decode() if len(text) <= _LARGEST else None
    return None


def _sharing(line: KerasLine) -> ContextManager[Any]:
    """A layer that is in two models of one file is one layer again."""
    package = line.model_class.__module__.partition(".")[0]
    library = importlib.import_module(f"{package}.src.saving.serialization_lib")
    scope: ContextManager[Any] = library.ObjectSharingScope()
    return scope


def _place(path: Any) -> Optional[str]:
    is_path = isinstance(path, (str, os.PathLike)) and type(path) is not Hole
    return os.path.abspath(os.fspath(path)) if is_path else None
