"""Parameters as they are written in a signature: `["units"]`, `["use_bias", "True"]`, `["**kwargs"]`."""

from __future__ import annotations

import inspect
import re
from typing import Any, List

Parameters = List[List[str]]

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_LONGEST = 60  # characters of a default


def signature(thing: Any, *, bound: bool = False) -> inspect.Signature:
    """Of a class that of its `__init__`. Empty where Python knows none (C code). `bound`: without `self`."""
    is_class = inspect.isclass(thing)
    try:
        found = inspect.signature(thing.__init__ if is_class else thing)
    except (TypeError, ValueError):
        return inspect.Signature()
    return found.replace(parameters=list(found.parameters.values())[1:]) if is_class or bound else found


def parameters(found: inspect.Signature) -> Parameters:
    told: Parameters = []
    starred = False
    for parameter in found.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            told.append([f"*{parameter.name}"])
            starred = True
        elif parameter.kind is parameter.VAR_KEYWORD:
            told.append([f"**{parameter.name}"])
        else:
            if parameter.kind is parameter.KEYWORD_ONLY and not starred:
                told.append(["*"])
                starred = True
            default = [] if parameter.default is parameter.empty else [default_text(parameter.default)]
            told.append([parameter.name, *default])
    return told


def default_text(value: Any) -> str:
    if inspect.isclass(value) or inspect.isroutine(value):
        return str(value.__name__)
    text = _ADDRESS.sub("", repr(value))
    return text if len(text) <= _LONGEST else "…"


def takes_any_keyword(found: inspect.Signature) -> bool:
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in found.parameters.values())
