"""Which thing of Keras a dotted name means where it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.features.denote import denote, enclosing_class
from keras_lsp.features.rebound import is_rebound
from keras_lsp.features.typed import OF_BASE, Link, LinkKind, Typed, Typing, code_mask, without_blanks
from keras_lsp.knowledge.api import Entry, Kind
from keras_lsp.knowledge.bundled import bundled
from keras_lsp.source.facts import ModelKind
from keras_lsp.source.keras_names import canonical
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.knowledge.api import Api
    from keras_lsp.session.snapshot import DocumentView

_OWNERS = {
    ModelKind.SUBCLASS: "keras.Model",
    ModelKind.FUNCTIONAL: "keras.Model",
    ModelKind.SEQUENTIAL: "keras.Sequential",
    ModelKind.LAYER: "keras.layers.Layer",
}
_DOTTED_END = re.compile(rf"(?:{OF_BASE})?[^\W\d]\w*(?:[ \t]*\.[ \t]*[^\W\d]\w*)*\Z")
_WORD = re.compile(r"\w*")


def api_of(view: DocumentView) -> Api:
    """What the user's Keras offers; what the product came with where that has not been read."""
    line = view.keras_line or 3
    return view.api if view.api is not None and view.api.line == line else bundled(line)


def resolve(view: DocumentView, dotted: str, offset: int) -> str | None:
    """`tf.keras.layers` -> `keras.layers`; None for what is not imported, or something else at `offset`."""
    root, _, rest = dotted.partition(".")
    known = dict(view.facts.keras.names).get(root)
    if known is None or is_rebound(view, root, offset):
        return None
    return canonical(f"{known}.{rest}" if rest else known)


def comes_by_tensorflow(view: DocumentView, dotted: str) -> bool:
    """Whether `dotted` means what TensorFlow calls `keras`, which may have more than Keras has."""
    return dotted.partition(".")[0] in view.facts.keras.by_tensorflow


def entry_at(view: DocumentView, dotted: str, offset: int) -> Entry | None:
    """The thing of Keras that `dotted` means: by its import, or as a method of a model."""
    name = resolve(view, dotted, offset)
    if name is not None:
        by_tensorflow = comes_by_tensorflow(view, dotted)
        return api_of(view).entry(name, by_tensorflow=by_tensorflow) if _is_keras(name) else None
    owner, _, method = dotted.rpartition(".")
    return _method(view, owner, method, offset) if owner else None


def dotted_at(view: DocumentView, offset: int) -> tuple[str, Span] | None:
    """The dotted name in code that ends with the word at `offset`, and where that word is."""
    mask = code_mask(view.document.text)
    end = _WORD.match(mask, offset)
    found = _DOTTED_END.search(mask, max(0, offset - 300), end.end() if end else offset)
    if found is None:
        return None
    word = found[0].rpartition(".")[2].strip()
    return without_blanks(found[0]), Span(found.end() - len(word), found.end())


def _is_keras(name: str) -> bool:
    return name == "keras" or name.startswith("keras.")


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
