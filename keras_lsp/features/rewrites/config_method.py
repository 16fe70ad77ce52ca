"""`get_config()` for a layer of the user's own, from what its constructor takes and keeps.

Keras saves a layer by what `get_config` says and makes it anew with `cls(**config)`; without one, saving a
model with such a layer raises, or (Keras 3) works only for arguments that are plain values.
https://keras.io/guides/serialization_and_saving/#custom-objects
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix
from keras_lsp.features.rewrites.methods import behind, class_node
from keras_lsp.features.rules.tree import method
from keras_lsp.source.facts import ModelKind
from keras_lsp.source.parameters import all_arguments, self_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.module_index import Function
    from keras_lsp.text.span import Span


def rewrites(view: DocumentView, span: Span) -> Iterator[Fix]:
    model_class = view.facts.class_at(span.start)
    if model_class is None or model_class.kind is not ModelKind.LAYER or model_class.method("get_config"):
        return
    # A base of its own may have a `get_config` that the constructor's parameters do not tell of.
    if model_class.bases != ("keras.layers.Layer",):
        return
    node = class_node(view, model_class)
    init = method(node, "__init__") if node is not None else None
    kept = _kept(init) if init is not None else None
    if node is None or not kept:
        return
    quote = "'" if view.document.text.count("'") > view.document.text.count('"') else '"'
    lines = (
        "def get_config(self):",
        "\treturn {",
        "\t\t**super().get_config(),",
        *(f"\t\t{quote}{name}{quote}: self.{held}," for name, held in kept),
        "\t}",
    )
    edit = behind(view, node.body[-1], lines)
    if edit is not None:
        yield Fix(f"Add `get_config()` to `{model_class.name}`", (edit,))


def _kept(init: Function) -> list[tuple[str, str]] | None:
    """Each parameter with the attribute that keeps it; None unless all are kept and the rest goes on.

    Without `**kwargs` that reach the base, `cls(**config)` would refuse the `name` and `dtype` of the base.
    """
    more = init.args.kwarg
    if init.args.vararg is not None or more is None or not _hands_on(init, more.arg):
        return None
    kept = kept_parameters(init)
    return kept if len(kept) == len(all_arguments(init)) - 1 else None


def kept_parameters(init: Function) -> list[tuple[str, str]]:
    """The parameters of a constructor that attributes keep as they are, with those attributes."""
    own = self_name(init)
    held: dict[str, str] = {}
    for node in ast.walk(init):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and _is_name(target.value, own):
                    held.setdefault(node.value.id, target.attr)
    names = [argument.arg for argument in all_arguments(init)][1:]
    return [(name, held[name]) for name in names if name in held]


def _is_name(node: ast.expr, name: str | None) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _hands_on(init: Function, more: str) -> bool:
    """Whether `super().__init__` gets the other arguments."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "__init__"
        and any(k.arg is None and _is_name(k.value, more) for k in node.keywords)
        for node in ast.walk(init)
    )
