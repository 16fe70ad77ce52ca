"""What the text alone says of a model's input, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import wording
from keras_lsp.source.facts import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import Binding, BuildEvent, ModelClass

_TELLING = (EventKind.BUILD, EventKind.CALL, EventKind.FIT)


def of_binding(view: DocumentView, binding: Binding) -> str:
    """ "input (None, 32), from `net.build((None, 32))` on line 12"; "" where nothing says it."""
    pinned = _pinned(view, binding.name)
    if pinned:
        return pinned
    event = next(_events(view, binding), None)
    return _told(view, event) if event is not None else ""


def of_class(view: DocumentView, model_class: ModelClass) -> str:
    """The same for any instance of a class."""
    pinned = _pinned(view, model_class.name)
    if pinned:
        return pinned
    if model_class.input_text is not None:
        return f"input {model_class.input_text}, from its `call`"
    made = [b for b in view.facts.bindings if b.class_name == model_class.name]
    return next((text for binding in made if (text := of_binding(view, binding))), "")


def _pinned(view: DocumentView, target: str) -> str:
    pins = [p for p in view.facts.pragmas if p.target == target and not p.problem]
    if not pins:
        return ""
    return f"input {pins[-1].text}, pinned on {view.document.spot(pins[-1].span.start)}"


def _events(view: DocumentView, binding: Binding) -> Iterator[BuildEvent]:
    for event in view.facts.events:
        inside = binding.scope.touches(event.span.start)
        if event.variable == binding.name and event.kind in _TELLING and event.shape_text and inside:
            yield event


def _told(view: DocumentView, event: BuildEvent) -> str:
    call = wording.one_line(event.span.of(view.document.text))
    shape = wording.one_line(event.shape_text or "")
    return f"input {shape}, from `{call}` on {view.document.spot(event.span.start)}"
