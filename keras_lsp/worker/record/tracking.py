"""Which layers Keras does not see in the models that use them, and why.

Keras is asked what it lists; where a layer is held then tells the reason.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import types
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Set, Tuple

from ..lines.symbolic import is_library
from ..report import UntrackedReport

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine
    from .observe import Registry, Seen

MAX_ITEMS = 1000
MAX_DEPTH = 6


class Held(NamedTuple):
    """A layer that an object holds. `inside` is the expression of the last plain object on the way, or ""."""

    path: str
    layer: Any
    inside: str = ""
    kind: str = ""  # how that object is called in a sentence


class Tracking:
    def __init__(self, line: KerasLine, registry: Registry, private_names: FrozenSet[str]) -> None:
        self.line = line
        self.registry = registry
        self.private_names = private_names
        self.untracked: Dict[int, List[UntrackedReport]] = {}  # by number of the layer
        self.leftover: Dict[int, List[int]] = {}
        self._direct: Dict[int, Dict[int, Any]] = {}  # number of a holder -> right below, by id of the object
        self._all_below: Dict[int, Set[int]] = {}  # number of a holder -> ids of the objects below it
        self._held: Dict[int, List[Held]] = {}
        for seen in registry.seen:
            if not is_library(type(seen.layer)):
                self._look_at(seen)
        for seen in registry.seen:
            self._look_at_callers(seen)

    def _look_at(self, holder: Seen) -> None:
        listed = self._direct[holder.number] = self._listed(holder.layer)
        held = self._held_by(holder)
        for item in held:
            number = self.registry.number(item.layer)
            if number is not None and id(item.layer) not in listed and not self._below(holder, item.layer):
                self._note(number, holder, item.path, self._why_not_listed(holder, item))
        if self.line.line == 3 and not self._has_graph(holder.layer):
            reached = {id(item.layer) for item in held}
            for member in listed.values():
                number = self.registry.number(member)
                if id(member) in reached or number is None:
                    continue
                # Layers that Keras itself makes for a user's class have no place in the text.
                if self.registry.seen[number].created is not None:
                    self.leftover.setdefault(number, []).append(holder.number)

    def _look_at_callers(self, seen: Seen) -> None:
        """Layers that are called inside another one, which nothing of what runs there lists."""
        for caller, running in seen.callers.items():
            holders = [self.registry.seen[number] for number in running]
            if any(holder is seen or self._below(holder, seen.layer) for holder in reversed(holders)):
                continue
            known = self.untracked.get(seen.number, [])
            if any(report.holder in running for report in known):
                continue
            holder = self.registry.seen[caller]
            path, reason = self._why_not_held(holder, seen)
            self._note(seen.number, holder, path, reason)

    def _note(self, number: int, holder: Seen, path: str, reason: str) -> None:
        reports = self.untracked.setdefault(number, [])
        if len(reports) < 4 and not any(report.holder == holder.number for report in reports):
            reports.append(UntrackedReport(holder.number, path, reason))

    # -- what Keras lists

    def _listed(self, layer: Any) -> Dict[int, Any]:
        return {id(member): member for member in _flattened(layer, recursive=False)}

    def _below(self, holder: Seen, layer: Any) -> bool:
        """Whether Keras lists it in the holder, at any depth; most are right below."""
        if id(layer) in self._direct.get(holder.number, ()):
            return True
        found = self._all_below.get(holder.number)
        if found is None:
            found = {id(member) for member in _flattened(holder.layer, recursive=True)}
            self._all_below[holder.number] = found
        return id(layer) in found

    def _has_graph(self, layer: Any) -> bool:
        return isinstance(layer, self.line.keras.Sequential) or any(
            base.__name__ == "Functional" for base in type(layer).__mro__
        )

    # -- where a layer is held

    def _held_by(self, holder: Seen) -> List[Held]:
        found = self._held.get(holder.number)
        if found is None:
            found = self._held[holder.number] = list(self._attributes(holder.layer))
        return found

    def _attributes(self, layer: Any) -> Iterator[Held]:
        graph = self._has_graph(layer)  # these keep their graph in private attributes
        for name, value in list(vars(layer).items()):
            if name not in self.private_names and not (graph and name.startswith("_")):
                yield from self._inside(name, value, 0, "", "")

    def _inside(self, path: str, value: Any, depth: int, inside: str, kind: str) -> Iterator[Held]:
        if self.line.is_layer(value):
            if not _is_metric(value):
                yield Held(path, value, inside, kind)
        elif depth >= MAX_DEPTH:
            return
        elif isinstance(value, (dict, list, tuple, set, frozenset)):
            if isinstance(value, (set, frozenset)):
                inside, kind = path, "set"
            for place, item in _items(value):
                yield from self._inside(path + place, item, depth + 1, inside, kind)
        elif depth < 2 and _is_users_object(value):
            called = "tf.Module" if _is_module(value) else f"plain `{type(value).__name__}` object"
            for name, item in list(vars(value).items()):
                if not name.startswith("_"):
                    yield from self._inside(f"{path}.{name}", item, depth + 2, path, called)

    # -- why

    def _why_not_listed(self, holder: Seen, item: Held) -> str:
        if item.inside:
            return f"`{item.inside}` is a {item.kind}, which Keras does not look into"
        if self._has_graph(holder.layer):
            return "a functional model lists only the layers of its graph"
        container, _, _ = item.path.rpartition("[")
        if "[" in container:
            outer = item.path.split("[")[0]
            return f"it was put into `{container}` after `{outer}` was assigned, which Keras does not notice"
        if container:
            return f"Keras did not notice that it was put into `{container}`"
        return "Keras was not told of this attribute"

    def _why_not_held(self, holder: Seen, seen: Seen) -> Tuple[str, str]:
        """Path and reason for a layer that the holder's `call` uses and the holder does not hold."""
        cls = type(holder.layer)
        for base in cls.__mro__:
            for name, value in vars(base).items():
                if value is seen.layer:
                    return name, f"`{name}` is an attribute of the class `{base.__name__}`, not of the object"
        if seen.made_in == holder.number:
            return "", "it is made anew in each call"
        if cls.__name__ == "Lambda" and is_library(cls):
            return "", "a `Lambda` does not list the layers that its function calls"
        name = _name_of(seen.layer, _closure(cls))
        if name:
            return "", f"`{name}` is a variable of the function around the class"
        module = sys.modules.get(cls.__module__)
        name = _name_of(seen.layer, vars(module)) if module is not None else ""
        if name:
            return "", f"`{name}` is a global variable, no attribute of the object"
        return "", "no attribute of the object holds it"


def _flattened(layer: Any, recursive: bool) -> List[Any]:
    try:
        return list(layer._flatten_layers(include_self=False, recursive=recursive))
    except Exception:  # noqa: BLE001 - a constructor that did not run to its end leaves half an object
        return []


def _items(container: Any) -> Iterator[Tuple[str, Any]]:
    """What a container holds, with the subscript that reads it."""
    if isinstance(container, dict):
        named: Iterator[Any] = ((f"[{key!r}]", item) for key, item in container.items())
    elif isinstance(container, (list, tuple)):
        named = ((f"[{index}]", item) for index, item in enumerate(container))
    else:
        named = (("", item) for item in container)
    yield from itertools.islice(named, MAX_ITEMS)


def _is_metric(value: Any) -> bool:
    """tf-keras 2 has metrics among its layers, and lists them elsewhere."""
    return any(base.__name__ == "Metric" for base in type(value).__mro__)


def _is_users_object(value: Any) -> bool:
    return (
        hasattr(value, "__dict__")
        and not isinstance(value, (type, types.ModuleType, types.FunctionType, types.MethodType))
        and type(value).__module__ not in sys.builtin_module_names
        and (_is_module(value) or not is_library(type(value)))
    )


def _is_module(value: Any) -> bool:
    return any(f"{base.__module__}.{base.__name__}".endswith("module.Module") for base in type(value).__mro__)


def _closure(cls: type) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for function in vars(cls).values():
        cells: Optional[Tuple[Any, ...]] = getattr(function, "__closure__", None)
        for name, cell in zip(getattr(getattr(function, "__code__", None), "co_freevars", ()), cells or ()):
            with contextlib.suppress(ValueError):  # not bound yet
                found[name] = cell.cell_contents
    return found


def _name_of(layer: Any, names: Dict[str, Any]) -> str:
    """The variable that is the layer, or is a list or dict with it."""
    for name, value in list(names.items()):
        if value is layer:
            return name
        items = (
            value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
        )
        if len(items) <= MAX_ITEMS and any(item is layer for item in items):
            return name
    return ""
