"""KL218: `input_shape=` on a layer of a subclassed model, where it does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Severity
from keras_lsp.features.rules.edits import without_keyword
from keras_lsp.features.rules.rule import Rule
from keras_lsp.source.facts import ModelKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.text.span import Span


def check(view: DocumentView) -> Iterator[Finding]:
    for model_class in view.facts.classes:
        for slot in model_class.slots if model_class.kind is ModelKind.SUBCLASS else ():
            if (
                slot.call is None
                or not slot.call.is_builtin
                or not slot.call.callee.startswith("keras.layers.")
            ):
                continue
            for argument in slot.call.arguments:
                if argument.name in ("input_shape", "input_dim") and argument.keyword:
                    yield RULE.finding(
                        argument.span,
                        f"`{argument.name}` builds nothing here: only a Sequential model reads it, of its "
                        "first layer.",
                        fixes=_fixes(view, argument.name, argument.span),
                    )


def _fixes(view: DocumentView, name: str, value: Span) -> list[Fix]:
    edit = without_keyword(view.document, name, value)
    return [] if edit is None else [Fix(f"Remove `{name}`", (edit,), preferred=True)]


RULE = Rule(
    code="KL218",
    slug="idle-input-shape",
    severity=Severity.HINT,
    keras_lines=(2, 3),
    why=(
        "`input_shape` and `input_dim` tell a Sequential model what its first layer gets. In a subclassed "
        "model the first call tells that, and Keras 3 warns of the argument."
    ),
    bad="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3, input_shape=(5,))\n\n"
    "    def call(self, x):\n        return self.a(x)\n",
    good="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n\n    def call(self, x):\n        return self.a(x)\n",
    fix="Takes the argument out.",
    check=check,
    unnecessary=True,
)
