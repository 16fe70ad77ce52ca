"""KL106: weights taken apart into another number of names than there are, or set before there are any."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import wording
from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.build_fix import build_fixes
from keras_lsp.features.rules.cause import cause_of, subject
from keras_lsp.features.rules.evidence import always_empty, lacks_weights
from keras_lsp.features.rules.guarded import guarded
from keras_lsp.features.rules.raised import findings
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.features.weight_card import LISTS, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView


def check(view: DocumentView) -> Iterable[Finding]:
    if view.current is None:
        return ()
    words = "The layer has no weights yet: nothing has called it on an input before this line."
    return (*_found(view, view.current), *findings(view, RULE, r"expecting 0 weights", words))


def _found(view: DocumentView, replay: ReplayView) -> Iterator[Finding]:
    tree = tree_of(view)
    wanted = {
        tree.span(node.value): len(node.targets[0].elts)
        for node in tree.every(ast.Assign)
        if isinstance(node.targets[0], ast.Tuple | ast.List)
        and not any(isinstance(element, ast.Starred) for element in node.targets[0].elts)
    }
    for use in view.facts.weight_uses:
        names = next((n for span, n in wanted.items() if span.start == use.span.start), None)
        whole = any(span.start == use.span.start and span.end - use.span.end in (0, 2) for span in wanted)
        if names is None or not whole or use.attribute not in LISTS or use.index is not None:
            continue
        if guarded(view, use.span):
            continue
        owners = replay.layers_at(use.owner_span)
        empty = always_empty(replay, use)
        if empty and lacks_weights(empty[-1]):
            cause = cause_of(view, use, empty[-1])
            yield RULE.finding(
                use.span,
                f"{subject(view, use.owner_span, empty[-1], use.layer)} has no weights yet to be "
                f"taken apart into {names} names: {cause.text}.",
                cause.related,
                build_fixes(view, cause, use),
            )
        elif len(owners) == 1 and not empty and not owners[0].projected and not owners[0].depends_on:
            has = listed(owners[0], use.attribute)
            if len(has) != names and has:
                shown = ", ".join(f"`{weight.name}`" for weight in has[:6])
                yield RULE.finding(
                    use.span,
                    f"{subject(view, use.owner_span, owners[0], use.layer)} has "
                    f"{wording.count_text(len(has), 'weight')}, {shown}, and not {names}.",
                )


RULE = Rule(
    code="KL106",
    slug="unpacked-weights",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "`kernel, bias = layer.weights` raises ValueError unless the layer has just as many weights: none "
        "before it is built, one without `use_bias`, four in BatchNormalization."
    ),
    bad="dense = tf.keras.layers.Dense(10, use_bias=False)\ndense.build((None, 32))\n"
    "kernel, bias = dense.weights\n",
    good="dense = tf.keras.layers.Dense(10)\ndense.build((None, 32))\nkernel, bias = dense.weights\n",
    fix="Calls the model on a symbolic input before, where there are no weights yet.",
    check=check,
)
