"""Where a report and reality (what truth.py found) differ.

For every module-level variable that holds a layer or a model, both must give the same class, name, `built`,
weights (path or name, shape, dtype, trainable), parameter counts and `.layers`, for it and for all layers
below it; for one that holds a tensor or a weight the same shape and dtype. Both must raise the same
exceptions on the same lines.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_lsp.worker.report import LayerReport, ReplayReport, Value


def differences(
    program: str, report: ReplayReport, truth: dict[str, Any] | None, lines: bool = True
) -> list[str]:
    """Each difference as a sentence. `lines`: whether the lines of exceptions count, or only their types."""
    assert truth is not None, "the real run died"
    found = _exceptions(program, report)
    wanted = [tuple(pair) for pair in truth["raised"]]
    if not lines:
        found, wanted = [kind for kind, _ in found], [kind for kind, _ in wanted]  # type: ignore[misc]  # types alone
    wrong = [] if found == wanted else [f"raised {found}, really {wanted}"]
    for name, expected in truth["variables"].items():
        if "broken" not in expected:
            wrong += [f"{name}: {text}" for text in _of_value(program, report, name, expected)]
    return wrong


def _exceptions(program: str, report: ReplayReport) -> list[tuple[str, int]]:
    return [(f.type, program.count("\n", 0, f.span[0]) + 1) for f in report.failures if f.certain and f.span]


def _of_value(program: str, report: ReplayReport, name: str, expected: dict[str, Any]) -> list[str]:
    value = _last_value(program, report, name)
    if value is None:
        return ["nothing recorded"]
    if "layer" in expected:
        if value.layer is None:
            return [f"recorded as a {value.kind}, really a layer"]
        return _of_layer(report, report.layers[value.layer], expected["layer"])
    found: Any = None
    if "tensor" in expected and value.tensor is not None:
        found = [list(value.tensor.shape), value.tensor.dtype]
    if "weight" in expected and value.weight is not None:
        weight = value.weight
        found = [weight.path, list(weight.shape), weight.dtype, weight.trainable]
    wanted = expected.get("tensor", expected.get("weight"))
    return [] if found == wanted else [f"{found or value.kind}, really {wanted}"]


def _last_value(program: str, report: ReplayReport, name: str) -> Value | None:
    """What a module-level name held last."""
    nodes = [n for n in report.nodes if program[slice(*n.span)] == name and not n.projected]
    module_level = [n for n in nodes if program[program.rfind("\n", 0, n.span[0]) + 1] not in " \t"]
    if not module_level:
        return None
    return max(module_level, key=lambda node: node.span).values[-1]


def _of_layer(report: ReplayReport, layer: LayerReport, expected: dict[str, Any]) -> list[str]:
    wrong = _unequal(_facts(report, layer), {k: v for k, v in expected.items() if k != "below"})
    known = Counter(_key(_facts(report, other)) for other in report.layers)
    for below in expected["below"]:
        key = _key(below)
        if not known[key]:
            same = [_facts(report, other) for other in report.layers if other.name == below["name"]]
            detail = _unequal(same[0], below) if same else ["not in the report"]
            wrong += [f"in it {below['class']} {below['name']}: {text}" for text in detail]
        known[key] -= 1
    return wrong


def _unequal(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    return [f"{key} {found[key]}, really {wanted[key]}" for key in wanted if found[key] != wanted[key]]


def _key(facts: dict[str, Any]) -> str:
    return json.dumps(facts, sort_keys=True)


def _facts(report: ReplayReport, layer: LayerReport) -> dict[str, Any]:
    """The facts of a layer as truth.py spells them. What only a projection makes, the program has not."""
    weights = () if layer.projected else layer.weights
    members = [report.layers[number] for number in layer.layers]
    return {
        "class": layer.class_name,
        "name": layer.name,
        "built": layer.built,
        "weights": [[w.path, list(w.shape), w.dtype, w.trainable] for w in weights],
        "parameters": [layer.trainable_parameters, layer.non_trainable_parameters] if weights else [0, 0],
        "layers": [[member.class_name, member.name] for member in members],
    }
