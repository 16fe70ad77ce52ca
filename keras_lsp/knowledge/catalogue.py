"""What Keras offers, from a bundled snapshot made by `generate.py`. Read on first use."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Parameter:
    """`default` is its text, "'glorot_uniform'"; None when the parameter has none."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One public class (or `keras.Input`) of Keras. `parameters` are those of `__init__`, in order."""

    name: str  # canonical: "keras.layers.Dense"
    parameters: tuple[Parameter, ...]
    summary: str  # first sentence of its documentation

    def default(self, parameter: str) -> str | None:
        return next((p.default for p in self.parameters if p.name == parameter), None)


@lru_cache(maxsize=1)
def _snapshot() -> dict[str, dict[str, object]]:
    text = resources.files("keras_lsp.knowledge").joinpath("catalogue.json").read_text(encoding="utf-8")
    layers: dict[str, dict[str, object]] = json.loads(text)["layers"]
    return layers


@lru_cache(maxsize=512)
def layer(canonical: str) -> LayerInfo | None:
    """What is known of a class by its canonical name, "keras.layers.Dense"."""
    entry = _snapshot().get(canonical)
    if entry is None:
        return None
    parameters = entry["parameters"]
    assert isinstance(parameters, list)  # noqa: S101  # the snapshot is our own file
    return LayerInfo(canonical, tuple(Parameter(*pair) for pair in parameters), str(entry["summary"]))


def is_layer(canonical: str) -> bool:
    """Whether this is a layer class of Keras; models and `keras.Input` are none."""
    return canonical.startswith("keras.layers.") and canonical in _snapshot()


def layer_names() -> tuple[str, ...]:
    """Every canonical name of the snapshot."""
    return tuple(_snapshot())
