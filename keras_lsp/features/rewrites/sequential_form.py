"""A functional model that is a straight chain, as a Sequential."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rewrites.outside_uses import counts_layers, used_outside
from keras_lsp.features.rules.tree import assignment_of, calls_of, tree_of
from keras_lsp.source.facts import ModelKind
from keras_lsp.source.fingerprint import comments
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import Binding


def rewrites(view: DocumentView, span: Span) -> Iterator[Fix]:
    for binding in view.facts.bindings:
        is_model = binding.call is not None and binding.call.callee == "keras.Model"
        if is_model and binding.kind is ModelKind.FUNCTIONAL and binding.statement.touches(span.start):
            fix = _fix(view, binding)
            if fix is not None:
                yield fix


@dataclass(frozen=True, slots=True)
class _Model:
    """`name = keras.Model(inputs, outputs)` where a chain ends."""

    inputs: str
    outputs: str
    rest: tuple[ast.keyword, ...]  # name=...


def _fix(view: DocumentView, binding: Binding) -> Fix | None:
    tree, text, prefix = tree_of(view), view.document.text, view.facts.keras.prefix
    end = assignment_of(view, binding)
    model = _model(end) if end is not None else None
    if end is None or model is None or prefix is None:
        return None
    body = tree.body_of(end)
    chain = _chain(body[: body.index(end)] if body else (), model)
    if chain is None:
        return None
    first = chain[0]
    whole = Span(tree.span(first).start, binding.statement.end)
    made = [tree.span(_maker(statement)).of(text) for statement in chain]
    several_lines = any("\n" in entry or "\r" in entry for entry in made)
    if several_lines or any(whole.covers(comment) for comment in comments(text)):
        return None
    source = calls_of(view).get(tree.span(_maker(first)))
    names = filter(None, map(_target, chain))  # of tensors, for which a Sequential has no names
    if source is None or source.callee != "keras.Input" or used_outside(tree, chain, names, whole):
        return None
    if counts_layers(tree, binding.name):
        return None
    lines = view.document.lines
    indent = lines.before(whole.start)
    if indent.strip():
        return None
    rest = "".join(f", {keyword.arg}={tree.span(keyword.value).of(text)}" for keyword in model.rest)
    step = "\t" if "\t" in indent else "    "
    rows = (
        f"{binding.name} = {prefix}.Sequential([",
        *(f"{step}{entry}," for entry in made),
        f"]{rest})",
    )
    edit = TextEdit(whole, f"{lines.ending}{indent}".join(rows))
    return Fix(f"Write `{binding.name}` as a Sequential", (edit,))


def _model(statement: ast.Assign) -> _Model | None:
    made = statement.value
    if not isinstance(made, ast.Call):
        return None
    given: dict[str, ast.expr] = dict(zip(("inputs", "outputs"), made.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in made.keywords if keyword.arg in ("inputs", "outputs")}
    rest = tuple(keyword for keyword in made.keywords if keyword.arg not in ("inputs", "outputs"))
    inputs, outputs = given.get("inputs"), given.get("outputs")
    if not isinstance(inputs, ast.Name) or not isinstance(outputs, ast.Name):
        return None
    if len(made.args) > 2 or any(keyword.arg != "name" for keyword in rest):
        return None
    return _Model(inputs.id, outputs.id, rest)


def _chain(before: Sequence[ast.stmt], model: _Model) -> list[ast.Assign] | None:
    """From the `Input` on: each statement calls one layer on what the one before it gave."""
    chain: list[ast.Assign] = []
    wanted = model.outputs
    for statement in reversed(before):
        if not isinstance(statement, ast.Assign) or _target(statement) != wanted:
            return None
        chain.insert(0, statement)
        made = statement.value
        if not isinstance(made, ast.Call):
            return None
        if not isinstance(made.func, ast.Call):
            return chain if wanted == model.inputs and len(chain) > 1 else None
        if len(made.args) != 1 or made.keywords or not isinstance(made.args[0], ast.Name):
            return None
        wanted = made.args[0].id
    return None


def _target(statement: ast.Assign) -> str | None:
    target = statement.targets[0] if len(statement.targets) == 1 else None
    return target.id if isinstance(target, ast.Name) else None


def _maker(statement: ast.Assign) -> ast.expr:
    """The constructor call in `x = Dense(3)(x)`; the whole of `x = Input((3,))`."""
    made = statement.value
    return made.func if isinstance(made, ast.Call) and isinstance(made.func, ast.Call) else made
