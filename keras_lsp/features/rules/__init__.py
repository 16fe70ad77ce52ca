"""All rules, in the order of precedence: of two findings at one place the first wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.rules import (
    build_only_marks,
    call_by_name,
    class_without_call,
    discarded_output,
    edited_copy,
    empty_weights,
    file_name,
    frozen_late,
    hidden_layer,
    idle_ignore,
    idle_input_shape,
    input_in_call,
    late_state,
    layer_in_call,
    layer_index,
    layer_name,
    logits,
    named_weight_before_build,
    not_compiled,
    pinned_input,
    raised_classes,
    raised_shapes,
    raised_uses,
    raises,
    shared_layer,
    shared_optimizer,
    target_shape,
    training_name,
    unbuilt_use,
    uncalled_layer,
    unpacked_weights,
    untracked_state,
    weight_index,
    weights_before_build,
    weights_file,
)

if TYPE_CHECKING:
    from keras_lsp.features.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    weights_before_build.RULE,
    named_weight_before_build.RULE,
    weight_index.RULE,
    layer_name.RULE,
    layer_index.RULE,
    unpacked_weights.RULE,
    empty_weights.RULE,
    build_only_marks.RULE,
    layer_in_call.RULE,
    hidden_layer.RULE,
    shared_layer.RULE,
    input_in_call.RULE,
    class_without_call.DUNDER,
    class_without_call.RETURN,
    uncalled_layer.RULE,
    discarded_output.RULE,
    edited_copy.RULE,
    call_by_name.RULE,
    unbuilt_use.SUMMARY,
    unbuilt_use.WEIGHTS,
    unbuilt_use.SAVED,
    late_state.RULE,
    untracked_state.VARIABLE,
    untracked_state.RESERVED,
    logits.RULE,
    idle_input_shape.RULE,
    not_compiled.RULE,
    target_shape.RULE,
    shared_optimizer.RULE,
    training_name.RULE,
    frozen_late.RULE,
    file_name.RULE,
    weights_file.RULE,
    *raised_classes.RULES,
    *raised_uses.RULES,
    *raised_shapes.RULES,
    raises.RULE,
    pinned_input.RULE,
    idle_ignore.RULE,
)


def rule(code: str) -> Rule | None:
    return next((r for r in RULES if r.code == code), None)
