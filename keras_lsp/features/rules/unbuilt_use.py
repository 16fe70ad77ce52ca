"""KL105, KL107 and KL111: a summary, saved weights or a saved model of what has no weights yet."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features import locate
from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules.build_fix import build_fixes
from keras_lsp.features.rules.cause import cause_of, subject
from keras_lsp.features.rules.evidence import lacks_weights
from keras_lsp.features.rules.guarded import guarded
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.source.facts import Built, WeightUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.rules.tree import Tree
    from keras_lsp.session.snapshot import DocumentView, ReplayView
    from keras_lsp.worker.report import LayerReport


def _check_summary(view: DocumentView) -> Iterable[Finding]:
    return _found(view, SUMMARY, ("summary",))


def _check_weights(view: DocumentView) -> Iterable[Finding]:
    return _found(view, WEIGHTS, ("save_weights", "load_weights"))


def _check_saved(view: DocumentView) -> Iterable[Finding]:
    return _found(view, SAVED, ("save", "export"))


def _found(view: DocumentView, rule: Rule, names: tuple[str, ...]) -> Iterator[Finding]:
    tree, replay = tree_of(view), view.current
    for node in tree.every(ast.Call):
        function = node.func
        if replay is None or not isinstance(function, ast.Attribute) or function.attr not in names:
            continue
        model = _unbuilt(tree, replay, function.value)
        told = _told(replay, node, function.attr) if model is not None else None
        if model is None or told is None or guarded(view, tree.span(function)):
            continue
        consequence, severity = told
        use = _as_use(tree, function)
        cause = cause_of(view, use, model)
        yield rule.finding(
            tree.span(node),
            f"{subject(view, tree.span(function.value), model, None)} has no weights yet: {cause.text}. "
            f"{consequence}",
            cause.related,
            build_fixes(view, cause, use),
            severity,
        )


def _unbuilt(tree: Tree, replay: ReplayView, owner: ast.expr) -> LayerReport | None:
    """The model that was without weights each time the program came here, and should have had some."""
    values = locate.own_values(replay, tree.span(owner))
    if not values or any(v.kind != "layer" or v.weights or v.built for v in values):
        return None
    model = replay.layer(values[-1].layer)
    if (
        model is None
        or model.called_on_unknown
        or model.kind not in ("subclass", "sequential")
        or not lacks_weights(model)
    ):
        return None
    return model if model.weights or not model.layers or model.attributes else None


def _told(replay: ReplayView, call: ast.Call, name: str) -> tuple[str, Severity | None] | None:
    """What comes of it under the Keras at hand; None where that is no mistake."""
    line = replay.report.versions.keras_line
    if name == "summary":
        if line == 2:
            return "`summary()` raises ValueError.", Severity.ERROR
        return "The summary tells no shapes and 0 parameters.", None
    if name == "export":
        return "`export` raises ValueError.", Severity.ERROR
    if name == "save":
        return "The file will hold no weights.", None
    if line == 3 and _version(replay.report.versions.keras) >= (3, 10):
        return f"`{name}` raises ValueError.", Severity.ERROR
    if name == "save_weights":
        return "The file will hold no weights.", Severity.WARNING
    path = call.args[0] if call.args else None
    is_h5 = isinstance(path, ast.Constant) and str(path.value).endswith((".h5", ".hdf5", ".keras"))
    # A checkpoint of TensorFlow's own waits for the weights to be made.
    return ("There is nothing to load them into.", Severity.WARNING) if is_h5 or line == 3 else None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def _as_use(tree: Tree, function: ast.Attribute) -> WeightUse:
    """The call as the cause and the fix want it: something that reads weights."""
    owner = function.value
    statement = next(n for n in tree.above(function) if isinstance(n, ast.stmt))
    simple = isinstance(statement, ast.Expr | ast.Assign)
    return WeightUse(
        span=tree.span(function),
        owner_span=tree.span(owner),
        attribute=function.attr,
        attribute_span=tree.span(function),
        index=None,
        root=owner.id if isinstance(owner, ast.Name) else None,
        layer=None,
        statement=tree.span(statement),
        insert_at=tree.span(statement) if simple else None,
        state=Built.NO,
    )


_SUBCLASS = (
    "class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = tf.keras.layers.Dense(3)\n\n    def call(self, x):\n        return self.a(x)\n\n\n"
    "net = Net()\n"
)
_BUILDS = "net(tf.keras.Input((5,)))\n"
_FIX = "Calls the model on a symbolic input before, where the input is known."

SUMMARY = Rule(
    code="KL105",
    slug="summary-before-build",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "A model gets its weights and shapes when it is first called on an input. Before that Keras 3 prints "
        "a summary of question marks and 0 parameters, and tf-keras 2 raises ValueError."
    ),
    bad=f"{_SUBCLASS}net.summary()\n",
    good=f"{_SUBCLASS}{_BUILDS}net.summary()\n",
    fix=_FIX,
    check=_check_summary,
)
WEIGHTS = Rule(
    code="KL107",
    slug="weights-file-before-build",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "A model that was never called has no weights to save and none to load into. Keras 3 raises "
        "ValueError from 3.10 on; tf-keras 2 and earlier versions write an empty file."
    ),
    bad=f"{_SUBCLASS}net.save_weights('net.weights.h5')\n",
    good=f"{_SUBCLASS}{_BUILDS}net.save_weights('net.weights.h5')\n",
    fix=_FIX,
    check=_check_weights,
)
SAVED = Rule(
    code="KL111",
    slug="saved-before-build",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "A model that was never called has no weights, so that its file has none either; `export` needs the "
        "shapes and raises ValueError."
    ),
    bad=f"{_SUBCLASS}net.save('net.keras')\n",
    good=f"{_SUBCLASS}{_BUILDS}net.save('net.keras')\n",
    fix=_FIX,
    check=_check_saved,
)
