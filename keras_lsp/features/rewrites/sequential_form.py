"""A functional model that is a straight chain, as a Sequential."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.source.facts import ModelKind
from keras_lsp.source.fingerprint import comments
from keras_lsp.source.positions import Positions
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import Binding


def rewrites(view: DocumentView, span: Span) -> Iterator[Fix]:
    for binding in view.facts.bindings:
        if binding.kind is ModelKind.FUNCTIONAL and binding.statement.touches(span.start) and binding.call:
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
    positions, text, prefix = Positions(view.parsed.text), view.document.text, view.facts.keras.prefix
    body = _body_with(view.parsed.tree, binding, positions)
    model = _model(body[-1]) if body else None
    if model is None or prefix is None or binding.call is None or binding.call.callee != "keras.Model":
        return None
    chain = _chain(body[:-1], model)
    if chain is None:
        return None
    first = chain[0]
    whole = Span(positions.span(first).start, binding.statement.end)
    made = [positions.span(_maker(statement)).of(text) for statement in chain]
    several_lines = any("\n" in entry or "\r" in entry for entry in made)
    if several_lines or any(whole.covers(comment) for comment in comments(text)):
        return None
    if not _is_input(view, positions.span(_maker(first))) or _used_elsewhere(view, chain, whole, positions):
        return None
    lines = view.document.lines
    indent = text[lines.line_span(lines.line_of(whole.start)).start : whole.start]
    if indent.strip():
        return None
    rest = "".join(f", {keyword.arg}={positions.span(keyword.value).of(text)}" for keyword in model.rest)
    step = "\t" if "\t" in indent else "    "
    rows = (
        f"{binding.name} = {prefix}.Sequential([",
        *(f"{step}{entry}," for entry in made),
        f"]{rest})",
    )
    edit = TextEdit(whole, f"{lines.ending}{indent}".join(rows))
    return Fix(f"Write `{binding.name}` as a Sequential", (edit,))


def _body_with(tree: ast.Module, binding: Binding, positions: Positions) -> Sequence[ast.stmt]:
    """The statements of a body up to the one that binds; empty where it is in none."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            for number, statement in enumerate(statements if isinstance(statements, list) else ()):
                if positions.span(statement) == binding.statement:
                    return statements[: number + 1] if isinstance(statements, list) else ()
    return ()


def _model(statement: ast.stmt) -> _Model | None:
    made = statement.value if isinstance(statement, ast.Assign) else None
    if not isinstance(made, ast.Call) or not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    given: dict[str, ast.expr] = dict(zip(("inputs", "outputs"), made.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in made.keywords if keyword.arg in ("inputs", "outputs")}
    rest = tuple(keyword for keyword in made.keywords if keyword.arg not in ("inputs", "outputs"))
    names = [node.id for node in given.values() if isinstance(node, ast.Name)]
    if len(names) != 2 or len(made.args) > 2 or any(keyword.arg != "name" for keyword in rest):
        return None
    return _Model(given["inputs"].id, given["outputs"].id, rest)  # type: ignore[attr-defined]  # both are names


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


def _is_input(view: DocumentView, place: Span) -> bool:
    return any(
        binding.is_tensor and binding.call is not None and binding.call.callee == "keras.Input"
        for binding in view.facts.bindings
        if binding.call is not None and binding.call.span == place
    )


def _used_elsewhere(
    view: DocumentView, chain: Sequence[ast.Assign], whole: Span, positions: Positions
) -> bool:
    """Whether a tensor of the chain is asked for outside of it: a Sequential has no names for them."""
    names = {_target(statement) for statement in chain}
    return any(
        isinstance(node, ast.Name) and node.id in names and not whole.covers(positions.span(node))
        for node in ast.walk(view.parsed.tree)
    )
