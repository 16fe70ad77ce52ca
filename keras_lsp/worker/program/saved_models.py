"""Models that the program itself saves and loads again: `load_model` makes them anew, as a file would.

What an earlier run left in a file is not loaded.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
from typing import TYPE_CHECKING, Any, ContextManager, Dict, Optional

from ..unknown.hole import Hole, hole_in

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

_GRAPHS = ("Sequential", "Functional")


class SavedModels:
    """One for the process: `load_model` is imported by name in many modules before a replay begins."""

    def __init__(self) -> None:
        self._configurations: Dict[str, Optional[str]] = {}  # by file; None: what is in it is not known
        self.any_was_saved = False

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

    def load(
        self,
        line: KerasLine,
        filepath: Any,
        custom_objects: Any = None,
        compile: bool = True,  # noqa: A002 - Keras's name
        safe_mode: bool = True,
        **_kwargs: Any,
    ) -> Any:
        """None where that file is not this program's; raises what Keras raises of what is in it."""
        configuration = self._configurations.get(_place(filepath) or "")
        if configuration is None or hole_in((custom_objects, compile, safe_mode)) is not None:
            return None
        config = json.loads(configuration)
        if not compile:
            config["compile_config"] = None
        with _sharing(line):
            return line.keras.saving.deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)


SAVED_MODELS = SavedModels()


def _configuration(line: KerasLine, model: Any, place: str) -> Optional[str]:
    """None for a model that is not built, too: a real run may have called it on what is not known here."""
    kinds = type(model).__mro__ if place.endswith(".keras") else (type(model),)
    if not getattr(model, "built", False) or not any(kind.__name__ in _GRAPHS for kind in kinds):
        return None  # a class with a `call` of its own is built again by what Keras noted of its first call
    with contextlib.suppress(Exception), _sharing(line):  # what cannot be written is not there to be loaded
        return json.dumps(line.keras.saving.serialize_keras_object(model))
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
