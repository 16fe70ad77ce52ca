"""What Keras says of the name, the argument or the string under the cursor."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

from keras_lsp.features import keras_docs, layer_card, wording
from keras_lsp.features.keras_arguments import given_to, parameter_at
from keras_lsp.features.keras_name import api_of, dotted_at
from keras_lsp.features.keras_object import class_held
from keras_lsp.features.keras_thing import entry_at
from keras_lsp.features.monitored import accepted_here
from keras_lsp.features.open_call import open_call
from keras_lsp.features.results import Hover
from keras_lsp.features.typed import code_mask, inside_at
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.features.open_call import OpenCall
    from keras_lsp.knowledge.api import Entry
    from keras_lsp.session.snapshot import DocumentView

_NUMBER = re.compile(r"(?<![\w.])(?:\d[\w.]*(?:(?<=[eE])[+-]\d+)?|\.\d\w*)")
_NUMBER_BEFORE = re.compile(r"(?<![\w.])[\d.][\w.]*(?:(?<=[eE])[+-]\d*)?\Z")
_LONGEST_NUMBER = 40
_CONSTANTS = ("True", "False", "None")
_ASSIGNS = re.compile(r"[ \t]*=(?!=)")


def hover_keras(view: DocumentView, offset: int) -> Hover | None:
    inside = inside_at(view.document.text, offset)
    if inside is not None:
        return _of_string(view, inside.start, inside.body) if len(inside.quote) == 1 else None
    found = dotted_at(view, offset)
    if found is None:
        return _of_number(view, offset)
    dotted, word = found
    if "." not in dotted and _ASSIGNS.match(code_mask(view.document.text), word.end):
        return _of_argument(view, word)
    entry = entry_at(view, dotted, word.start) or class_held(view, dotted, word.start)
    if entry is None:
        is_value = "." not in dotted and (dotted in _CONSTANTS or not keyword.iskeyword(dotted))
        return _of_value(view, word) if is_value else None
    return Hover(word, keras_docs.markdown(entry), keras_docs.plain(entry))


def _of_argument(view: DocumentView, word: Span) -> Hover | None:
    """`units` in `Dense(units=64)`."""
    call = open_call(view.document.text, word.start)
    entry = entry_at(view, call.callee, call.callee_span.start) if call and not call.brackets else None
    name = word.of(view.document.text)
    if entry is None or name not in entry.keywords:
        return None
    return _of_parameter(view, call, entry, name, word)


def _of_number(view: DocumentView, offset: int) -> Hover | None:
    """`64` in `Dense(64)`, `3` in `Conv2D(8, (3, 3))`."""
    text = view.document.text
    before = _NUMBER_BEFORE.search(text, max(0, offset - _LONGEST_NUMBER), offset)
    start = before.start() if before is not None else offset
    number = _NUMBER.match(text, start)
    return _of_value(view, Span(*number.span())) if number is not None and number.end() >= offset else None


def _of_value(view: DocumentView, value: Span) -> Hover | None:
    """`True` in `GRU(8, return_sequences=True)`, `width` in `Dense(width)`: which argument it is."""
    call = open_call(view.document.text, value.start)
    if call is None or set("[{") & set(call.brackets):
        return None
    entry = entry_at(view, call.callee, call.callee_span.start)
    name = given_to(entry, call) if entry is not None else None
    if entry is None or name is None or name not in entry.keywords:
        return None
    return _of_parameter(view, call, entry, name, value)


def _of_string(view: DocumentView, start: int, body: Span) -> Hover | None:
    """`relu` in `activation="relu"`."""
    call = open_call(view.document.text, start)
    entry = entry_at(view, call.callee, call.callee_span.start) if call else None
    parameter = parameter_at(entry, call) if call and entry else None
    if entry is None or parameter is None:
        return None
    api = api_of(view)
    target = accepted_here(view, entry, parameter).get(body.of(view.document.text))
    if target is None:
        return None
    meant = api.entry(target)
    if meant is not None:
        return Hover(body, keras_docs.markdown(meant), keras_docs.plain(meant))
    return _of_parameter(view, call, entry, parameter, body)


def _of_parameter(view: DocumentView, call: OpenCall | None, entry: Entry, name: str, span: Span) -> Hover:
    """What Keras says of it, and what it is here and comes to."""
    api = api_of(view)
    here = _here(view, call, name)
    markdown, plain = (
        keras_docs.argument_markdown(api, entry, name),
        keras_docs.argument_plain(api, entry, name),
    )
    if here:
        code, comes_to = here
        markdown, plain = f"{markdown}\n\nHere `{code}`{comes_to}", f"{plain}\n\nHere {code}{comes_to}"
    return Hover(span, markdown, plain)


def _here(view: DocumentView, call: OpenCall | None, name: str) -> tuple[str, str] | None:
    """`filters=16`, and what the layer makes of its input with that."""
    made = next(
        (
            found
            for reference in view.facts.references
            if call is not None
            and (found := reference.call) is not None
            and found.callee_span.end == call.callee_span.end
        ),
        None,
    )
    argument = made.argument(name) if made is not None else None
    if made is None or argument is None:
        return None
    layers = view.replay.created_at(made.span) if view.replay is not None else ()
    flow = wording.one_of(text for layer in layers if (text := wording.flow_text(layer)))
    stale = ", of an earlier text" if view.replay is not None and view.replay.stale else ""
    return layer_card.argument_text(argument), f": {flow}{stale}" if flow else ""
