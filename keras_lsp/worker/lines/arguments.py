"""What a constructor was given, as a reader would write it."""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any, Dict, List, Optional, Tuple

from ..unknown.hole import Hole, text_of

MAX_TEXT = 120
MAX_OBJECT_TEXT = 60
MAX_ITEMS = 8
INTERNAL = frozenset({"skip_init"})  # what tf-keras 2 tells itself when `Model(…)` makes a functional model
SHORT = frozenset({bool, int, float, str})
SETTINGS = (".initializers", ".regularizers", ".constraints")  # Keras's modules of small objects

# Every layer has initializers of its own, nearly all alike; asking each for its config would take long.
_OBJECT_TEXTS: Dict[Any, str] = {}


def named_arguments(cls: Any, args: Any, kwargs: Any) -> Dict[str, Any]:
    """Given constructor arguments by parameter name, without those equal to the default.

    The constructor has run, so the arguments fit it: `Signature.bind` would check that again, slowly.
    """
    try:
        names, defaults, rest = _parameters(cls.__init__)
    except (TypeError, ValueError):  # no signature, or a constructor that cannot be looked up
        return {}
    given = dict(zip(names, args))
    if len(args) > len(names) and rest:
        given[f"*{rest}"] = args[len(names) :]
    given.update((name, value) for name, value in kwargs.items() if name not in INTERNAL)
    return {name: value for name, value in given.items() if not _same(value, defaults.get(name, _NO_DEFAULT))}


_NO_DEFAULT = object()


@functools.lru_cache(maxsize=4096)
def _parameters(constructor: Any) -> Tuple[List[str], Dict[str, Any], str]:
    """Names that positional arguments go to, defaults by name, and the name of `*args`, "" without one."""
    parameters = list(inspect.signature(constructor).parameters.values())[1:]
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [parameter.name for parameter in parameters if parameter.kind in by_place]
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "")
    return names, defaults, rest


def argument_text(value: Any) -> Optional[str]:
    """An argument as a reader would write it; None for what has no short spelling."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)[:MAX_TEXT]
    if type(value) is Hole:
        return text_of(value) or None
    if isinstance(value, (list, tuple)):
        return _items_text(value) if len(value) <= MAX_ITEMS else None
    if isinstance(value, dict):
        return None
    name = getattr(value, "__name__", None)
    if isinstance(name, str):
        return name
    kind = type(value)
    return object_text(value) if any(part in kind.__module__ for part in SETTINGS) else kind.__name__


def object_text(value: Any) -> str:
    """A Keras object with a config, such as an initializer: `TruncatedNormal(stddev=0.02)`.

    "" for None and for a bare function, which has no name that means anything to a reader.
    """
    cls = type(value)
    if value is None or cls.__name__ in ("function", "method", "partial"):
        return ""
    if type(cls.__init__) is not types.FunctionType:
        return cls.__name__  # takes no arguments, as `Zeros`
    settings = {name: setting for name, setting in vars(value).items() if type(setting) in SHORT}
    key = (cls, tuple(item for item in settings.items() if item[0] != "seed"))
    found = _OBJECT_TEXTS.get(key)
    if found is None:
        found = _OBJECT_TEXTS[key] = _configured(value)
    return found


def _configured(value: Any) -> str:
    cls = type(value)
    try:
        config = value.get_config()
        defaults = inspect.signature(cls.__init__).parameters
    except Exception:  # noqa: BLE001 - a user's class may have a broken config, or none
        return cls.__name__
    given = [
        f"{name}={setting!r}"
        for name, setting in config.items()
        if name in defaults and type(setting) in SHORT and not _same(setting, defaults[name].default)
    ]
    text = f"{cls.__name__}({', '.join(given)})" if given else cls.__name__
    return text if len(text) <= MAX_OBJECT_TEXT else cls.__name__


def _items_text(value: Any) -> Optional[str]:
    items = [argument_text(item) for item in value]
    if any(item is None for item in items):
        return None
    inner = ", ".join(str(item) for item in items)
    if isinstance(value, list):
        return f"[{inner}]"
    return f"({inner},)" if len(items) == 1 else f"({inner})"


def _same(value: Any, default: Any) -> bool:
    try:
        return value is default or (type(value) is type(default) and bool(value == default))
    except Exception:  # noqa: BLE001 - comparing user values runs user code
        return False
