"""What the methods of a model do to its state, as measured on Keras 3 and tf-keras 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.source.build_flow import Effect
from keras_lsp.source.facts import EventKind

if TYPE_CHECKING:
    from keras_lsp.source.class_info import ClassInfo
    from keras_lsp.source.facts import LayerCall
    from keras_lsp.source.variables import Variable
    from keras_lsp.source.walk import Walk

# Each of these calls the model on data, which makes all weights.
RUNS = frozenset({"fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"})
# Methods that leave the state of a model as it is, under every Keras.
HARMLESS = frozenset(
    {
        "compile",
        "count_params",
        "export",
        "get_config",
        "get_layer",
        "get_weights",
        "reset_metrics",
        "save",
        "save_weights",
        "set_weights",
        "summary",
        "to_json",
    }
)
# Functions that only look at what they are given.
ONLY_LOOK = frozenset(
    {"print", "len", "isinstance", "type", "id", "repr", "str", "hasattr", "enumerate", "list"}
)


def effect_of(variable: Variable, method: str, has_shape: bool, walk: Walk) -> Effect:
    """What `variable.<method>(...)` does; `has_shape`: whether `build` is given one."""
    info = walk.classes.get(variable.value.class_name or "")
    if info is not None and method != "build" and method != "call" and info.function(method) is not None:
        return Effect.MAY_BUILD
    if method in RUNS or method in {"__call__", "call"}:
        return Effect.BUILDS
    if method == "build":
        return _build_effect(variable.value.call, info, walk) if has_shape else Effect.MAY_BUILD
    if method in HARMLESS:
        return Effect.NONE
    return Effect.RESETS if method == "pop" else Effect.MAY_BUILD


def event_kind(method: str) -> EventKind:
    """The kind of event a method call is."""
    if method in RUNS:
        return EventKind.FIT
    if method == "build":
        return EventKind.BUILD
    return EventKind.CALL if method in {"__call__", "call"} else EventKind.OTHER


def _build_effect(call: LayerCall | None, info: ClassInfo | None, walk: Walk) -> Effect:
    if info is not None:
        if info.builds_itself:
            return Effect.MAY_BUILD
        return Effect.BUILDS if info.is_sequential else Effect.MARKS
    if call is None:
        return Effect.MAY_BUILD
    if call.is_builtin:
        return Effect.BUILDS
    origin = walk.calls.origin(call.callee)
    return Effect.MARKS if origin is not None and not origin.has_own_build else Effect.MAY_BUILD
