"""What a model view shows, as plain JSON, and what a place in the text is about.

`kerasLsp/model {uri, position?, view?, replay?}`:

    {uri, document, version, state, reason, summary,
     replay: null | {stale, versions, layers: [LayerReport], here: [layer id]},
     view: null | {stale, keras, origin, models, layers, failures, holes, here: [layer id]}}

`document` is what `uri` belongs to: itself, or the notebook of a cell. `replay` has the names of
`worker.report` in camelCase. `here` are the layers the position denotes. Spans are ranges: `range` for
`created`, `builtAt`, and `ranges` for the `spans` of `flows` and the `span` of steps; one in another cell
than `uri` says has a `uri` of its own. `"replay": false` leaves it null. `view` is made when
`"view": true` asks for it: `features/view_data.py`, with ranges for spans; without a replay it tells what the
text says.

`kerasLsp/modelAt {uri, position}`: `{uri, version, here: [layer id]}`, ids as in that version's `view`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from keras_lsp.features.locate import layers_for, locate
from keras_lsp.features.model_view import model_view
from keras_lsp.lsp import status
from keras_lsp.lsp.sheet import location_of, sheet_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.lsp.sheet import Sheet
    from keras_lsp.session.snapshot import DocumentView, ReplayView, Snapshot
    from keras_lsp.worker.report import SpanPair

Json = dict[str, Any]


def answer(ls: KerasLanguageServer, params: object) -> Json | None:
    """None when the document is not open. Raises JsonRpcInvalidParams."""
    snapshot = ls.session.snapshot()
    if not isinstance(params, dict) or not isinstance(params.get("uri"), str):
        raise JsonRpcInvalidParams("kerasLsp/model takes {uri, position?}")
    view = snapshot.view_with(params["uri"])
    sheet = sheet_of(snapshot, params["uri"], ls.client.encoding)
    if view is None or sheet is None:
        return None
    offset = _offset(sheet, params.get("position"))
    replay = None
    if view.replay is not None and params.get("replay") is not False:
        replay = _replay(view, view.replay, offset, sheet)
    shown = _view(snapshot, view, offset, sheet) if params.get("view") is True else None
    return {
        **status.of(view, sheet.uri).params(),
        "document": sheet.document.key,
        "version": sheet.own.version,
        "replay": replay,
        "view": shown,
    }


def answer_at(ls: KerasLanguageServer, params: object) -> Json | None:
    """None when the document is not open. Raises JsonRpcInvalidParams."""
    snapshot = ls.session.snapshot()
    if not isinstance(params, dict) or not isinstance(params.get("uri"), str):
        raise JsonRpcInvalidParams("kerasLsp/modelAt takes {uri, position}")
    sheet = sheet_of(snapshot, params["uri"], ls.client.encoding)
    if sheet is None:
        return None
    offset = _offset(sheet, params.get("position"))
    if offset is None:
        raise JsonRpcInvalidParams("kerasLsp/modelAt takes {uri, position}")
    shown = model_view(snapshot, sheet.document.key, offset)
    return {
        "uri": sheet.uri,
        "version": sheet.own.version,
        "here": list(shown.here) if shown else [],
    }


def _view(snapshot: Snapshot, view: DocumentView, offset: int | None, sheet: Sheet) -> Json:
    described: Json = _json(model_view(snapshot, view.document.key, offset), lambda span: _range(sheet, span))
    stale = view.replay is not None and view.replay.stale
    return {"stale": stale, "keras": status.of(view, sheet.uri).summary, **described}


def _offset(sheet: Sheet, position: object) -> int | None:
    if position is None:
        return None
    line, character = (
        (position.get("line"), position.get("character")) if isinstance(position, dict) else (None, None)
    )
    if not isinstance(line, int) or not isinstance(character, int):
        raise JsonRpcInvalidParams("a position is {line, character}")
    return sheet.offset(types.Position(line, character))


def _replay(view: DocumentView, replay: ReplayView, offset: int | None, sheet: Sheet) -> Json:
    reference = None if offset is None else locate(view, offset)
    here = layers_for(view, reference) if reference else ()
    layers = []
    for layer in replay.report.layers:
        span = replay.span(layer.created)
        described = _json(layer)
        # Places in the replayed text become ranges in the document as it is now.
        del described["created"]
        described["range"] = _range(sheet, span) if span else None
        described["builtAt"] = _ranges(sheet, replay, (layer.built_at,))[0]
        for flow, told in zip(layer.flows, described["flows"], strict=True):
            told["ranges"] = [found for found in _ranges(sheet, replay, flow.spans) if found]
            del told["spans"]
        for step, told in zip(layer.graph.steps if layer.graph else (), _steps(described), strict=True):
            told["ranges"] = [found for found in _ranges(sheet, replay, (step.span,)) if found]
            del told["span"]
        layers.append(described)
    return {
        "stale": replay.stale,
        "versions": _json(replay.report.versions),
        "layers": layers,
        "here": [layer.id for layer in here],
    }


def _ranges(sheet: Sheet, replay: ReplayView, spans: Iterable[SpanPair | None]) -> list[Json | None]:
    places = (replay.span(span) for span in spans)
    return [_range(sheet, place) if place else None for place in places]


def _range(sheet: Sheet, span: Span) -> Json | None:
    where = location_of(sheet.document, span, sheet.encoding)
    if where is None:
        return None
    start, end = where.range.start, where.range.end
    found: Json = {
        "start": {"line": start.line, "character": start.character},
        "end": {"line": end.line, "character": end.character},
    }
    return found if where.uri == sheet.uri else {**found, "uri": where.uri}


def _steps(described: Json) -> list[Json]:
    graph = described["graph"]
    return graph["steps"] if graph else []


def _json(value: Any, place: Callable[[Span], Json | None] | None = None) -> Any:
    """Plain data with camelCase field names; keys that come from the user's program stay as they are."""
    if place is not None and isinstance(value, Span):
        return place(value)
    if is_dataclass(value):
        return {_camel(field.name): _json(getattr(value, field.name), place) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _json(item, place) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item, place) for item in value]
    return value


@functools.cache
def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
