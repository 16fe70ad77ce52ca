"""The fix that really makes weights under every Keras: a call on a symbolic input."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.source import syntax
from keras_lsp.source.facts import ModelClass, ReferenceKind, WeightUse
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.features.rules.cause import Cause
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.worker.report import LayerReport


def build_fixes(view: DocumentView, cause: Cause, use: WeightUse | None) -> tuple[Fix, ...]:
    """At most one fix; none where the input is not known for sure."""
    if view.facts.keras.prefix is None:
        return ()
    if cause.build is not None:
        return _instead_of_build(view, cause, cause.build)
    if use is not None and use.insert_at is not None and use.root not in (None, "self") and cause.input:
        call = _call_text(view, str(use.root), cause.input, cause.model, None)
        if call is not None:
            return (_before(view, use.insert_at, call),)
    return ()


def _instead_of_build(view: DocumentView, cause: Cause, build: Span) -> tuple[Fix, ...]:
    source = build.of(view.document.text)
    node = syntax.expression(source)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return ()
    shapes = [*node.args, *(k.value for k in node.keywords)]
    if len(shapes) != 1:
        return ()
    cause = _as_seen(view, cause, build)
    model = ast.get_source_segment(source, node.func.value) or ""
    written = ast.get_source_segment(source, shapes[0]) or ""
    binding = view.facts.binding_at(model, build.start)
    model_class = view.facts.model_class(binding.class_name) if binding else None
    for shape in (written, cause.input):
        call = _call_text(view, model, shape, cause.model, model_class)
        if call is not None:
            return (Fix(f"Make the weights with a call: `{call}`", (TextEdit(build, call),), preferred=True),)
    return ()


def _as_seen(view: DocumentView, cause: Cause, build: Span) -> Cause:
    """The same cause with what the replay saw that `build` call do, where only the text spoke so far."""
    if cause.model is not None or view.current is None:
        return cause
    for event in view.current.report.events:
        if view.current.span(event.span) == build:
            return replace(cause, model=view.current.layer(event.layer), input=event.input)
    return cause


def _before(view: DocumentView, place: Span, call: str) -> Fix:
    """The call as a statement of its own, before the statement that reads the weights."""
    lines = view.document.lines
    indent = lines.before(place.start)
    if indent.strip():
        edit = TextEdit(Span(place.start, place.start), f"{call}; ")
    else:
        start = place.start - len(indent)
        edit = TextEdit(Span(start, start), f"{indent}{call}{lines.ending}")
    return Fix(f"Make the weights first: `{call}`", (edit,), preferred=True)


def _call_text(
    view: DocumentView, model: str, shape: str, seen: LayerReport | None, model_class: ModelClass | None
) -> str | None:
    if model_class is None and seen is not None:
        model_class = view.facts.model_class(seen.class_name)
    if view.current is not None and seen is not None and (seen.guessed or not seen.weights):
        return None
    proved = view.current is not None and seen is not None and seen.projected
    one_input = _takes_one_input(model_class) or (seen is not None and not seen.is_user_class)
    if not proved and not (one_input and _agrees(seen, shape)):
        return None
    inputs = input_text(f"{view.facts.keras.prefix}.Input", shape, _input_dtype(view, model_class), proved)
    return f"{model}({inputs})" if inputs is not None and model else None


def _agrees(seen: LayerReport | None, shape: str) -> bool:
    """Whether a model that is called further down is called on inputs of this shape, but for the batch."""
    if seen is None or not seen.inputs:
        return True
    wanted = syntax.literal(shape)
    called = [syntax.literal(text) for text in seen.inputs]
    return isinstance(wanted, tuple) and all(isinstance(c, tuple) and c[1:] == wanted[1:] for c in called)


def _takes_one_input(model_class: ModelClass | None) -> bool:
    call = model_class.method("call") if model_class is not None else None
    return call is not None and len(call.parameters) - call.defaults == 1


def _input_dtype(view: DocumentView, model_class: ModelClass | None) -> str:
    """The dtype `call` got when the replay worked out what a call makes; "" for the default."""
    call = model_class.method("call") if model_class is not None else None
    if view.replay is None or call is None or not call.parameters:
        return ""
    for reference in view.facts.references:
        is_tensor = reference.kind is ReferenceKind.TENSOR and call.span.covers(reference.span)
        if is_tensor and reference.name == call.parameters[0]:
            values = view.replay.values_at(reference.span)
            dtypes = {v.tensor.dtype for v in values if v.tensor is not None}
            if dtypes:
                return dtypes.pop() if len(dtypes) == 1 and dtypes != {"float32"} else ""
    return ""


def input_text(make: str, shape: str, dtype: str, structures: bool) -> str | None:
    """`tf.keras.Input((32,))` for a shape with its batch axis, written as source text.

    Lists and dicts of shapes become lists and dicts of inputs when `structures` is set. None when the
    text is not a shape in so many words: a name says nothing about which axis is the batch.
    """
    node = syntax.expression(shape)
    return None if node is None else _inputs(node, make, dtype, structures)


def _inputs(node: ast.expr, make: str, dtype: str, structures: bool) -> str | None:
    if isinstance(node, ast.Dict) and structures:
        items = [_inputs(value, make, dtype, structures) for value in node.values]
        if not items or any(item is None for item in items) or any(key is None for key in node.keys):
            return None
        pairs = zip([syntax.spelled(key) for key in node.keys if key is not None], items, strict=True)
        return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"
    if not isinstance(node, ast.Tuple | ast.List) or not node.elts:
        return None
    if all(isinstance(element, ast.Tuple | ast.List | ast.Dict) for element in node.elts):
        items = [_inputs(element, make, dtype, structures) for element in node.elts] if structures else [None]
        return None if any(item is None for item in items) else f"[{', '.join(str(item) for item in items)}]"
    return _input(node.elts, make, dtype)


def _input(elements: list[ast.expr], make: str, dtype: str) -> str | None:
    """One `Input(...)`: without the batch axis, which is said apart when it is fixed."""
    if any(isinstance(element, ast.Starred | ast.Tuple | ast.List | ast.Dict) for element in elements):
        return None
    batch, *rest = [syntax.spelled(element) for element in elements]
    shape = f"({rest[0]},)" if len(rest) == 1 else f"({', '.join(rest)})"
    options = [shape]
    if batch != "None":
        options.append(f"batch_size={batch}")
    if dtype:
        options.append(f'dtype="{dtype}"')
    return f"{make}({', '.join(options)})"
