"""What Keras takes in a call: keywords, and the strings that stand for something."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_lsp.features import keras_docs, strings
from keras_lsp.features.keras_thing import entry_at
from keras_lsp.features.monitored import accepted_here
from keras_lsp.features.open_call import OpenCall, open_call
from keras_lsp.features.results import Completion, CompletionKind, Topic
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.features.keras_place import Place
    from keras_lsp.features.typed import Inside
    from keras_lsp.knowledge.api import Entry
    from keras_lsp.session.snapshot import DocumentView

_KEYWORD = re.compile(r"(\w+)[ \t]*=(?!=)")
_WORD = re.compile(r"\w*")


def complete_arguments(place: Place) -> tuple[Completion, ...]:
    call = open_call(place.view.document.text, place.offset)
    entry = entry_at(place.view, call.callee, call.callee_span.start) if call else None
    if call is None or entry is None:
        return ()
    value = place.mask[call.value_start : place.word.start].strip()
    if call.keyword is not None:
        quotable = not value and strings.may_be_listed(call.keyword, call.brackets)
        return (
            _quoted(place, entry, call.keyword)
            if quotable and not call.brackets
            else _listed(place, entry, call)
        )
    if value or call.brackets:
        return ()
    return _keywords(place, entry, call)


def _listed(place: Place, entry: Entry, call: OpenCall) -> tuple[Completion, ...]:
    """`metrics=[|` and `metrics=["mse", |`."""
    before = place.mask[call.value_start : place.word.start].rstrip()
    if not call.brackets or call.keyword is None or before[-1:] not in ("[", ",", ":"):
        return ()
    return _quoted(place, entry, call.keyword) if strings.may_be_listed(call.keyword, call.brackets) else ()


def _keywords(place: Place, entry: Entry, call: OpenCall) -> tuple[Completion, ...]:
    given = {*entry.positional[: call.position], *(name for name in call.before if name), *call.after}
    here = _KEYWORD.match(place.mask, place.word.start)
    if here is not None and not place.typed:
        given.add(here[1])
    has_sign = here is not None and bool(place.typed)
    found = []
    for number, name in enumerate(entry.keywords):
        if name in given:
            continue
        shown = keras_docs.argument_code(place.api, entry, name).partition(") ")[2]
        found.append(
            Completion(
                f"{name}=",
                CompletionKind.ARGUMENT,
                place.word,
                name if has_sign else f"{name}=",
                shown,
                sort=f"{number:03}",
                topic=Topic(entry.name, name),
            )
        )
    return tuple(found)


def _quoted(place: Place, entry: Entry, parameter: str) -> tuple[Completion, ...]:
    return _items(place.view, entry, parameter, place.word, '"', '"')


def complete_string(place: Place, inside: Inside) -> tuple[Completion, ...]:
    """Inside of a string that is an argument, closed or not."""
    if len(inside.quote) != 1 or inside.formatted:
        return ()
    call = open_call(place.view.document.text, inside.start)
    entry = entry_at(place.view, call.callee, call.callee_span.start) if call else None
    parameter = parameter_at(entry, call) if call and entry else None
    if call is None or entry is None or parameter is None or not _is_whole_value(place, call, inside):
        return ()
    rest = place.view.document.text[place.offset : inside.body.end]
    whole = inside.closed and re.fullmatch(r"[\w-]*", rest)
    end = inside.body.end if whole else place.offset + len(_leading_word(rest))
    replace = Span(inside.body.start, end)
    return _items(place.view, entry, parameter, replace, "", "" if whole else inside.quote)


def _is_whole_value(place: Place, call: OpenCall, inside: Inside) -> bool:
    """Not a part of an expression: `"re" + |`, and no key of a dict."""
    before = place.mask[call.value_start : inside.start].strip()
    if not call.brackets:
        return not before
    return before.endswith(":" if call.brackets[-1] == "{" else ("[", ","))


def parameter_at(entry: Entry, call: OpenCall) -> str | None:
    """The parameter that the string at the cursor is given to; None where strings are not looked at."""
    name = given_to(entry, call)
    return name if name is not None and strings.may_be_listed(name, call.brackets) else None


def given_to(entry: Entry, call: OpenCall) -> str | None:
    """The parameter that the value at the cursor is given to, by its name or its place."""
    if call.keyword is not None:
        return call.keyword
    return entry.positional[call.position] if call.position < len(entry.positional) else None


def _items(
    view: DocumentView, entry: Entry, parameter: str, replace: Span, opening: str, closing: str
) -> tuple[Completion, ...]:
    """The strings with the quotes that are still missing; the default first, then as Keras lists them."""
    described = entry.parameter(parameter)
    default = (described.default or "").strip("'\"") if described else ""
    accepted = sorted(accepted_here(view, entry, parameter).items(), key=lambda pair: pair[0] != default)
    return tuple(
        Completion(
            f'"{text}"' if opening else text,
            CompletionKind.STRING,
            replace,
            f"{opening}{text}{closing}",
            target,
            sort=f"{number:03}",
            topic=Topic(target) if target else None,
        )
        for number, (text, target) in enumerate(accepted)
    )


def _leading_word(text: str) -> str:
    found = _WORD.match(text)
    return found[0] if found else ""
