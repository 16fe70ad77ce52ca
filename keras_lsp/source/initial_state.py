"""Whether a new instance of a model class has weights, before anything is done with it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.source.facts import Built, LayerCall, LayerSlot, ModelKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.class_info import ClassInfo

_CONTAINER_METHODS = frozenset(
    {"append", "extend", "insert", "add", "items", "keys", "values", "format", "get"}
)
_PLAIN_FUNCTIONS = frozenset(
    {"super", "range", "len", "int", "float", "str", "bool", "list", "tuple", "dict", "set", "zip"}
    | {"enumerate", "reversed", "min", "max", "sum", "print", "isinstance", "setattr"}
)
_KNOWN_PACKAGES = ("keras.", "tensorflow.", "numpy.", "math.")
_MAKES_STATE = ("Variable", "SeedGenerator")
_HOLDS_ANOTHER = frozenset({"layer", "cell", "backward_layer"})


class InitialState:
    """Says NO only when nothing in the constructor can have made a weight."""

    def __init__(self, calls: Calls, classes: Mapping[str, ClassInfo]) -> None:
        self._calls = calls
        self._classes = classes
        self._known: dict[str, Built] = {}

    def of(self, info: ClassInfo) -> Built:
        """State right after `Model()`."""
        name = info.node.name
        if name not in self._known:
            self._known[name] = Built.UNKNOWN  # what a class that holds itself comes to
            self._known[name] = self._read(info)
        return self._known[name]

    def _read(self, info: ClassInfo) -> Built:
        if is_functional(info.super_call) and not info.is_ambiguous:
            return Built.YES
        if info.is_sequential or info.kind is ModelKind.MODULE or not info.facts.closed:
            return Built.UNKNOWN
        if any(self.of(parent) is not Built.NO for parent in info.parents):
            return Built.UNKNOWN
        slots = (*info.facts.slots, *info.facts.inherited)
        if not all(self._is_unbuilt(slot) for slot in slots):
            return Built.UNKNOWN
        init = info.functions.get("__init__")
        calls = _calls_in(init) if init else iter(())
        return Built.NO if all(self._is_plain(call) for call in calls) else Built.UNKNOWN

    def of_call(self, call: LayerCall, kind: ModelKind) -> Built:
        """State of what a call has just made."""
        if kind is ModelKind.FUNCTIONAL:
            return Built.YES
        if not call.is_builtin:
            local = self._classes.get(call.callee)
            if local is not None:
                return self.of(local)
            origin = self._calls.origin(call.callee)
            return origin.initial if origin is not None else Built.UNKNOWN
        if call.argument("weights") is not None:  # an Embedding that is given its weights
            return Built.UNKNOWN
        holds = any(a.name in _HOLDS_ANOTHER for a in call.arguments)
        return Built.UNKNOWN if holds and not self._wraps_new_layer(call) else Built.NO

    def _wraps_new_layer(self, call: LayerCall) -> bool:
        texts = [a.text for a in call.arguments if a.name in _HOLDS_ANOTHER]
        return all("(" in text and not text.startswith("self.") for text in texts)

    def _is_unbuilt(self, slot: LayerSlot) -> bool:
        call = slot.call
        if call is None or call.callee == "keras.Model" or call.callee.startswith("keras.applications"):
            return False
        if call.callee == "keras.Sequential":
            return (
                call.complete
                and all(self._is_unbuilt_call(c) for c in call.layers)
                and not _mentions_input(call)
            )
        return self._is_unbuilt_call(call)

    def _is_unbuilt_call(self, call: LayerCall) -> bool:
        if call.callee in {"keras.Model", "keras.Sequential"} or call.callee.startswith("keras.applications"):
            return False
        return self.of_call(call, ModelKind.LAYER) is Built.NO

    def _is_plain(self, call: ast.Call) -> bool:
        """Whether a call in a constructor surely makes no weights."""
        func = call.func
        if self._calls.maker(func) is not None:
            return True  # the slots say what it made
        if isinstance(func, ast.Name):
            return func.id in _PLAIN_FUNCTIONS
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call):
            return func.attr == "__init__"
        name = self._calls.canonical(func)
        if name is not None:
            return name.startswith(("keras.", "tensorflow.", "numpy.", "math.")) and not name.endswith(
                _MAKES_STATE
            )
        return isinstance(func, ast.Attribute) and func.attr in _CONTAINER_METHODS


def is_functional(call: ast.Call | None) -> bool:
    """`super().__init__(inputs=..., outputs=...)`: built by its constructor."""
    if call is None:
        return False
    names = {k.arg for k in call.keywords}
    return {"inputs", "outputs"} <= names or len(call.args) >= 2


def _mentions_input(call: LayerCall) -> bool:
    return any("Input" in a.text or "input_shape" in a.text or "input_dim" in a.text for a in call.arguments)


# Nothing is below these, and they are no calls.
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass, str, int, type(None)})


def _calls_in(node: ast.AST) -> Iterator[ast.Call]:
    """As `ast.walk` finds them, in any order and in a fifth of its time."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if type(node) is ast.Call:
            yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                waiting += [child for child in value if type(child) not in _LEAVES]
            elif type(value) not in _LEAVES and isinstance(value, ast.AST):
                waiting.append(value)
