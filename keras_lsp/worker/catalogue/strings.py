"""The strings that Keras takes in place of an object, asked from Keras itself: `"relu"`, `"adam"`."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
from collections import Counter
from typing import Any, Dict, Iterable, Iterator, List, Optional

# Which modules look strings up; each has a `get`. Where it is no module of its own the kind is left out.
KINDS = ("activations", "constraints", "initializers", "losses", "metrics", "optimizers", "regularizers")

_QUOTED = r"""`*["']([A-Za-z_][\w-]*)["']`*"""
_QUOTED_OR_NONE = r"""(?:`*["']|`(?=None`))((?<=["'])[A-Za-z_][\w-]*(?=["'])|None)["']?`*"""
_MARKED = r"""`*["'`]([A-Za-z_][\w-]*)["'`]`*"""
_BETWEEN = r"""\s*(?:\([^()]*\))?\s*(?:,\s*(?:or|and)?|\bor\b|\band\b|/|\|)\s*"""
_NO_STRINGS = frozenset({"None", "True", "False"})
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def accepted(package: Any, documentation: Iterable[str]) -> Dict[str, Dict[str, Any]]:
    """Kind -> string -> the thing it stands for, or its class; first what the documentation uses most."""
    used = Counter(word for text in documentation for word in re.findall(_QUOTED, text))
    found = {}
    for kind in KINDS:
        module = getattr(package, kind, None)
        if hasattr(module, "get"):
            useful = _useful(
                kind,
                {
                    text: thing
                    for text in _candidates(package, kind)
                    if (thing := _looked_up(module, text)) is not None
                },
            )
            found[kind] = {
                text: useful[text] for text in sorted(useful, key=lambda text: (-used[text], text))
            }
    return found


def choices(documentation: str, *, marked: bool) -> List[str]:
    """The words that an argument's documentation lists: `one of "valid" or "same"`. [] where it lists none.

    `marked`: what is only set as code counts too, which may as well be a name. One word is a list where the
    other choice is `None`.
    """
    word = _MARKED if marked else _QUOTED_OR_NONE
    listed = re.search(rf"{word}(?:{_BETWEEN}{word})+", documentation)
    items = re.findall(rf"^[-*]\s*{word}", documentation, re.MULTILINE)
    if not listed and items in ([], ["None"]):
        items = re.findall(rf"^[-*]\s*{_MARKED}", documentation, re.MULTILINE)
        items = items if "None" in items else []  # names of values, then, and not of other arguments
    words = list(dict.fromkeys(re.findall(word, listed[0]) if listed else items))
    found = [word for word in words if word not in _NO_STRINGS]
    return found if len(words) > 1 else []


def _candidates(package: Any, kind: str) -> Iterator[str]:
    """Public names, their snake_case, and the keys of the table that Keras looks up."""
    names = dict.fromkeys(name for name in dir(getattr(package, kind)) if not name.startswith("_"))
    for place in (f"{package.__name__}.src.{kind}", f"{package.__name__}.{kind}"):
        with contextlib.suppress(ImportError):
            names.update(dict.fromkeys(getattr(importlib.import_module(place), "ALL_OBJECTS_DICT", ())))
    for name in list(names):
        if isinstance(name, str):
            yield name
            yield _snake_case(name)


def _looked_up(module: Any, text: str) -> Optional[Any]:
    if text in ("get", "serialize", "deserialize"):
        return None
    try:
        thing = module.get(text)
    except Exception:  # noqa: BLE001 - Keras raises whatever it likes for a string that it does not take
        return None
    if thing is None or inspect.ismodule(thing):
        return None
    return thing if inspect.isroutine(thing) or inspect.isclass(thing) else type(thing)


def _useful(kind: str, found: Dict[str, Any]) -> Dict[str, Any]:
    """Without the base class, and without spellings in capitals of what people write in small letters."""
    small = {id(thing) for text, thing in found.items() if text == text.lower()}
    return {
        text: thing
        for text, thing in found.items()
        if text.lower() != kind[:-1]
        and (text == text.lower() or (_snake_case(text) not in found and id(thing) not in small))
    }


def _snake_case(name: str) -> str:
    return _WORD_START.sub("_", name).lower()
