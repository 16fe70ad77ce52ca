"""What the text says of a weight that a class makes, with the parameters of the Keras that counts here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features.keras_name import api_of
from keras_lsp.features.layer_card import argument_text

if TYPE_CHECKING:
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import Argument, MadeWeight


def given(view: DocumentView, made: MadeWeight) -> tuple[Argument, ...]:
    """What it is made with, each bound to its parameter where that is certain."""
    names = iter(_positional(view, made))
    return tuple(
        argument if argument.keyword else replace(argument, name=next(names, None))
        for argument in made.arguments
    )


def name(view: DocumentView, made: MadeWeight) -> str:
    """What Keras calls it: what it is given as its name; "" where the text does not say."""
    argument = next((argument for argument in given(view, made) if argument.name == "name"), None)
    return argument.value if argument is not None and isinstance(argument.value, str) else ""


def detail(view: DocumentView, made: MadeWeight) -> str:
    """Its shape as written, for a list of names."""
    shape = next((argument for argument in given(view, made) if argument.name == "shape"), None)
    return argument_text(shape) if shape is not None else made.maker


def _positional(view: DocumentView, made: MadeWeight) -> tuple[str, ...]:
    """The parameters that arguments without a name go to, in order.

    `add_weight` of Keras 3 takes a few of its keywords by position, too, and refuses a name there.
    """
    is_method = not made.maker.endswith(".Variable")
    entry = api_of(view).entry("keras.Model.add_weight" if is_method else made.maker)
    first = made.arguments[0] if made.arguments else None
    if entry is None or first is None or any(argument.text.startswith("*") for argument in made.arguments):
        return ()
    names = tuple(parameter.name for parameter in entry.parameters if parameter.is_named)
    named_first = first.known and isinstance(first.value, str) and not first.keyword
    return names if not is_method or named_first == (names[:1] == ("name",)) else ()
