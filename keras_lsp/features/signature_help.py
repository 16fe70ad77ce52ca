"""The parameters of the Keras call that is being written, and which of them the cursor is at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features import keras_docs
from keras_lsp.features.keras_name import api_of
from keras_lsp.features.keras_thing import entry_at
from keras_lsp.features.open_call import OpenCall, open_call
from keras_lsp.features.results import SignatureHelp, SignatureParameter
from keras_lsp.features.typed import inside_at
from keras_lsp.knowledge.api import Kind

if TYPE_CHECKING:
    from keras_lsp.knowledge.api import Api, Entry
    from keras_lsp.session.snapshot import Snapshot


def signature_help(snapshot: Snapshot, key: str, offset: int) -> SignatureHelp | None:
    view = snapshot.view(key)
    if view is None:
        return None
    inside = inside_at(view.document.text, offset)
    if inside is not None and not inside.quote:
        return None  # in a comment
    call = open_call(view.document.text, inside.start if inside else offset)
    entry = entry_at(view, call.callee, call.callee_span.start) if call else None
    if call is None or entry is None or entry.kind in (Kind.MODULE, Kind.PROPERTY):
        return None
    parameters = _parameters(api_of(view), entry)
    return SignatureHelp(keras_docs.signature(entry), parameters, _active(entry, call), entry.summary)


def _parameters(api: Api, entry: Entry) -> tuple[SignatureParameter, ...]:
    at = len(entry.short_name) + 1
    found = []
    for parameter in entry.parameters:
        end = at + len(parameter.text)
        text = keras_docs.argument_text(api, entry, parameter.name) if parameter.is_named else ""
        found.append(SignatureParameter(at, end, text))
        at = end + len(", ")
    return tuple(found)


def _active(entry: Entry, call: OpenCall) -> int | None:
    names = [parameter.name for parameter in entry.parameters]
    if call.keyword is not None:
        rest = next((i for i, name in enumerate(names) if name.startswith("**")), None)
        return names.index(call.keyword) if call.keyword in names else rest
    if any(call.before) or call.position >= len(entry.positional):
        return next((i for i, name in enumerate(names) if name.startswith("*") and name.strip("*")), None)
    return call.position
