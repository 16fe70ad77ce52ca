"""Layers that code elsewhere puts into a class: base classes and functions of other files, setters.

What comes from another file is told with a span of this one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keras_lsp.source.evaluation import is_plain
from keras_lsp.source.held import Entry, Environment, Held, either
from keras_lsp.source.literals import is_literal
from keras_lsp.source.resolve import split_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from keras_lsp.source.evaluation import Known
    from keras_lsp.source.facts import Argument, LayerCall, LayerSlot
    from keras_lsp.source.resolve import ClassOrigin, FunctionOrigin
    from keras_lsp.text.span import Span


def slots_here(origin: ClassOrigin, callee: str, at: Span) -> Iterator[LayerSlot]:
    """The slots of a class of another file; `at`, what names it here, stands for all places in that file."""
    there = _Module(split_name(callee)[0], origin.path)
    for slot in origin.slots:
        call = slot.call and _call_at(slot.call, there, at)
        yield replace(slot, definition=at, source_line=at, call=call)


def held_here(origin: FunctionOrigin, module: str, at: Span) -> Held:
    """What a function of another file returns; `at` is its call in this one."""
    there = _Module(module, origin.path)
    entries = (
        replace(e, call=e.call and _call_at(e.call, there, at), span=at) for e in origin.returns.entries
    )
    return replace(origin.returns, entries=tuple(entries))


def given_here(held: Held, origin: FunctionOrigin, given: Mapping[str, Known]) -> Held:
    """What a function of another file returns, with the arguments that a call gives to its parameters."""
    entries = (
        replace(e, call=e.call and _call_with(e.call, origin, given)) if e.call else e for e in held.entries
    )
    return replace(held, entries=tuple(entries))


def _call_with(call: LayerCall, origin: FunctionOrigin, given: Mapping[str, Known]) -> LayerCall:
    return replace(
        call,
        arguments=tuple(_argument_with(argument, origin, given) for argument in call.arguments),
        layers=tuple(_call_with(layer, origin, given) for layer in call.layers),
    )


def _argument_with(argument: Argument, origin: FunctionOrigin, given: Mapping[str, Known]) -> Argument:
    if not argument.by_default and argument.text not in origin.parameters:
        return argument
    named = [name for name in origin.parameters if re.search(rf"\b{re.escape(name)}\b", argument.text)]
    if not any(name in given for name in named):
        return replace(argument, by_default=argument.by_default and not named)
    known = given[argument.text] if argument.text in given and argument.text not in origin.changed else None
    if known is None or not is_plain(known.value):
        return replace(argument, value=None, known=False, stands_for="", by_default=False)
    certain = not known.by_default and is_literal(known.value)
    value = known.value if certain else None
    return replace(
        argument, value=value, known=certain, stands_for=repr(known.value), by_default=known.by_default
    )


@dataclass(frozen=True)
class _Module:
    name: str  # as this file imports it, with leading dots
    path: str

    def absolute(self, callee: str) -> str:
        """What that file calls `callee`, in words of this one: `.b.Block` of `nets.a` is `nets.b.Block`."""
        name = callee.lstrip(".")
        level = len(callee) - len(name)
        if not level:
            return callee if "." in callee else f"{self.name}.{callee}"
        dots = len(self.name) - len(self.name.lstrip("."))
        parts = self.name[dots:].split(".") if self.name[dots:] else []
        for _ in range(level - self.path.endswith("__init__.py")):
            if parts:
                parts.pop()
            else:
                dots += 1
        return "." * dots + ".".join([*parts, name])


def _call_at(call: LayerCall, there: _Module, at: Span) -> LayerCall:
    # A class of that file must not pass for one of this file that has the same name.
    return replace(
        call,
        callee=call.callee if call.is_builtin else there.absolute(call.callee),
        span=at,
        callee_span=at,
        arguments=tuple(replace(argument, span=at) for argument in call.arguments),
        layers=tuple(_call_at(layer, there, at) for layer in call.layers),
    )


def with_setters(slots: Iterable[LayerSlot], setters: Mapping[str, str]) -> Iterator[LayerSlot]:
    """The slots, and those in which property setters keep the same layers."""
    for slot in slots:
        yield slot
        kept = setters.get(slot.attribute)
        if kept is not None:
            yield replace(slot, path=kept + slot.path[len(slot.attribute) :])


def held_in(slots: Iterable[LayerSlot]) -> Environment:
    """What each attribute holds, from its slots."""
    found: Environment = {}
    for slot in slots:
        place = slot.path[len(slot.attribute) :]
        entry = Entry(place, slot.call, slot.definition, slot.conditional)
        held = Held((entry,), is_container=bool(place))
        before = found.get(slot.attribute)
        if before is None:
            found[slot.attribute] = held
        elif place:
            found[slot.attribute] = replace(before, entries=(*before.entries, entry), is_container=True)
        else:
            found[slot.attribute] = either(before, held)
    return found
