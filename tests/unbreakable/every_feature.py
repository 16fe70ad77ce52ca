"""Asks every feature for all that it can be asked for at some places of a snapshot."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import TYPE_CHECKING, Any

from keras_lsp.features.actions import all_fixes, code_actions, fixes_of_a_kind, pins, silencers
from keras_lsp.features.code_lens import code_lenses
from keras_lsp.features.completion import complete
from keras_lsp.features.definition import definition, keras_source, type_definition
from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.hover import hover
from keras_lsp.features.inlay_hints import inlay_hints
from keras_lsp.features.model_view import model_view
from keras_lsp.features.rename import RefusalError, prepare, rename
from keras_lsp.features.signature_help import signature_help
from keras_lsp.features.symbols import document_symbols
from keras_lsp.features.uses import uses
from keras_lsp.features.workspace_symbols import workspace_symbols
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keras_lsp.session.snapshot import Snapshot


def ask_all(snapshot: Snapshot, offsets: Iterable[int]) -> None:
    """Nothing raises, and no place that is told lies outside of the text."""
    everything = whole(snapshot.views[KEY].document.text)
    told: list[Any] = [
        *diagnostics(snapshot, KEY),
        *document_symbols(snapshot, KEY),
        *inlay_hints(snapshot, KEY, everything),
        *code_lenses(snapshot, KEY),
        *code_actions(snapshot, KEY, everything),
        *fixes_of_a_kind(snapshot, KEY, everything),
        *silencers(snapshot, KEY, everything),
        *pins(snapshot, KEY, everything),
        all_fixes(snapshot, KEY),
        *workspace_symbols(snapshot, ""),
    ]
    for offset in offsets:
        shown = hover(snapshot, KEY, offset)
        assert shown is None or (shown.markdown and shown.text)
        told += [shown, *complete(snapshot, KEY, offset), signature_help(snapshot, KEY, offset)]
        told += [*definition(snapshot, KEY, offset), *type_definition(snapshot, KEY, offset)]
        told += [keras_source(snapshot, KEY, offset, of_type=False), *uses(snapshot, KEY, offset)]
        with contextlib.suppress(RefusalError):
            told += [prepare(snapshot, KEY, offset), rename(snapshot, KEY, offset, "renamed")]
        view = model_view(snapshot, KEY, offset)
        if view is not None:
            json.dumps(dataclasses.asdict(view), allow_nan=False)
    for one in told:
        for span in _spans(one):
            assert everything.covers(span), one


def _spans(told: Any) -> Iterable[Span]:
    if isinstance(told, Span):
        yield told
    elif isinstance(told, tuple | list):
        for item in told:
            yield from _spans(item)
    elif dataclasses.is_dataclass(told):
        for field in dataclasses.fields(told):
            yield from _spans(getattr(told, field.name))
