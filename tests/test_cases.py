"""Runs the literate cases about what the text says: `tests/cases/*.md` with a `facts` block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.source.extract import extract
from tests.literate import Case, cases, mismatches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.source.facts import Argument, Binding, LayerCall, LayerSlot, MadeWeight, ModuleFacts


@pytest.mark.parametrize("case", cases("facts"), ids=lambda case: case.name)
def test_facts(case: Case) -> None:
    facts = extract(case.text)
    said = [*lines(facts, case.text), *under_cursor(facts, case)]
    wrong = mismatches(case.expected["facts"], said)
    assert not wrong, "\n".join((*wrong, "the text says:", *(f"  {line}" for line in said)))


def lines(facts: ModuleFacts, text: str) -> Iterator[str]:
    """Every fact as one line."""
    yield f"keras {facts.keras.prefix}, layers {facts.keras.layers_prefix}{', legacy' * facts.keras.legacy}"
    for model in facts.classes:
        yield f"class {model.name}: {model.kind.value} of {', '.join(model.bases)}"
        yield f"{'closed' if model.closed else 'open'} {model.name}"
        yield f"new {model.name}: {model.initial.value}"
        yield from (f"slot {slot_line(slot)}" for slot in model.slots)
        yield from (f"inherited by {model.name}: {slot_line(slot)}" for slot in model.inherited)
        yield from (f"length {model.name}.{name}: {length}" for name, length in model.lengths)
        yield from (weight_line(weight) for weight in model.weights if weight.owner == model.name)
        if model.layers is not None:
            yield f"layers {model.name}: {', '.join(slot.path for slot in model.layers)}"
    yield from (f"binding {binding_line(binding)}" for binding in facts.bindings)
    for event in facts.events:
        yield f"event {event.kind.value} {event.variable}: {event.after.value}"
        yield f"shape {event.kind.value} {event.variable}: {event.shape_text}"
    for path in facts.paths:
        where = f"{path.slot.owner}.{path.slot.path}" if path.slot else "?"
        yield f"path {path.span.of(text)}: {where} {path.call.class_name if path.call else '?'}"
    for use in facts.weight_uses:
        yield f"weight {use.span.of(text)} of {use.root}: {use.state.value}"
        if use.insert_at is not None:
            yield f"fix {use.span.of(text)} before: {use.insert_at.of(text).splitlines()[0]}"
    yield from (f"problem {problem.span.of(text)}" for problem in facts.problems)
    for ref in facts.references:
        yield f"{'store' if ref.is_store else 'use'} {ref.kind.value} {ref.span.of(text)}"


def under_cursor(facts: ModuleFacts, case: Case) -> list[str]:
    if case.cursor is None:
        return []
    return [f"cursor {ref.kind.value} {ref.span.of(case.text)}" for ref in facts.references_at(case.cursor)]


def slot_line(slot: LayerSlot) -> str:
    flags = " conditional" * slot.conditional + " repeated" * slot.repeated
    return f"{slot.owner}.{slot.path}: {call_line(slot.call)}{flags}"


def weight_line(weight: MadeWeight) -> str:
    arguments = ", ".join(map(argument_line, weight.arguments))
    flag = " conditional" * weight.conditional
    return f"weight of {weight.owner} {weight.attribute}: {weight.maker}({arguments}){flag}"


def call_line(call: LayerCall | None) -> str:
    if call is None:
        return "?"
    inner = f" [{', '.join(c.class_name for c in call.layers)}]" if call.layers else ""
    return f"{call.callee}({', '.join(map(argument_line, call.arguments))}){inner}"


def argument_line(argument: Argument) -> str:
    text = f"{argument.name}={argument.text}" if argument.name else argument.text
    return (
        f"{text} ({argument.stands_for}{' by default' * argument.by_default})"
        if argument.stands_for
        else text
    )


def binding_line(binding: Binding) -> str:
    made = binding.class_name or (binding.call.class_name if binding.call else "?")
    inner = f" [{', '.join(c.class_name for c in binding.layers)}]" if binding.layers else ""
    kind = "tensor" if binding.is_tensor else binding.kind.value
    return f"{binding.name}: {kind} {made}{inner}{' complete' * binding.complete}"
