"""Questions that Keras 3 asks of every value, answered at once for values of plain types.

Making and calling a layer sets dozens of attributes and looks at each argument; for numbers, strings and
symbolic tensors the answers are always the same. This takes a fifth off a replay and changes no result: each
shortcut gives what the original gives for that type.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import types
from typing import Any

PLAIN = frozenset({int, float, str, bool, bytes, type(None), types.FunctionType, types.MethodType})


def install(keras: Any) -> None:
    _track_only_what_can_be_tracked()
    _symbols_are_no_tensors(keras)
    _remember_signatures()


def _track_only_what_can_be_tracked() -> None:
    """Plain values are no variables, layers or containers (keras/src/utils/tracking.py, Tracker.track)."""
    tracker: Any = importlib.import_module("keras.src.utils.tracking").Tracker
    original = tracker.track

    def track(self: Any, value: Any) -> Any:
        return value if type(value) in PLAIN else original(self, value)

    tracker.track = track


def _symbols_are_no_tensors(keras: Any) -> None:
    """The backend's `is_tensor` goes through a `typing` protocol, which is slow."""
    backend: Any = importlib.import_module("keras.src.backend")
    original = backend.is_tensor
    never = PLAIN | {keras.KerasTensor, tuple, list, dict}

    @functools.wraps(original)
    def is_tensor(value: Any) -> bool:
        return type(value) not in never and bool(original(value))

    backend.is_tensor = is_tensor


def _remember_signatures() -> None:
    """Keras asks for the signature of `__init__` for every object; a function's does not change."""
    original = inspect.signature
    known = functools.lru_cache(maxsize=4096)(original)

    @functools.wraps(original)
    def signature(function: Any, **options: Any) -> inspect.Signature:
        return (
            known(function)
            if type(function) is types.FunctionType and not options
            else original(function, **options)
        )

    inspect.signature = signature  # type: ignore[assignment]  # hands every call on
