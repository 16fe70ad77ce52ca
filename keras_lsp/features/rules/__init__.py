"""All rules, in the order of precedence: of two findings at one place the first wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.rules import (
    build_only_marks,
    empty_weights,
    idle_ignore,
    layer_index,
    layer_name,
    named_weight_before_build,
    pinned_input,
    raises,
    weight_index,
    weights_before_build,
)

if TYPE_CHECKING:
    from keras_lsp.features.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    weights_before_build.RULE,
    named_weight_before_build.RULE,
    weight_index.RULE,
    layer_name.RULE,
    layer_index.RULE,
    empty_weights.RULE,
    build_only_marks.RULE,
    raises.RULE,
    pinned_input.RULE,
    idle_ignore.RULE,
)


def rule(code: str) -> Rule | None:
    return next((r for r in RULES if r.code == code), None)
