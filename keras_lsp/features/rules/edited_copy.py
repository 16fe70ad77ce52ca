"""KL305: a change to a copy, which no layer ever sees."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.source.facts import ModelKind, ReferenceKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.rules.tree import Tree
    from keras_lsp.session.snapshot import DocumentView

_LISTS = frozenset({"layers", "weights", "trainable_weights", "non_trainable_weights", "variables",
                    "trainable_variables", "non_trainable_variables"})  # fmt: skip
_CHANGES = frozenset({"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"})


def check(view: DocumentView) -> Iterator[Finding]:
    tree = tree_of(view)
    for node in tree.nodes:
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed = node.value
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_change(node.value.func):
            changed = node.value.func.value  # type: ignore[attr-defined]  # _is_change saw an Attribute
        else:
            continue
        owner, what = _owner(changed)
        if owner is None or not _is_layer(view, tree, owner):
            continue
        span = tree.span(node.value if isinstance(node, ast.Expr) else node)
        copy = f"`{what}()` gives copies" if what == "get_weights" else f"`.{what}` is a new list each time"
        message = f"This changes nothing in the model: {copy}. {_instead(what)}"
        yield RULE.finding(span, message, fixes=_fixes(view, tree, node, owner))


def _fixes(view: DocumentView, tree: Tree, node: ast.AST, owner: ast.expr) -> list[Fix]:
    """`model.layers.pop()` of a Sequential as `model.pop()`."""
    call = node.value if isinstance(node, ast.Expr) else None
    if (
        not isinstance(call, ast.Call)
        or call.args
        or call.keywords
        or not isinstance(call.func, ast.Attribute)
    ):
        return []
    listed = call.func.value
    if call.func.attr != "pop" or not isinstance(listed, ast.Attribute) or listed.attr != "layers":
        return []
    start = tree.span(owner).end
    if not _is_sequential(view, tree.span(owner)):
        return []
    return [
        Fix("Use `pop` of the model", (TextEdit(Span(start, tree.span(listed).end), ""),), preferred=True)
    ]


def _is_sequential(view: DocumentView, owner: Span) -> bool:
    if view.current is not None:
        layers = view.current.layers_at(owner)
        return bool(layers) and all(layer.kind == "sequential" for layer in layers)
    return any(
        reference.span == owner
        and reference.binding is not None
        and reference.binding.kind is ModelKind.SEQUENTIAL
        for reference in view.facts.references
    )


def _is_change(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in _CHANGES


def _owner(changed: ast.expr) -> tuple[ast.expr | None, str]:
    """`model` and `layers` of `model.layers`, `layer` and `get_weights` of `layer.get_weights()`."""
    if isinstance(changed, ast.Attribute) and changed.attr in _LISTS:
        return changed.value, changed.attr
    is_call = isinstance(changed, ast.Call) and isinstance(changed.func, ast.Attribute) and not changed.args
    if is_call and changed.func.attr == "get_weights":  # type: ignore[attr-defined]  # as is_call says
        return changed.func.value, "get_weights"  # type: ignore[attr-defined]  # as is_call says
    return None, ""


def _is_layer(view: DocumentView, tree: Tree, owner: ast.expr) -> bool:
    span = tree.span(owner)
    if view.current is not None:
        values = locate.own_values(view.current, span)
        layers = [view.current.layer(v.layer) for v in values if v.kind == "layer"]
        own = [x for x in layers if x is not None and _overrides(view, x.class_name)]
        return bool(values) and len(layers) == len(values) and not own
    for reference in view.facts.references:
        if reference.span == span and reference.kind is ReferenceKind.MODEL and not reference.is_store:
            binding = reference.binding
            return binding is not None and not _overrides(view, binding.class_name or "")
    return False


def _overrides(view: DocumentView, class_name: str) -> bool:
    model_class = view.facts.model_class(class_name)
    return model_class is not None and any(
        model_class.method(n) is not None for n in (*_LISTS, "get_weights")
    )


def _instead(what: str) -> str:
    if what == "layers":
        return "Build the model of other layers; a Sequential has `add` and `pop`."
    return "Give the changed arrays to `set_weights`, or use `assign` of one weight."


RULE = Rule(
    code="KL305",
    slug="edited-copy",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "`layers`, `weights` and their like are lists that Keras makes when they are asked for, and "
        "`get_weights()` gives copies of the arrays. To change them changes nothing in the model, and "
        "nothing tells."
    ),
    bad="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\nmodel.layers.pop()\n",
    good="model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])\nmodel.pop()\n",
    fix="Uses `pop` of a Sequential model in place of `pop` of its list.",
    check=check,
)
