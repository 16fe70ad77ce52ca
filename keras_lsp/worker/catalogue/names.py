"""The public names of a Keras, each thing under one of them and its other names beside it."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import types
from typing import Any, Dict, Iterator, List, Tuple

# Private, or of the build of the package: not for users, though reachable by a public path.
NOT_OFFERED = frozenset({"src", "api", "protobuf", "legacy"})


def public_things(package: Any) -> Dict[str, Any]:
    """Every public module, class, function and method of `package`, by its spelling under `keras.`"""
    found: Dict[str, Any] = {}
    _collect(package, "keras", package.__name__, found)
    for owner in (package.Model, package.Sequential, package.layers.Layer):
        found.update(_methods(owner, _path_of(owner, found)))
    return found


def only_of_tensorflow(package: Any, things: Dict[str, Any]) -> Dict[str, Any]:
    """What `tf.keras` has beyond Keras 3 itself, `things`, as `tf.keras.…`.

    What TensorFlow calls `keras` is this module since its version 2.16.
    """
    name = f"{package.__name__}._tf_keras.keras"
    found: Dict[str, Any] = {}
    with contextlib.suppress(ImportError):
        _collect(importlib.import_module(name), "tf.keras", name, found)
    return {path: thing for path, thing in found.items() if path[len("tf.") :] not in things}


def bases(things: Dict[str, Any], cls: Any) -> List[str]:
    """The classes of `things` that a class derives from, nearest first."""
    known = {id(thing): name for name, thing in things.items() if inspect.isclass(thing)}
    return [known[id(base)] for base in cls.__mro__[1:] if id(base) in known]


def is_layer(package: Any, cls: Any) -> bool:
    """Whether it is a layer to its users: the metrics of tf-keras 2 only derive from one."""
    return issubclass(cls, package.layers.Layer) and not issubclass(cls, package.metrics.Metric)


def members(package: Any, things: Dict[str, Any]) -> Dict[str, Any]:
    """The methods and properties that a user of an object may want, each under the first class that has it.

    Not those of layers and models, of which other things are known.
    """
    found: Dict[str, Any] = {}
    for name, cls in things.items():
        if not inspect.isclass(cls) or is_layer(package, cls):
            continue
        inherited = {member for base in bases(things, cls) for member in dir(things[base])}
        for owner in cls.__mro__:
            for member, value in vars(owner).items():
                offered = isinstance(value, (types.FunctionType, property)) and not member.startswith("_")
                if offered and member not in inherited and owner.__module__.split(".")[0] != "collections":
                    found.setdefault(f"{name}.{member}", value)
    return found


def by_canonical_name(things: Dict[str, Any]) -> Tuple[Dict[str, Any], Dict[str, str]]:
    """Each thing under one name, and the other names with the one they stand for.

    The one is Keras's own, then what the thing calls itself (`Conv2D`, not `Convolution2D`), then the
    shortest.
    """
    names: Dict[int, List[str]] = {}
    for name, thing in things.items():
        names.setdefault(id(thing), []).append(name)
    chosen, aliases = {}, {}
    for same in names.values():
        first = min(same, key=lambda name: _rank(name, things[name]))
        chosen[first] = things[first]
        aliases.update({name: first for name in same if name != first})
    return chosen, aliases


def _collect(module: Any, path: str, package: str, found: Dict[str, Any]) -> None:
    found[path] = module
    for name, thing in sorted(vars(module).items()):
        if name.startswith("_") or name in NOT_OFFERED:
            continue
        child = f"{path}.{name}"
        if isinstance(thing, types.ModuleType):
            if (
                thing.__name__.startswith(package + ".")
                and ".src." not in thing.__name__
                and child not in found
            ):
                _collect(thing, child, package, found)
        elif callable(thing):
            found[child] = thing


def _methods(owner: Any, path: str) -> Iterator[Tuple[str, Any]]:
    """The ones that users call or give to other programs; private and dunder ones are nobody's concern."""
    for name, member in inspect.getmembers(owner, inspect.isfunction):
        if not name.startswith("_") and not isinstance(inspect.getattr_static(owner, name), staticmethod):
            yield f"{path}.{name}", member


def _path_of(owner: Any, found: Dict[str, Any]) -> str:
    return min((name for name, thing in found.items() if thing is owner), key=len)


def _rank(name: str, thing: Any) -> Tuple[bool, bool, int, str]:
    return name.startswith("tf."), not _calls_itself(thing, name), len(name), name


def _calls_itself(thing: Any, name: str) -> bool:
    return getattr(thing, "__name__", "") == name.rpartition(".")[2]
