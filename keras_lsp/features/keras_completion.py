"""What Keras offers at the cursor: names below a module, names to import, arguments and their strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.auto_import import complete_unimported
from keras_lsp.features.keras_arguments import complete_arguments, complete_string
from keras_lsp.features.keras_members import complete_members
from keras_lsp.features.keras_place import Place
from keras_lsp.features.snippets import complete_snippets
from keras_lsp.features.typed import code_mask, inside_at

if TYPE_CHECKING:
    from keras_lsp.features.results import Completion
    from keras_lsp.session.snapshot import DocumentView


def complete_keras(view: DocumentView, offset: int) -> tuple[Completion, ...]:
    text = view.document.text
    place = Place(view, offset, code_mask(text))
    inside = inside_at(text, offset)
    if inside is not None:
        return complete_string(place, inside) if inside.quote else ()
    if place.typed[:1].isdigit():
        return ()
    members = complete_members(place)
    if members is not None:
        return members
    return (*complete_arguments(place), *complete_unimported(place), *complete_snippets(place))
