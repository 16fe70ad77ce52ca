"""What object of Keras a name holds: `optimizer = tf.keras.optimizers.Adam()`, and then `optimizer.`

Of classes that are no layers or models, of which more is known.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from keras_lsp.features.denote import goes_on
from keras_lsp.features.keras_name import api_of, comes_by_tensorflow, resolve
from keras_lsp.features.rules.tree import Tree, tree_of
from keras_lsp.knowledge.api import Entry, Kind
from keras_lsp.source.enclosing import Enclosing
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.module_index import Definition, Function
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
    if not re.search(rf"\b{re.escape(name)}\b[^=\n]*=", view.document.text):
        return None  # nothing is given to it: most names end here
    given = _kept(view, name, offset) if attributes else _given(view, name, offset)
    made = [_made(view, value) for value in given]
    if not made or any(one is None or one.name != made[0].name for one in made if made[0]):
        return None
    return made[0]


def _kept(view: DocumentView, attribute: str, offset: int) -> Sequence[Giving]:
    for definition in _around(view, offset):
        if isinstance(definition, ast.ClassDef):
            return _enclosing(tree_of(view)).kept_by(definition).get(attribute, ())
    return ()


def _given(view: DocumentView, name: str, offset: int) -> Sequence[Giving]:
    """By the innermost function that gives it anything, else by the module."""
    enclosing = _enclosing(tree_of(view))
    for definition in _around(view, offset):
        if not isinstance(definition, Function):
            continue
        if name in parameter_names(definition):
            return ()
        given = enclosing.given_in(definition).get(name)
        if given is not None:
            return given
    return enclosing.given_in(None).get(name, ())


def _around(view: DocumentView, offset: int) -> Iterator[Definition]:
    """The definitions that a line belongs to, innermost first, also where their ends do not parse."""
    tree = tree_of(view)
    for node in reversed(_definitions(tree)):
        span = tree.span(node)
        if span.start <= offset and (offset <= span.end or goes_on(view, span, offset)):
            yield node


def _made(view: DocumentView, value: Giving) -> Entry | None:
    """The class of Keras that an expression calls."""
    dotted = dotted_name(value.func) if isinstance(value, ast.Call) else None
    if dotted is None or not isinstance(value, ast.Call):
        return None
    name = resolve(view, dotted, tree_of(view).span(value).start)
    if name is None:
        return None
    entry = api_of(view).entry(name, by_tensorflow=comes_by_tensorflow(view, dotted))
    is_known = entry is not None and entry.kind is Kind.CLASS and bool(api_of(view).members_of(entry))
    return entry if is_known and entry is not None and not _is_model(entry) else None


def _is_model(entry: Entry) -> bool:
    return entry.name in {"keras.Model", "keras.Sequential", "keras.Layer", "keras.layers.Layer"}


@lru_cache(maxsize=8)
def _enclosing(tree: Tree) -> Enclosing:
    return Enclosing(tree.module.body, _definitions(tree))


def _definitions(tree: Tree) -> list[Definition]:
    return [node for node in tree.nodes if isinstance(node, Definition)]
