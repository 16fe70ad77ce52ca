"""A Sequential as a functional model: `x = Dense(64)(inputs)`, line by line.

The way out when a straight chain needs a branch, a second input or an output in the middle.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rewrites.outside_uses import counts_layers
from keras_lsp.features.rules.tree import assignment_of, calls_of, tree_of
from keras_lsp.source.calls import is_input, layers_argument
from keras_lsp.source.facts import ModelKind
from keras_lsp.source.fingerprint import comments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import Binding, LayerCall
    from keras_lsp.text.span import Span

_SHAPE = re.compile(r"\(None(?:, (?:None|\d+))*,?\)")


def rewrites(view: DocumentView, span: Span) -> Iterator[Fix]:
    for binding in view.facts.bindings:
        call = binding.call
        if call is None or not binding.statement.touches(span.start) or binding.is_tensor:
            continue
        if call.callee == "keras.Sequential" and binding.kind is ModelKind.SEQUENTIAL and binding.complete:
            fix = _fix(view, binding, call)
            if fix is not None:
                yield fix


@dataclass(frozen=True, slots=True)
class _Written:
    """`name = Sequential([...])` as it stands in the text."""

    call: ast.Call
    elements: tuple[str, ...]
    first: Span
    names: frozenset[str]  # that mean something around it


def _fix(view: DocumentView, binding: Binding, call: LayerCall) -> Fix | None:
    written, prefix = _written(view, binding, call), view.facts.keras.prefix
    if written is None or prefix is None or counts_layers(tree_of(view), binding.name):
        return None
    layers = list(written.elements)
    first = calls_of(view).get(written.first)
    if first is not None and first.callee == "keras.Input":
        source = layers.pop(0)
    elif first is not None and is_input(first):
        return None  # an InputLayer is no tensor
    else:
        source = _input(view, call, prefix)
    lines, whole = view.document.lines, binding.statement
    indent = lines.before(whole.start)
    rest = {keyword.arg for keyword in written.call.keywords} - {"name", "layers"}
    if not source or not layers or len(layers) != len(call.layers) or indent.strip() or rest:
        return None
    inputs, value, outputs = (_unused(written.names, wanted) for wanted in ("inputs", "x", "outputs"))
    chain, before = [f"{inputs} = {source}"], inputs
    for number, layer in enumerate(layers, 1):
        after = outputs if number == len(layers) else value
        chain.append(f"{after} = {layer}({before})")
        before = after
    name = next((f", name={a.text}" for a in call.arguments if a.name == "name"), "")
    chain.append(f"{binding.name} = {prefix}.Model({inputs}, {outputs}{name})")
    edit = TextEdit(whole, f"{lines.ending}{indent}".join(chain))
    return Fix(f"Write `{binding.name}` as a functional model", (edit,))


def _written(view: DocumentView, binding: Binding, call: LayerCall) -> _Written | None:
    """None for what cannot be taken apart: added to later, spread, with comments inside, on several lines."""
    text, tree = view.document.text, tree_of(view)
    node = assignment_of(view, binding)
    made = node.value if node is not None else None
    if node is None or not isinstance(made, ast.Call) or binding.layers != call.layers:
        return None
    given = layers_argument(made)
    if not isinstance(given, (ast.List, ast.Tuple)) or not given.elts:
        return None
    elements = tuple(tree.span(element).of(text) for element in given.elts)
    spread = any(isinstance(element, ast.Starred) for element in given.elts)
    if spread or any("\n" in element for element in elements):
        return None
    if any(binding.statement.covers(comment) for comment in comments(text)):
        return None
    names = frozenset(_names_around(tree.module, node))
    return _Written(made, elements, tree.span(given.elts[0]), names)


def _input(view: DocumentView, call: LayerCall, prefix: str) -> str:
    """An `Input` of the shape that the program itself calls the model on; "" where none is known."""
    replay = view.current
    made = replay.created_at(call.span) if replay is not None else ()
    inputs = {layer.inputs for layer in made if not layer.guessed}
    if len(inputs) != 1 or len(next(iter(inputs))) != 1:
        return ""
    ((said,),) = inputs
    shape, _, dtype = said.partition(") ")
    shape = shape if shape.endswith(")") else f"{shape})"
    if _SHAPE.fullmatch(shape) is None:
        return ""
    sizes = shape[1:-1].split(", ")[1:]
    inner = ", ".join(size.rstrip(",") for size in sizes)
    of_type = f', dtype="{dtype}"' if dtype else ""
    return f"{prefix}.Input(({inner}{',' * (len(sizes) == 1)}){of_type})"


def _names_around(tree: ast.Module, node: ast.stmt) -> set[str]:
    """The names that the function around a statement uses, or the module outside of its functions."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    around = [n for n in ast.walk(tree) if isinstance(n, functions) and node in ast.walk(n)]
    waiting: list[ast.AST] = [around[-1] if around else tree]  # the walk goes from outside in
    names: set[str] = set()
    while waiting:
        inner = waiting.pop()
        names |= {inner.id} if isinstance(inner, ast.Name) else set()
        names |= {inner.arg} if isinstance(inner, ast.arg) else set()
        waiting += [c for c in ast.iter_child_nodes(inner) if around or not isinstance(c, functions)]
    return names


def _unused(names: frozenset[str], wanted: str) -> str:
    """The name, or one like it that nothing around has."""
    name, number = wanted, 1
    while name in names:
        number += 1
        name = f"{wanted}{number}"
    return name
