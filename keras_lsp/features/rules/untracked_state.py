"""KL220 and KL209 under Keras 3: a `tf.Variable` of a layer's own, and `_layers` overwritten."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.raised import call_at, findings, node_at
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import calls_of, canonical, method, model_classes, self_attribute, tree_of
from keras_lsp.source.facts import ModelKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.rules.evidence import Case
    from keras_lsp.session.snapshot import DocumentView


def _check_variables(view: DocumentView) -> Iterable[Finding]:
    if view.keras_line != 3:
        return ()
    order = r"`name` must be passed as a keyword argument|got multiple values for argument 'shape'"
    words = "`add_weight` of Keras 3 takes the shape first, and the name by its name."
    return (*_variables(view), *findings(view, VARIABLE, order, words, _name_keyword))


def _check_layers(view: DocumentView) -> Iterable[Finding]:
    refused = r"attribute is reserved|conflicts with an existing read-only|object has no setter"
    lost = _layers(view) if view.keras_line == 3 else ()
    return (*lost, *findings(view, RESERVED, refused, _reserved))


def _stores(view: DocumentView) -> Iterator[tuple[str, ast.Attribute, ast.expr]]:
    """What `__init__` and `build` of the document's models and layers put into attributes of `self`."""
    tree = tree_of(view)
    for model_class, node in model_classes(view):
        if model_class.kind is ModelKind.MODULE:
            continue  # TensorFlow's own, which knows its variables
        for maker in (method(node, "__init__"), method(node, "build")):
            for statement in tree.below(maker) if maker is not None else ():
                if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                    target = statement.targets[0]
                    name = self_attribute(target)
                    if name is not None and isinstance(target, ast.Attribute):
                        yield name, target, statement.value


def _variables(view: DocumentView) -> Iterator[Finding]:
    tree = tree_of(view)
    for name, _, value in _stores(view):
        if not isinstance(value, ast.Call) or canonical(view, value.func) != "tensorflow.Variable":
            continue
        given = {k.arg: k.value for k in value.keywords}
        trainable = given.get("trainable")
        if (
            trainable is not None
            or "dtype" in given
            or None in given
            or f"{name}.assign" in view.document.text
        ):
            continue  # a counter or a state of the user's own rather than a weight
        yield VARIABLE.finding(
            tree.span(value),
            f"Keras 3 does not see a `tf.Variable`: `self.{name}` is not among the weights, nothing "
            "trains it or saves it. `self.add_weight(...)` makes one that is.",
        )


def _layers(view: DocumentView) -> Iterator[Finding]:
    tree, calls = tree_of(view), calls_of(view)
    for name, target, value in _stores(view):
        inside = (n for n in tree.below(value) if isinstance(n, ast.Call))
        if name == "_layers" and any(tree.span(n) in calls for n in inside):
            end = tree.span(target).end
            uses = [n for n in tree.every(ast.Attribute) if self_attribute(n) == "_layers"]
            places = [tree.span(n).end for n in uses if isinstance(n, ast.Attribute)]
            edits = tuple(TextEdit(Span(p - len("_layers"), p), "blocks") for p in places)
            free = "self.blocks" not in view.document.text
            yield RESERVED.finding(
                Span(tree.span(target).start, end),
                "`_layers` is where Keras 3 keeps the layers of a model: what was tracked before is lost.",
                fixes=[Fix("Call it `blocks`", edits, preferred=True)] if free else [],
            )


def _reserved(view: DocumentView, case: Case) -> str:
    name = self_attribute(node_at(view, case.span) or ast.Constant(None))
    return f"Keras keeps its own state in `self.{name}`: choose another name." if name is not None else ""


def _name_keyword(view: DocumentView, case: Case) -> list[Fix]:
    call = call_at(view, case.span)
    first = call.args[0] if call is not None and len(call.args) == 1 else None
    named = {k.arg for k in call.keywords} if call is not None else set()
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str) or "shape" not in named:
        return []
    start = tree_of(view).span(first).start
    return [Fix("Give it as `name=`", (TextEdit(Span(start, start), "name="),), preferred=True)]


VARIABLE = Rule(
    code="KL220",
    slug="untracked-variable",
    severity=Severity.WARNING,
    keras_lines=(3,),
    why=(
        "Keras 3 tracks `keras.Variable`, which `add_weight` makes, and no variables of a backend. A "
        "`tf.Variable` in an attribute of a layer was a weight under tf-keras 2 and is none now. "
        "`add_weight` has the shape first now, where it had the name."
    ),
    bad="class Scale(tf.keras.layers.Layer):\n    def __init__(self):\n        super().__init__()\n"
    "        self.scale = tf.Variable(1.0)\n\n    def call(self, x):\n        return x * self.scale\n",
    good="class Scale(tf.keras.layers.Layer):\n    def __init__(self):\n        super().__init__()\n"
    "        self.scale = self.add_weight(name='scale', shape=(), initializer='ones')\n\n"
    "    def call(self, x):\n        return x * self.scale\n",
    fix="Writes `name=` before a name that is given first.",
    check=_check_variables,
)
RESERVED = Rule(
    code="KL209",
    slug="reserved-attribute",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "Keras keeps its own state in attributes of a model. `layers`, `weights` and `metrics` refuse to be "
        "assigned to; `_layers` does not, and then Keras has lost the layers it knew."
    ),
    bad="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self._layers = [tf.keras.layers.Dense(3)]\n\n"
    "    def call(self, x):\n        return self._layers[0](x)\n",
    good="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.blocks = [tf.keras.layers.Dense(3)]\n\n"
    "    def call(self, x):\n        return self.blocks[0](x)\n",
    fix="Gives the attribute another name.",
    check=_check_layers,
)
