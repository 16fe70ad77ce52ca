"""`textDocument/definition`, `declaration`, `typeDefinition` and `implementation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.definition import definition, implementation, keras_source, type_definition
from keras_lsp.features.results import Location
from keras_lsp.lsp import to_lsp
from keras_lsp.lsp.sheet import sheet_of
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from lsprotocol import types

    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.session.snapshot import Snapshot

    Asked = (
        types.DefinitionParams
        | types.DeclarationParams
        | types.TypeDefinitionParams
        | types.ImplementationParams
    )
    Find = Callable[[Snapshot, str, int], tuple[Location, ...]]


async def answer(
    ls: KerasLanguageServer, params: types.DefinitionParams | types.DeclarationParams
) -> list[types.Location] | None:
    return await _answer(ls, params, definition, of_type=False)


async def answer_type(
    ls: KerasLanguageServer, params: types.TypeDefinitionParams
) -> list[types.Location] | None:
    return await _answer(ls, params, type_definition, of_type=True)


async def answer_implementation(
    ls: KerasLanguageServer, params: types.ImplementationParams
) -> list[types.Location] | None:
    return await _answer(ls, params, implementation, of_type=True, method="call")


async def _answer(
    ls: KerasLanguageServer,
    params: Asked,
    find: Find,
    *,
    of_type: bool,
    method: str = "",
) -> list[types.Location] | None:
    """What the file does not say itself is looked for in the source of the user's Keras."""
    snapshot = ls.session.snapshot()
    sheet = sheet_of(snapshot, params.text_document.uri, ls.client.encoding)
    if sheet is None:
        return None
    key = sheet.document.key
    offset = sheet.offset(params.position)
    found = find(snapshot, key, offset)
    name = None if found else keras_source(snapshot, key, offset, of_type=of_type)
    if name is not None:
        place = await ls.session.place_of(key, name, method)
        found = (Location(key, Span(offset, offset), place),) if place is not None else ()
    return [
        location for place in found if (location := to_lsp.location(place, snapshot, ls.client)) is not None
    ]
