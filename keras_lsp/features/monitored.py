"""What a callback may watch: the losses and metrics that the models of a file are compiled with."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keras_lsp.features.keras_name import api_of, resolve
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.features.strings import accepted
from keras_lsp.source.keras_names import dotted_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keras_lsp.knowledge.api import Entry
    from keras_lsp.session.snapshot import DocumentView

_METRICS = frozenset({"metrics", "weighted_metrics"})
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def accepted_here(view: DocumentView, entry: Entry, parameter: str) -> Mapping[str, str]:
    """As `strings.accepted`, and what a model's history will have, for a callback that watches it."""
    if parameter == "monitor" and entry.name.startswith("keras.callbacks."):
        return dict.fromkeys(_monitored(view), "")
    return accepted(api_of(view), entry, parameter)


def _monitored(view: DocumentView) -> list[str]:
    names = dict.fromkeys(["loss", *_compiled(view)])
    return [*(f"val_{name}" for name in names), *names]


def _compiled(view: DocumentView) -> Iterator[str]:
    for node in tree_of(view).nodes:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "compile"
        ):
            for keyword in node.keywords:
                if keyword.arg == "loss" and isinstance(keyword.value, ast.Dict):
                    yield from (f"{output}_loss" for output, _ in _outputs(keyword.value))
                elif keyword.arg in _METRICS:
                    yield from _metrics(view, keyword.value)


def _metrics(view: DocumentView, node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Dict):
        for output, value in _outputs(node):
            yield from (f"{output}_{name}" for name in _metrics(view, value))
    elif isinstance(node, (ast.List, ast.Tuple)):
        for element in node.elts:
            yield from _metrics(view, element)
    else:
        name = _name(view, node)
        if name:
            yield name


def _outputs(node: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value, value


def _name(view: DocumentView, node: ast.expr) -> str:
    """What the history calls a metric; "" where the text does not say."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.Call):
        given = next((k.value for k in node.keywords if k.arg == "name"), None)
        if given is not None:
            return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
        class_name = _of_keras(view, node.func)
        entry = api_of(view).entry(class_name) if class_name else None
        described = entry.parameter("name") if entry is not None else None
        default = described.default if described is not None else None
        if default is None or default == "None":
            return _WORD_START.sub("_", class_name.rpartition(".")[2]).lower()
        return default.strip("'\"")
    return _of_keras(view, node).rpartition(".")[2]


def _of_keras(view: DocumentView, node: ast.expr) -> str:
    """The metric or loss of Keras that an expression names."""
    dotted = dotted_name(node)
    name = resolve(view, dotted, tree_of(view).span(node).start) if dotted else None
    return name if name is not None and name.startswith(("keras.metrics.", "keras.losses.")) else ""
