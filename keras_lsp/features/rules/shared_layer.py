"""KL213: one layer where several were meant, or several where only the last is kept."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keras_lsp.features.results import Finding, Fix, Severity, TextEdit
from keras_lsp.features.rules.evidence import WEIGHTED
from keras_lsp.features.rules.rule import Rule
from keras_lsp.features.rules.tree import calls_of, method, model_classes, self_attribute, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.features.rules.tree import Tree
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import LayerCall
    from keras_lsp.text.span import Span


def check(view: DocumentView) -> Iterable[Finding]:
    return (*_repeated(view), *_overwritten(view))


def _repeated(view: DocumentView) -> Iterator[Finding]:
    tree, calls = tree_of(view), calls_of(view)
    for node in tree.every(ast.BinOp):
        if not isinstance(node.op, ast.Mult):
            continue
        for written, count in ((node.left, node.right), (node.right, node.left)):
            one = written.elts[0] if isinstance(written, ast.List) and len(written.elts) == 1 else None
            made = calls.get(tree.span(one)) if one is not None else None
            if made is None or not _has_weights(view, made) or _is_one(count):
                continue
            yield RULE.finding(
                tree.span(node),
                f"This list holds one and the same {made.class_name} several times: `*` repeats the layer, "
                "it makes no other. All places share its weights.",
                fixes=_comprehension(view, tree, node, made, count),
            )


def _is_one(count: ast.expr) -> bool:
    return isinstance(count, ast.Constant) and count.value in (0, 1)


def _has_weights(view: DocumentView, made: LayerCall) -> bool:
    if made.is_builtin and made.class_name in WEIGHTED:
        return True
    seen = view.current.created_at(made.span) if view.current is not None else ()
    return any(layer.weights for layer in seen)


def _comprehension(
    view: DocumentView, tree: Tree, node: ast.BinOp, made: LayerCall, count: ast.expr
) -> list[Fix]:
    if made.given_name is not None:
        return []  # then all of them would have one name
    text = view.document.text
    new = f"[{made.span.of(text)} for _ in range({tree.span(count).of(text)})]"
    return [Fix("Make a layer for each place", (TextEdit(tree.span(node), new),), preferred=True)]


def _overwritten(view: DocumentView) -> Iterator[Finding]:
    """`self.x = Dense(...)` right in a loop that does nothing else with `self.x`."""
    tree, calls = tree_of(view), calls_of(view)
    for _, node in model_classes(view):
        init = method(node, "__init__")
        for loop in tree.below(init) if init is not None else ():
            if not isinstance(loop, ast.For) or any(
                isinstance(n, ast.Break | ast.Return) for n in tree.below(loop)
            ):
                continue
            for statement in loop.body:
                place = _attribute_place(tree, statement)
                value = statement.value if isinstance(statement, ast.Assign) else None
                made = calls.get(tree.span(value)) if value is not None else None
                if place is None or made is None or not _has_weights(view, made):
                    continue
                name, span = place
                if sum(self_attribute(n) == name for n in tree.below(loop)) == 1:
                    yield RULE.finding(
                        span,
                        f"Each round of this loop puts another {made.class_name} into `self.{name}`: only "
                        "the last one stays.",
                    )


def _attribute_place(tree: Tree, statement: ast.stmt) -> tuple[str, Span] | None:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    name = self_attribute(statement.targets[0])
    return None if name is None else (name, tree.span(statement.targets[0]))


RULE = Rule(
    code="KL213",
    slug="shared-layer",
    severity=Severity.WARNING,
    keras_lines=(2, 3),
    why=(
        "`[Dense(8)] * 3` makes one layer and lists it three times, so that all three places have the same "
        "weights. A loop that assigns to one attribute makes many layers and keeps the last. Neither raises."
    ),
    bad="blocks = [tf.keras.layers.Dense(8)] * 3\n",
    good="blocks = [tf.keras.layers.Dense(8) for _ in range(3)]\n",
    fix="Writes a comprehension, which makes a layer for each place.",
    check=check,
)
