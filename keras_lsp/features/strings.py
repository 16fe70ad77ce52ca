"""The strings a parameter of Keras takes: `"relu"` for an activation, `"same"` for a padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keras_lsp.knowledge.api import Api, Entry

# In which table Keras looks a string up is in the code of its functions; by their names Keras is consistent.
_BY_END = {
    "activation": "activations",
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
}
_BY_NAME = {
    "optimizer": "optimizers",
    "loss": "losses",
    "metrics": "metrics",
    "weighted_metrics": "metrics",
}
_LISTS = frozenset({"loss", "metrics", "weighted_metrics"})  # may be in lists and dicts, one per output


def accepted(api: Api, entry: Entry, parameter: str) -> Mapping[str, str]:
    """String -> canonical name of what it stands for, "" where it stands for nothing but itself."""
    kind = _kind(entry, parameter)
    if kind is not None and kind in api.strings:
        return api.strings[kind]
    return dict.fromkeys(entry.choices.get(parameter, ()), "")


def may_be_listed(parameter: str, brackets: str) -> bool:
    """Whether a string counts inside `brackets` opened in the argument: `metrics=["`."""
    return not brackets or (parameter in _LISTS and set(brackets) <= {"[", "{"})


def _kind(entry: Entry, parameter: str) -> str | None:
    if parameter == "identifier" and entry.short_name == "get":
        return entry.name.split(".")[1]
    described = entry.parameter(parameter)
    if described is None or (described.default or "None")[:1] not in ("N", "'", '"'):
        return None
    return _BY_NAME.get(parameter) or _BY_END.get(parameter.rpartition("_")[2])
