"""What object of Keras a name holds: `optimizer = tf.keras.optimizers.Adam()`, and then `optimizer.`

Of classes that are no layers or models, of which more is known.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keras_lsp.features.denote import goes_on
from keras_lsp.features.keras_name import api_of, comes_by_tensorflow, resolve
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.knowledge.api import Entry, Kind
from keras_lsp.source.enclosing import givings, kept_by
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.module_index import Definition, Function, blocks_of
from keras_lsp.source.parameters import parameter_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.enclosing import Giving


def class_held(view: DocumentView, dotted: str, offset: int) -> Entry | None:
    """The class of what a variable or an attribute of `self` holds; None where that is not sure."""
    root, *attributes = dotted.split(".")
    if attributes if root != "self" else len(attributes) != 1:
        return None
    name = attributes[0] if attributes else root
    if not _may_be_of_keras(view, name):
        return None  # most names end here, and the tree is not looked at
    around = list(_around(view, offset))
    given = _kept(around, name) if attributes else _given(view, around, name)
    made = [_made(view, value) for value in given]
    first = made[0] if made else None
    return (
        first
        if first is not None and all(one is not None and one.name == first.name for one in made)
        else None
    )


def _may_be_of_keras(view: DocumentView, name: str) -> bool:
    known = dict(view.facts.keras.names)
    given = re.compile(rf"\b{re.escape(name)}\b[^=\n]*=[ \t]*([^\W\d]\w*)[\w.]*\(")
    return any(found[1] in known for found in given.finditer(view.document.text))


def _kept(around: Sequence[Definition], attribute: str) -> Sequence[Giving]:
    inside = next((definition for definition in around if isinstance(definition, ast.ClassDef)), None)
    return kept_by(inside).get(attribute, ()) if inside is not None else ()


def _given(view: DocumentView, around: Sequence[Definition], name: str) -> Sequence[Giving]:
    """By the innermost function that gives it anything, else by the module."""
    for definition in around:
        if not isinstance(definition, Function):
            continue
        if name in parameter_names(definition):
            return ()
        given = givings(definition.body).get(name)
        if given is not None:
            return given
    tree, text = tree_of(view), view.parsed.text
    naming = [node for node in tree.module.body if name in tree.span(node).of(text)]
    return givings(naming).get(name, ())


def _around(view: DocumentView, offset: int) -> Iterator[Definition]:
    """The definitions that a line belongs to, innermost first, also where their ends do not parse."""
    tree = tree_of(view)
    found: list[Definition] = []
    waiting: list[ast.AST] = [tree.module]
    while waiting:
        for node in blocks_of(waiting.pop()):
            if isinstance(node, (ast.stmt, ast.excepthandler)):
                span = tree.span(node)
                if offset < span.start or (offset > span.end and not goes_on(view, span, offset)):
                    continue
            waiting.append(node)
            if isinstance(node, Definition):
                found.append(node)
    return reversed(found)


def _made(view: DocumentView, value: Giving) -> Entry | None:
    """The class of Keras that an expression calls."""
    if not isinstance(value, ast.Call) or (dotted := dotted_name(value.func)) is None:
        return None
    name = resolve(view, dotted, tree_of(view).span(value).start)
    if name is None:
        return None
    api = api_of(view)
    entry = api.entry(name, by_tensorflow=comes_by_tensorflow(view, dotted))
    if entry is None or entry.kind is not Kind.CLASS or _is_model(entry):
        return None
    return entry if api.members_of(entry) else None


def _is_model(entry: Entry) -> bool:
    return entry.name in {"keras.Model", "keras.Sequential", "keras.Layer", "keras.layers.Layer"}
