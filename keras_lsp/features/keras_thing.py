"""Which thing of Keras a dotted name means where it is written, methods of the user's objects included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.denote import denote, enclosing_class
from keras_lsp.features.keras_name import api_of, comes_by_tensorflow, resolve
from keras_lsp.features.keras_object import class_held
from keras_lsp.features.typed import Link, LinkKind, Typed, Typing
from keras_lsp.knowledge.api import Entry, Kind
from keras_lsp.source.facts import ModelKind
from keras_lsp.source.keras_names import is_keras
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView

_OWNERS = {
    ModelKind.SUBCLASS: "keras.Model",
    ModelKind.FUNCTIONAL: "keras.Model",
    ModelKind.SEQUENTIAL: "keras.Sequential",
    ModelKind.LAYER: "keras.layers.Layer",
}


def entry_at(view: DocumentView, dotted: str, offset: int) -> Entry | None:
    """The thing of Keras that `dotted` means: by its import, or as a member of what a variable holds."""
    name = resolve(view, dotted, offset)
    if name is not None:
        by_tensorflow = comes_by_tensorflow(view, dotted)
        return api_of(view).entry(name, by_tensorflow=by_tensorflow) if is_keras(name) else None
    owner, _, member = dotted.rpartition(".")
    if not owner:
        return None
    held = class_held(view, owner, offset)
    return _method(view, owner, member, offset) if held is None else api_of(view).members_of(held).get(member)


def _method(view: DocumentView, owner: str, method: str, offset: int) -> Entry | None:
    if owner == "super()":
        return _of_base(view, method, offset)
    root, *attributes = owner.split(".")
    links = tuple(Link(LinkKind.ATTRIBUTE, attribute) for attribute in attributes)
    found = denote(view, Typed(Typing.ATTRIBUTE, root, links, Span(offset, offset)), offset)
    if found is None or found.path:
        return None
    if found.model_class is not None:
        if found.model_class.method(method) is not None:
            return None
        return _own_method(view, found.model_class.kind, method)
    if found.binding is not None and not found.binding.is_tensor:
        return _own_method(view, found.binding.kind, method)
    return None


def _of_base(view: DocumentView, method: str, offset: int) -> Entry | None:
    """What `super().method` is, where the base is a class of Keras."""
    inside = enclosing_class(view, offset)
    base = api_of(view).entry(inside.bases[0]) if inside is not None and inside.bases else None
    if inside is None or base is None or base.kind is not Kind.CLASS:
        return None
    return base if method == "__init__" else _own_method(view, inside.kind, method)


def _own_method(view: DocumentView, kind: ModelKind, method: str) -> Entry | None:
    owner = api_of(view).entry(_OWNERS.get(kind, ""))
    return api_of(view).entry(f"{owner.name}.{method}") if owner is not None else None
