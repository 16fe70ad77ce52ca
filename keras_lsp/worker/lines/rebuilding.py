"""A Keras 3 Sequential model that grows by `add`, without what was drawn before drawn anew.

With each `add` Keras calls all layers again on the same symbols, which give the same again: for a hundred
layers that is five thousand calls. Here only the new layer is called, on the symbol that the last gave.
"""

from __future__ import annotations

import importlib
from typing import Any, Dict, List, NamedTuple, Optional

from .symbolic import is_keras_alone, is_library

_MOST_MODELS = 1_000


class _Drawn(NamedTuple):
    """What the layers of a model gave when its graph was drawn."""

    graph: Any  # kept, and with it the ids of the model's parts
    layers: List[Any]
    outputs: List[Any]  # of all layers but the first, which is the input


def install() -> None:
    module: Any = importlib.import_module("keras.src.models.sequential")
    sequential = module.Sequential
    if not hasattr(sequential, "_maybe_rebuild"):
        return
    original = sequential._maybe_rebuild
    known: Dict[int, _Drawn] = {}

    def _maybe_rebuild(model: Any) -> None:
        layers, drawn = model._layers, known.pop(id(model), None)
        graph = getattr(model, "_functional", None)
        if drawn is None or graph is not drawn.graph or not _is_one_more(layers, drawn.layers):
            original(model)
        else:
            again = [layers[0], *map(_Again, drawn.outputs), layers[-1]]
            # Not through the model's own `__setattr__`, which would track them.
            object.__setattr__(model, "_layers", again)
            try:
                original(model)
            finally:
                object.__setattr__(model, "_layers", layers)
        now = _drawn(model, drawn)
        if now is not None and len(known) < _MOST_MODELS:
            known[id(model)] = now

    sequential._maybe_rebuild = _maybe_rebuild


class _Again:
    """A layer that is asked for what it gave before."""

    def __init__(self, output: Any) -> None:
        self.output = output

    def __call__(self, _inputs: Any) -> Any:
        return self.output


def _is_one_more(layers: List[Any], before: List[Any]) -> bool:
    return len(layers) == len(before) + 1 and all(map(lambda one, other: one is other, layers, before))


def _drawn(model: Any, before: Optional[_Drawn]) -> Optional[_Drawn]:
    """None where calling a layer again may do more than give the same, or is no single tensor."""
    graph, layers = getattr(model, "_functional", None), list(model._layers)
    if graph is None or not is_library(type(model)) or len(layers) < 2:
        return None
    if before is not None and _is_one_more(layers, before.layers):
        outputs, symbol = list(before.outputs), before.outputs[-1]
    else:
        outputs, symbol = [], layers[0].output
    for layer in layers[1 + len(outputs) :]:
        node = _last_call(layer, symbol)
        if node is None or not _only_gives_shapes(layer):
            return None
        symbol = node.outputs[0]
        outputs.append(symbol)
    return _Drawn(graph, layers, outputs) if getattr(graph, "_outputs_struct", None) is symbol else None


def _last_call(layer: Any, symbol: Any) -> Any:
    """The node of a layer's last call, where that was on this symbol alone and gave one."""
    nodes = getattr(layer, "_inbound_nodes", None)
    if not nodes:
        return None
    given, made = nodes[-1].arguments.args, nodes[-1].outputs
    return nodes[-1] if len(given) == 1 and given[0] is symbol and len(made) == 1 else None


def _only_gives_shapes(layer: Any) -> bool:
    """Code of the user's own may do something else the next time."""
    return all(map(is_keras_alone, (layer, *layer._flatten_layers(include_self=False))))
