"""KL203: a layer that is made inside `call`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.evidence import WEIGHTED
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import calls_of, method, model_classes, self_attribute, tree_of
from keras_lsp.source.syntax import spelled
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.features.rules.tree import Function, Tree
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import LayerCall, ModelClass


def check(view: DocumentView) -> Iterator[Finding]:
    tree, calls = tree_of(view), calls_of(view)
    for model_class, node in model_classes(view):
        call = method(node, "call")
        if call is None or _makes_once(tree, call):
            continue
        for inner in tree.below(call):
            made = calls.get(tree.span(inner)) if isinstance(inner, ast.Call) else None
            if made is None or not isinstance(inner, ast.Call) or tree.is_tested(inner):
                continue
            if not made.is_builtin or made.class_name not in WEIGHTED:
                continue
            seen = view.current is not None and bool(view.current.created_at(made.span))
            yield RULE.finding(
                made.span,
                f"{model_class.name} makes this {made.class_name} anew in every `call`: its weights start "
                "afresh each time, are never trained and not saved.",
                fixes=_fixes(view, model_class, node, call, inner, made),
                severity=None if seen else Severity.WARNING,
            )


def _makes_once(tree: Tree, call: Function) -> bool:
    """Whether some test in `call` may keep it from making the layer twice."""
    tests = [node.test for node in tree.below(call) if isinstance(node, ast.If | ast.IfExp)]
    return any(re.search(r"\bNone\b|hasattr|built", spelled(test)) for test in tests)


def _fixes(
    view: DocumentView,
    model_class: ModelClass,
    node: ast.ClassDef,
    call: Function,
    inner: ast.Call,
    made: LayerCall,
) -> list[Fix]:
    """The layer moved to the end of `__init__`, where all it is made of is known there, too."""
    tree, text = tree_of(view), view.document.text
    init = method(node, "__init__")
    local = {n.id for n in ast.walk(call) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local |= {a.arg for a in (*call.args.posonlyargs, *call.args.args, *call.args.kwonlyargs)}
    read = {n.id for n in ast.walk(inner) if isinstance(n, ast.Name)} - {"self"}
    last = init.body[-1] if init is not None else None
    if last is None or not isinstance(last, ast.Assign | ast.AnnAssign | ast.Expr) or read & local:
        return []
    begin, end = tree.positions.start(last), tree.positions.end(last)
    if not tree.positions.begins_line(begin) or text[end : end + 1] not in ("\n", "\r"):
        return []
    indent = text[tree.positions.line_start(last.lineno) : begin]
    ending = "\r\n" if text[end : end + 2] == "\r\n" else "\n"
    statement = tree.parents.get(inner)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    kept = self_attribute(targets[0]) if len(targets) == 1 else None
    edits: list[TextEdit]
    if kept is not None and isinstance(statement, ast.Assign):
        name = kept
        line = tree.positions.line_start(statement.lineno)
        after = tree.positions.line_end(statement.end_lineno or statement.lineno)
        if text[line:after].strip() != tree.span(statement).of(text):
            return []
        edits = [TextEdit(Span(line, after), "")]
    else:
        name = _free_name(model_class, made.class_name, text)
        edits = [TextEdit(made.span, f"self.{name}")]
    edits.insert(0, TextEdit(Span(end, end), f"{ending}{indent}self.{name} = {made.span.of(text)}"))
    return [Fix(f"Make it once, in `__init__`, as `self.{name}`", tuple(edits), preferred=True)]


def _free_name(model_class: ModelClass, class_name: str, text: str) -> str:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()
    count = 1
    free = name
    while re.search(rf"\bself\.{free}\b", text) or model_class.method(free) is not None:
        count += 1
        free = f"{name}_{count}"
    return free


RULE = Rule(
    code="KL203",
    slug="layer-in-call",
    severity=Severity.ERROR,
    keras_lines=(2, 3),
    why=(
        "`call` runs for every batch, and a layer that is made there is a new one each time. Keras does not "
        "list it, an optimizer never sees its weights, and they are not saved. `fit` raises, because a "
        "compiled function may make variables only once; outside of it nothing tells. Under Keras 3 also "
        "`self.dense = Dense(...)` in `call` raises, once the model is built."
    ),
    bad="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.first = tf.keras.layers.Dense(8)\n\n"
    "    def call(self, x):\n        return tf.keras.layers.Dense(4)(self.first(x))\n",
    good="class Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.first = tf.keras.layers.Dense(8)\n        self.second = tf.keras.layers.Dense(4)\n\n"
    "    def call(self, x):\n        return self.second(self.first(x))\n",
    fix="Makes the layer at the end of `__init__`, where its arguments are known there.",
    check=check,
)
