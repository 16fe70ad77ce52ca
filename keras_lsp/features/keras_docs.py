"""What Keras's documentation says of a thing or a parameter, as hovers and completions show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.card import fence, without_links
from keras_lsp.features.keras_name import api_of
from keras_lsp.knowledge.api import Kind

if TYPE_CHECKING:
    from keras_lsp.features.results import Topic
    from keras_lsp.knowledge.api import Api, Entry
    from keras_lsp.session.snapshot import Snapshot

_WIDTH = 80  # columns of a signature before it is broken into lines


def documentation(snapshot: Snapshot, key: str, topic: Topic) -> str:
    """Markdown on a topic; "" where nothing is known of it any more."""
    view = snapshot.view(key)
    entry = api_of(view).entry(topic.name) if view is not None else None
    if view is None or entry is None:
        return ""
    return argument_markdown(api_of(view), entry, topic.parameter) if topic.parameter else markdown(entry)


def signature(entry: Entry, *, broken: bool = False) -> str:
    """`Dense(units, activation=None, **kwargs)`."""
    parts = [parameter.text for parameter in entry.parameters]
    if not broken:
        return f"{entry.short_name}({', '.join(parts)})"
    return f"{entry.short_name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def code(entry: Entry) -> str:
    if entry.kind is Kind.MODULE:
        return f"module {entry.name}"
    if entry.kind is Kind.PROPERTY:
        return entry.name
    one_line = signature(entry)
    return one_line if len(one_line) <= _WIDTH else signature(entry, broken=True)


def markdown(entry: Entry) -> str:
    """Signature, first paragraph, weights."""
    parts = [
        fence("python", code(entry).split("\n")),
        _deprecation(entry),
        without_links(_summary(entry)),
        _weights(entry, "`{}`"),
    ]
    return "\n\n".join(part for part in parts if part)


def plain(entry: Entry) -> str:
    return "\n".join(
        part for part in (code(entry), _deprecation(entry), _summary(entry), _weights(entry, "{}")) if part
    )


def argument_markdown(api: Api, entry: Entry, parameter: str) -> str:
    text = without_links(argument_text(api, entry, parameter))
    parts = [fence("python", [argument_code(api, entry, parameter)]), text]
    return "\n\n".join(part for part in parts if part)


def argument_plain(api: Api, entry: Entry, parameter: str) -> str:
    return "\n".join(
        part for part in (argument_code(api, entry, parameter), argument_text(api, entry, parameter)) if part
    )


def argument_code(api: Api, entry: Entry, parameter: str) -> str:
    described = entry.parameter(parameter)
    if described is None and parameter in entry.more:
        base = api.entry("keras.layers.Layer")
        described = base.parameter(parameter) if base else None
    return f"({entry.short_name}) {described.text if described else parameter}"


def argument_text(api: Api, entry: Entry, parameter: str) -> str:
    """What is written of a parameter; of one that every layer takes, at `Layer`."""
    if parameter in entry.arguments or parameter not in entry.more:
        return entry.arguments.get(parameter, "")
    base = api.entry("keras.layers.Layer")
    return base.arguments.get(parameter, "") if base else ""


def _deprecation(entry: Entry) -> str:
    if not entry.deprecated:
        return ""
    only = " Only `tf.keras` has it: Keras 3 itself has it no more." if entry.name.startswith("tf.") else ""
    return f"Deprecated.{only}"


def _summary(entry: Entry) -> str:
    """Where the documentation says nothing but that, it has been said."""
    return "" if entry.summary.rstrip(".").lower() == "deprecated" else entry.summary


def _weights(entry: Entry, spelling: str) -> str:
    if entry.weights is None:
        return ""
    return "Weights: " + (", ".join(spelling.format(name) for name in entry.weights) or "none")
