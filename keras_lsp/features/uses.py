"""Every place that means one layer: `self.d`, `model.d`, `model.layers[0]`, `model.get_layer("d")`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.source.facts import Reference, ReferenceKind, StepKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView, Snapshot

_PATHS = (ReferenceKind.SLOT, ReferenceKind.LAYER_PATH)


@dataclass(frozen=True, slots=True)
class Use:
    """`span` is the attribute's name where the place says it, else the whole path."""

    span: Span
    reference: Reference

    @property
    def is_store(self) -> bool:
        return self.reference.is_store


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a place means: a slot of a class, as the text says, and layers, as the replay saw them."""

    owner: str
    path: str
    layers: frozenset[int]

    def takes_in(self, other: _Meant) -> bool:
        """Whether all that the other place means is meant here, too: `self.blocks` takes in `blocks[0]`."""
        if self.owner and (self.owner, self.path) == (other.owner, other.path):
            return True
        below = other.path.startswith((f"{self.path}[", f"{self.path}."))
        if self.owner and self.owner == other.owner and below:
            return True
        return bool(other.layers) and other.layers <= self.layers


def uses(snapshot: Snapshot, key: str, offset: int) -> tuple[Use, ...]:
    """In the order of the text; () where no layer is meant. Plain variables are left to other servers."""
    view = snapshot.view(key)
    reference = locate.locate(view, offset) if view else None
    if view is None or reference is None or reference.kind not in _PATHS:
        return ()
    return tuple(_uses(view, _meant(view, reference)))


def _uses(view: DocumentView, target: _Meant) -> Iterator[Use]:
    seen: set[Span] = set()
    for reference in view.facts.references:
        if reference.kind not in _PATHS or not target.takes_in(_meant(view, reference)):
            continue
        span = name_span(view, reference)
        if span not in seen:
            seen.add(span)
            yield Use(span, reference)


def _meant(view: DocumentView, reference: Reference) -> _Meant:
    slot = locate.layer_slot(reference)
    layers = frozenset(layer.id for layer in locate.layers_for(view, reference))
    if slot is None:
        return _Meant("", "", layers)
    # `self.blocks` means the attribute, whichever of its slots the fact carries.
    path = slot.attribute if reference.kind is ReferenceKind.SLOT else slot.path
    return _Meant(slot.owner, path, layers)


def attribute_name(reference: Reference) -> str | None:
    """The attribute that a place ends with; None for `layers[0]`, `get_layer("d")`, `blocks[1]`."""
    if reference.kind is ReferenceKind.SLOT:
        return reference.name
    steps = reference.path.steps if reference.path else ()
    last = steps[-1] if steps else None
    return str(last.value) if last is not None and last.kind is StepKind.ATTRIBUTE else None


def name_span(view: DocumentView, reference: Reference) -> Span:
    """The attribute's name within a place, or all of it."""
    span, name = reference.span, attribute_name(reference)
    if name is None or not span.of(view.document.text).endswith(name):
        return span
    return Span(span.end - len(name), span.end)
