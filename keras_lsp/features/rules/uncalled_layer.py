"""KL215: a layer that is made and never called."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.evidence import WEIGHTED
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import method, model_classes, self_attribute, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.source.facts import LayerSlot

_LISTS = frozenset({"layers", "_layers", "__dict__", "submodules", "_flatten_layers"})


def check(view: DocumentView) -> Iterable[Finding]:
    if view.current is None or view.current.report.truncated:
        return ()
    return _found(view, view.current)


def _found(view: DocumentView, replay: ReplayView) -> Iterator[Finding]:
    named = _named_anywhere(view)
    bases = {base for model_class in view.facts.classes for base in model_class.bases}
    for model_class, node in model_classes(view):
        if method(node, "call") is None or model_class.name in bases or _reads_all(node):
            continue
        for slot in model_class.slots:
            plain = slot.path == slot.attribute and not (slot.conditional or slot.repeated or slot.elsewhere)
            if plain and slot.attribute not in named and _is_idle(replay, slot):
                kind = slot.call.class_name if slot.call else "layer"
                yield RULE.finding(
                    slot.definition,
                    f"`self.{slot.path}` ({kind}) is never called: nothing in this file reads it, so it gets "
                    "no weights and no part in the model.",
                )


def _named_anywhere(view: DocumentView) -> set[str]:
    """Attributes that are read, and strings, which may name one."""
    tree = tree_of(view)
    return {
        *(node.attr for node in tree.every(ast.Attribute) if not isinstance(node.ctx, ast.Store)),
        *(node.value for node in tree.every(ast.Constant) if isinstance(node.value, str)),
    }


def _reads_all(node: ast.ClassDef) -> bool:
    """Whether the class may come to its layers without naming them."""
    return any(
        self_attribute(n) in _LISTS or (isinstance(n, ast.Name) and n.id in ("getattr", "vars"))
        for n in ast.walk(node)
    )


def _is_idle(replay: ReplayView, slot: LayerSlot) -> bool:
    """Whether the model was called, for real or to see what a call makes, and this layer was not."""
    if slot.call is None or not slot.call.is_builtin or slot.call.class_name not in WEIGHTED:
        return False
    instances = replay.instances_of(slot.owner, slot.definition.start)
    owners = [o for o in instances if (o.calls or o.projected) and not o.depends_on]
    held = locate.slot_layers(replay, slot)
    return bool(owners and held) and not any(x.calls or x.built or x.weights or x.projected for x in held)


RULE = Rule(
    code="KL215",
    slug="layer-never-called",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "A layer takes part in a model only where it is called. One that is only made stays without "
        "weights; where it has some, training warns that gradients do not exist for them."
    ),
    bad="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n        self.b = tf.keras.layers.Dense(3)\n\n"
    "    def call(self, x):\n        return self.a(x)\n\n\nNet()(tf.keras.Input((5,)))\n",
    good="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n        self.b = tf.keras.layers.Dense(3)\n\n"
    "    def call(self, x):\n        return self.b(self.a(x))\n\n\nNet()(tf.keras.Input((5,)))\n",
    fix="",
    no_fix="Whether it is to be called, and on what, or to be taken out, only the author knows.",
    check=check,
    unnecessary=True,
)
