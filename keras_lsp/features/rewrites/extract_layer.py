"""Layers that a `call` applies one after the other, as a layer of their own: `x = self.block(x)`.

Their definitions move into its `__init__`, the selected lines into its `call`. It takes the place of the
first of them, and its weights are listed together: what was made between two of its layers comes behind
them, and tf-keras 2 lists what is not trained behind what is. In files where Keras names weights by
attributes (`.weights.h5`, `.keras`, checkpoints) these have other names from then on.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from keras_lsp.features.results import Fix, TextEdit
from keras_lsp.features.rewrites.flow import (
    flow,
    free_of,
    inner,
    locals_of,
    stores,
    unused,
)
from keras_lsp.features.rewrites.selection import above, crosses_cells, reindented, rows, step_of
from keras_lsp.features.rules.edits import without_lines
from keras_lsp.features.rules.evidence import WEIGHTED
from keras_lsp.features.rules.tree import canonical, method, model_classes, self_attribute, tree_of
from keras_lsp.source.facts import ModelKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from keras_lsp.features.rewrites.flow import Flow
    from keras_lsp.features.rewrites.selection import Selection
    from keras_lsp.features.rules.tree import Function, Tree
    from keras_lsp.session.snapshot import DocumentView
    from keras_lsp.source.facts import LayerSlot, ModelClass

_LEAST = 2
# What asks for layers and weights by their number or name, which are others afterwards.
_BY_PLACE = frozenset(
    {"layers", "_layers", "get_layer", "get_weights", "set_weights", "submodules", "_flatten_layers"}
    | {"getattr", "setattr", "delattr", "vars", "__dict__"}
)
# A layer ends a mask on its way, casts what it gets to its own dtype, and hands on no `reset_states`.
_MASKS = frozenset({"mask_zero", "Masking", "compute_mask", "supports_masking", "_keras_mask"})
_WITHIN = frozenset(
    {"stateful", "dtype", "cast", "astype", "compute_dtype", "variable_dtype", "saturate_cast"}
)
_POLICIES = frozenset(
    {"mixed_precision", "set_global_policy", "set_dtype_policy", "set_floatx"}
    | {"float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"}
)
_PLAIN = frozenset(
    {"int", "float", "str", "bool", "tuple", "list", "len", "max", "min", "round", "sum", "abs"}
)
_STRANGE = (ast.comprehension, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
_TAKEN = frozenset({"self", "kwargs", "name", "dtype", "trainable"})
_STATELESS = frozenset(
    {"Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Add", "Average", "Concatenate", "Dot", "Maximum"}
    | {"Minimum", "Multiply", "Subtract", "Flatten", "Permute", "RepeatVector", "Reshape", "Rescaling"}
    | {"Cropping1D", "Cropping2D", "Cropping3D", "UpSampling1D", "UpSampling2D", "UpSampling3D"}
    | {"ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Identity"}
    | {f"{kind}Pooling{n}D" for kind in ("Average", "Max", "GlobalAverage", "GlobalMax") for n in (1, 2, 3)}
)


@dataclass(frozen=True, slots=True)
class _Definition:
    """`self.conv = layers.Conv2D(...)`, a statement of `__init__`."""

    slot: LayerSlot
    statement: ast.Assign


@dataclass(frozen=True, slots=True)
class _Arguments:
    """What the definitions take from their `__init__`: names of parameters, and what is given for them."""

    given: dict[str, str]
    renamed: tuple[tuple[Span, str], ...]  # `self.units` in a definition -> `units`


def extractions(view: DocumentView, selected: Selection) -> Iterator[Fix]:
    found = _class_of(view, selected)
    if found is None:
        return
    tree = tree_of(view)
    model_class, node, init = found
    definitions = _definitions(model_class, init, selected)
    moved = flow(tree, selected) if len(definitions) >= _LEAST else None
    base = _base(view)
    if moved is None or base is None or not _is_safe(view, node, selected, definitions):
        return
    needed = _needed(tree, selected, moved)
    arguments = _arguments(view, init, definitions)
    first = _first_input(selected, needed or [])
    if needed is None or arguments is None or first is None or not (moved.live or selected.returns):
        return
    class_name, attribute = unused(tree, "Block"), unused(tree, "block")
    tensors = [first, *sorted((n for n in needed if n != first), key="training".__eq__)]
    body = _class_text(view, selected, definitions, arguments, f"class {class_name}({base}):", tensors, moved)
    edits = _edits(view, node, body, definitions, f"self.{attribute} = {class_name}", arguments)
    if edits is None:
        return
    given = ", ".join([first, *(f"{name}={name}" for name in tensors[1:])])
    outputs = "return" if selected.returns else f"{', '.join(moved.live)} ="
    call = TextEdit(selected.lines, f"{selected.indent}{outputs} self.{attribute}({given})")
    title = f"Extract {len(definitions)} layers to a layer `{class_name}`{_about_files(definitions)}"
    yield Fix(title, (*edits, call))


def _class_of(view: DocumentView, selected: Selection) -> tuple[ModelClass, ast.ClassDef, Function] | None:
    """The class whose `call` is selected from; None where others in this file are derived from it."""
    for model_class, node in model_classes(view):
        init, call = method(node, "__init__"), method(node, "call")
        if init is None or call is None or call is not selected.scope or selected.top is not node:
            continue
        derived = any(model_class.name in other.bases for other in view.facts.classes)
        kinds = (ModelKind.SUBCLASS, ModelKind.LAYER)
        plain = not call.decorator_list and not init.decorator_list
        if model_class.kind in kinds and plain and not derived:
            return model_class, node, init
    return None


def _definitions(model_class: ModelClass, init: Function, selected: Selection) -> list[_Definition]:
    """Of the layers that the selected lines use, in the order made; none where one may be otherwise."""
    used = {name for node in selected.nodes if (name := self_attribute(node)) is not None}
    slots = {slot.path: slot for slot in model_class.slots if slot.path in used}
    found = []
    for statement in init.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        name = self_attribute(target) if target is not None else None
        slot = slots.pop(name, None) if name is not None else None
        if slot is None or not isinstance(statement, ast.Assign):
            continue
        odd = slot.conditional or slot.repeated or slot.elsewhere is not None or slot.call is None
        if odd or len(statement.targets) != 1 or not isinstance(statement.value, ast.Call):
            return []
        found.append(_Definition(slot, statement))
    return found if {definition.slot.path for definition in found} == used else []


def _base(view: DocumentView) -> str | None:
    """How this text calls `keras.layers.Layer`."""
    keras = view.facts.keras
    for name, meaning in keras.names:
        if meaning in ("keras.layers.Layer", "keras.Layer"):
            return name
    if keras.layers_prefix is not None:
        return f"{keras.layers_prefix}.Layer"
    return f"{keras.prefix}.layers.Layer" if keras.prefix is not None else None


def _is_safe(
    view: DocumentView, node: ast.ClassDef, selected: Selection, definitions: list[_Definition]
) -> bool:
    """Whether nothing else asks for the layers, and one more layer changes nothing on the way."""
    tree = tree_of(view)
    moved = {definition.slot.path for definition in definitions}
    inside = set(ast.walk(node))
    mine = {*selected.nodes, *(n for d in definitions for n in ast.walk(d.statement))}
    words = _words(tree)
    if not (_MASKS | _POLICIES).isdisjoint(words):
        return False
    if any("mask" in word.lower() or word in _WITHIN for word in map(_word, inside)):
        return False
    by_place = (other for word in _BY_PLACE for other in words.get(word, ()))
    if any(isinstance(n, (ast.Name, ast.Attribute)) and not canonical(view, n) for n in by_place):
        return False
    named = (other for word in moved for other in words.get(word, ()))
    return all(other in mine or _is_anothers(tree, node, other) for other in named)


@lru_cache(maxsize=2)
def _words(tree: Tree) -> dict[str, list[ast.AST]]:
    """Word -> the nodes that are about it."""
    found: dict[str, list[ast.AST]] = {}
    for node in tree.nodes:
        word = _word(node)
        if word:
            found.setdefault(word, []).append(node)
    return found


def _word(node: ast.AST) -> str:
    """The one word that a node is about: a name, or a string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, (ast.arg, ast.keyword)):
        return node.arg or ""
    is_word = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()
    return str(node.value) if is_word and isinstance(node, ast.Constant) else ""


def _is_anothers(tree: Tree, node: ast.ClassDef, other: ast.AST) -> bool:
    """Whether the word is no attribute of this class: a variable, or `self.<name>` in an unrelated class."""
    if isinstance(other, (ast.Name, ast.arg, ast.keyword)):
        return True
    around = next((above for above in tree.above(other) if isinstance(above, ast.ClassDef)), None)
    if self_attribute(other) is None or around is None or around is node:
        return False
    return around.name not in {base.id for base in node.bases if isinstance(base, ast.Name)}


def _needed(tree: Tree, selected: Selection, moved: Flow) -> list[str] | None:
    """The names of `call` that its lines take; None where they use the object for more than its layers."""
    parents = tree.parents
    uses = (n for n in selected.nodes if isinstance(n, ast.Name) and n.id == "self")
    if not all(isinstance(parents[n], ast.Attribute) for n in uses) or "self" in moved.assigned:
        return None
    own = locals_of(selected.scope)
    late = {name for node in inner(selected.nodes) for name in free_of(node)}
    needed = [name for name in moved.needed if name in own and name != "self"]
    if late & {*own} or any(own[name] != "value" for name in needed):
        return None
    return needed


def _first_input(selected: Selection, needed: list[str]) -> str | None:
    """What a layer is called on, so a tensor or some of them: what a layer gets first must be that.

    It is what it was in front of the selection; the first that `call` itself gets is one, too.
    """
    assigned: set[str] = set()
    for statement in selected.statements:
        called = [n for n in ast.walk(statement) if isinstance(n, ast.Call) and self_attribute(n.func)]
        for call in (call for call in called if call.args):
            name = _tensor(call.args[0])
            if name in needed and name not in assigned:
                return name
        assigned |= {*stores(statement)}
    arguments = selected.scope.args.args if not isinstance(selected.scope, ast.Module) else []
    return next((argument.arg for argument in arguments[1:2] if argument.arg in needed), None)


def _tensor(given: ast.expr) -> str | None:
    """The name in `x`, `x["ids"]`, `[x, y]`, `self.conv(x)`."""
    while not isinstance(given, ast.Name):
        if isinstance(given, ast.Subscript):
            given = given.value
        elif isinstance(given, (ast.List, ast.Tuple)) and given.elts:
            given = given.elts[0]
        elif isinstance(given, ast.Call) and self_attribute(given.func) and given.args:
            given = given.args[0]
        else:
            return None
    return given.id


def _arguments(view: DocumentView, init: Function, definitions: list[_Definition]) -> _Arguments | None:
    """None where a definition takes what may be another thing at the place of the first of them."""
    tree, own = tree_of(view), locals_of(init)
    begin = tree.span(definitions[0].statement).start
    given: dict[str, str] = {}
    renamed: list[tuple[Span, str]] = []
    free: set[str] = set()
    for definition in definitions:
        value = definition.statement.value
        if not _is_plainly_made(view, value, own):
            return None
        for node in _taken(value):
            attribute = self_attribute(node)
            if attribute is None and isinstance(node, ast.Name) and node.id not in own:
                free.add(node.id)
                continue
            name = attribute or (node.id if isinstance(node, ast.Name) else "")
            if not _is_settled(view, init, node, begin):
                return None
            if attribute is not None:
                renamed.append((tree.span(node), attribute))
            written = tree.span(node).of(view.document.text)
            if given.setdefault(name, written) != written:
                return None
    return None if {*given} & (free | _TAKEN) else _Arguments(given, tuple(renamed))


def _taken(value: ast.expr) -> list[ast.expr]:
    """The names that an expression reads, with `self.x` as one of them, in the order of the text."""
    held = [n for n in ast.walk(value) if isinstance(n, ast.Attribute) and self_attribute(n)]
    inside = {n.value for n in held}
    found = [*held, *(n for n in ast.walk(value) if isinstance(n, ast.Name) and n not in inside)]
    return sorted(found, key=lambda n: (n.lineno, n.col_offset))


def _is_settled(view: DocumentView, init: Function, node: ast.expr, begin: int) -> bool:
    """Whether what a name or an attribute of the object stands for is no other from a place on.

    An attribute has to be set in `__init__` itself, and to hold no layer.
    """
    attribute = self_attribute(node)
    if attribute is None:
        name = node.id if isinstance(node, ast.Name) else ""
        if name == "self" or locals_of(init).get(name) != "value":
            return False
        set_at = _sets(view, init, lambda found: isinstance(found, ast.Name) and found.id == name)
        return all(place < begin for place in set_at)
    around = view.facts.class_at(begin)
    slots = (*around.slots, *around.inherited) if around is not None else ()
    set_at = _sets(view, init, lambda found: self_attribute(found) == attribute)
    return len(set_at) == 1 and set_at[0] < begin and not any(slot.attribute == attribute for slot in slots)


def _sets(view: DocumentView, init: Function, wanted: Callable[[ast.AST], bool]) -> list[int]:
    """Where something is assigned or deleted."""
    tree = tree_of(view)
    named = (n for n in ast.walk(init) if isinstance(n, (ast.Name, ast.Attribute)) and wanted(n))
    return [tree.span(n).start for n in named if not isinstance(n.ctx, ast.Load)]


def _is_plainly_made(view: DocumentView, value: ast.expr, own: dict[str, str]) -> bool:
    """Whether making the layer runs nothing of the user's but its class."""
    nodes = list(ast.walk(value))
    if any(isinstance(n, _STRANGE) for n in nodes) or any(set(free_of(f)) & {*own} for f in inner(nodes)):
        return False
    calls = (n for n in nodes if isinstance(n, ast.Call) and n is not value)
    return all(
        canonical(view, call.func).startswith("keras.")
        or (isinstance(call.func, ast.Name) and call.func.id in _PLAIN)
        for call in calls
    )


def _class_text(
    view: DocumentView,
    selected: Selection,
    definitions: Iterable[_Definition],
    arguments: _Arguments,
    head: str,
    tensors: list[str],
    moved: Flow,
) -> list[str]:
    step = step_of(view)
    taken = "".join(f", {name}" for name in arguments.given)
    signature = ", ".join(["self", *(f"{n}=None" if n == "training" else n for n in tensors)])
    body = [f"def __init__(self{taken}, **kwargs):", f"{step}super().__init__(**kwargs)"]
    written = [head, *(step + row for row in body)]
    for definition in definitions:
        written += _rewritten(view, definition, arguments, step * 2)
    written += ["", f"{step}def call({signature}):", *rows(view, selected.lines, selected.indent, step * 2)]
    if not selected.returns:
        written.append(f"{step * 2}return {', '.join(moved.live)}")
    return written


def _rewritten(view: DocumentView, definition: _Definition, arguments: _Arguments, indent: str) -> list[str]:
    """The lines of a definition, with what it took from the object as parameters."""
    whole = _whole(view, definition)
    text = whole.of(view.document.text)
    inside = [(span, name) for span, name in arguments.renamed if whole.covers(span)]
    for span, name in sorted(inside, reverse=True):
        text = text[: span.start - whole.start] + name + text[span.end - whole.start :]
    old = view.document.lines.before(tree_of(view).span(definition.statement).start)
    lines = text.replace("\r\n", "\n").split("\n")
    return [reindented(row, old, indent) for row in lines]


def _whole(view: DocumentView, definition: _Definition) -> Span:
    """The lines of a definition, with the comment behind it."""
    lines, span = view.document.lines, tree_of(view).span(definition.statement)
    first = lines.line_span(lines.line_of(span.start)).start
    return Span(first, lines.line_span(lines.line_of(span.end)).end)


def _edits(
    view: DocumentView,
    node: ast.ClassDef,
    body: list[str],
    definitions: list[_Definition],
    made: str,
    arguments: _Arguments,
) -> list[TextEdit] | None:
    """The new class, and the place of its layers in the old one."""
    inserted = above(view, node, body)
    if inserted is None or not isinstance(tree_of(view).parents[node], ast.Module):
        return None
    edits = [inserted]
    text, lines, tree = view.document.text, view.document.lines, tree_of(view)
    for number, definition in enumerate(definitions):
        whole, span = _whole(view, definition), tree.span(definition.statement)
        behind = text[span.end : whole.end].strip()
        indent = lines.before(span.start)
        if indent.strip() or (behind and not behind.startswith("#")) or crosses_cells(view.document, whole):
            return None
        if number == 0:
            edits.append(TextEdit(whole, f"{indent}{made}({', '.join(arguments.given.values())})"))
        else:
            edit = without_lines(view.document, Span(span.start, whole.end))
            if edit is None:
                return None
            edits.append(edit)
    return edits


def _about_files(definitions: list[_Definition]) -> str:
    """Whether a file of weights from before still fits.

    Two layers with weights less and one more are one less, which a file by order is refused for; names
    change for each of them.
    """
    kinds = [d.slot.call.class_name if d.slot.call and d.slot.call.is_builtin else "" for d in definitions]
    if all(kind in _STATELESS for kind in kinds):
        return ""
    certain = sum(kind in WEIGHTED for kind in kinds) > 1
    return f" (weights files of before {'will' if certain else 'may'} not fit)"
