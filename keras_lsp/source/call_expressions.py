"""Walks calls: what they make, and what they do to the models they are given."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.source.annotations import annotated
from keras_lsp.source.array_shapes import per_batch
from keras_lsp.source.build_flow import Effect
from keras_lsp.source.calls import is_input
from keras_lsp.source.denote import kind_of, returned_value
from keras_lsp.source.facts import EventKind, LayerCall, LayerSlot, ModelKind
from keras_lsp.source.held import Entry, Held
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.literals import literal
from keras_lsp.source.model_calls import ONLY_LOOK, RUNS, effect_of, event_kind
from keras_lsp.source.parameters import bound_arguments
from keras_lsp.source.variables import Path, Sort, Value, Variable
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from keras_lsp.source.class_info import ClassInfo, PassedOn
    from keras_lsp.source.walk import Walk

# Functions of these packages give tensors when they are given Keras tensors.
_TENSOR_FUNCTIONS = ("keras.", "tensorflow.")
# Functions of Keras that give a model of which the text tells nothing more.
_GIVES_MODEL = (".load_model", ".clone_model", ".model_from_json")


class CallExpressions:
    """Calls of one module; `visit` walks any other expression."""

    def __init__(self, walk: Walk, visit: Callable[[ast.AST], Value | None]) -> None:
        self._walk = walk
        self._visit = visit

    def visit(self, node: ast.Call) -> Value | None:
        """What the call gives, None when that is nothing we follow."""
        made = self._made(node)
        if made is not None:
            return made
        func = node.func
        if isinstance(func, ast.Attribute):
            return self._method(node, func)
        callee = self._visit(func)
        values = self._arguments(node)
        if callee is not None and callee.sort is Sort.OBJECT:
            return self._called(node, callee, values)
        name = func.id if isinstance(func, ast.Name) else None
        if name not in ONLY_LOOK:
            self.handed_over(node, values)
        return self._function(node, values)

    def _arguments(self, node: ast.Call) -> list[Value | None]:
        values = [self._visit(argument) for argument in node.args]
        return values + [self._visit(keyword.value) for keyword in node.keywords]

    # Constructors

    def _made(self, node: ast.Call) -> Value | None:
        """A layer, a model or an input, when the callee is a class or function that makes one."""
        dotted = dotted_name(node.func)
        if dotted is None or self._walk.scope.hides(dotted.split(".", 1)[0]):
            return None
        call = self._walk.calls.layer_call(node)
        if call is None:
            return None
        info = self._walk.classes.get(call.callee)
        if info is not None:
            self._walk.notes.model_class(call.callee_span, info.facts, call)
        else:
            self._walk.notes.constructor(call)
        self._walk.named(dotted.rpartition(".")[2])
        values = self._arguments(node)
        self.handed_over(node, values)
        if call.callee == "keras.Input":
            return Value(Sort.TENSOR, call=call, history=(call,))
        history = self._graph(values) if call.callee == "keras.Model" else ()
        name = call.callee if info is not None else None
        kind = kind_of(call, self._walk.classes)
        made = Value(Sort.OBJECT, kind, call, name, is_new=True, history=history)
        init = self._walk.calls.init_of(call) if not call.is_builtin else None
        if init is None:
            return made
        kept = self._kept(node, init, values)
        return made._replace(given=tuple((n, v.call) for n, v in kept if v.call is not None))

    def _kept(
        self, node: ast.Call, init: PassedOn, values: Sequence[Value | None]
    ) -> Iterator[tuple[str, Value]]:
        """The models and layers among what a constructor is given, with the attributes that keep them."""
        given = dict(bound_arguments(node, init.parameters))
        known = dict(zip([*node.args, *(keyword.value for keyword in node.keywords)], values, strict=True))
        for attribute, parameter in init.kept:
            value = known.get(given[parameter]) if parameter in given else None
            if value is not None and value.sort is Sort.OBJECT:
                yield attribute, value

    def _holding(self, node: ast.Call, made: Value, values: Sequence[Value | None]) -> Value:
        """An object that keeps models, with those among them that its constructor is given."""
        holder = made.holder
        if holder is None or holder.init is None:
            return made
        attributes, slots = dict(holder.attributes), list(holder.facts.slots)
        for name, value in self._kept(node, holder.init, values):
            span = self._walk.span(node)
            attributes[name] = Held((Entry("", value.call, span),))
            slots = [slot for slot in slots if slot.attribute != name]
            slots.append(LayerSlot(holder.facts.name, name, span, value.call, self._walk.statement))
        facts = replace(holder.facts, slots=tuple(slots))
        return made._replace(holder=replace(holder, attributes=attributes, facts=facts))

    def _graph(self, values: Sequence[Value | None]) -> tuple[LayerCall, ...]:
        """The layers that the tensors given to `keras.Model(inputs, outputs)` came through."""
        calls = {id(call): call for value in values if value is not None for call in value.history}
        return tuple(calls.values())

    # Calling layers and models

    def _called(self, node: ast.Call, callee: Value, values: Sequence[Value | None]) -> Value | None:
        """`dense(x)`: a tensor. Calling a variable builds it; calling a layer below it only that layer."""
        root = callee.root
        if root is not None:
            whole = callee.is_whole
            effect = Effect.BUILDS if whole else Effect.MAY_BUILD
            kind = EventKind.CALL if whole else EventKind.OTHER
            shape = self._walk.shape(node.args[0]) if whole and node.args else None
            self._walk.happen(root, kind, effect, self._walk.span(node), shape)
        self.handed_over(node, values)
        given = {id(call): call for v in values if v is not None for call in v.history}
        if callee.call is not None:
            given[id(callee.call)] = callee.call
        return Value(
            Sort.TENSOR, call=callee.call, class_name=callee.class_name, history=tuple(given.values())
        )

    def handed_over(self, node: ast.Call, values: Sequence[Value | None]) -> None:
        """Code we do not follow gets these values."""
        for value in values:
            if value is not None and value.root is not None and value.sort in _ALIVE:
                self._walk.happen(value.root, EventKind.OTHER, Effect.MAY_BUILD, self._walk.span(node))

    def _function(self, node: ast.Call, values: Sequence[Value | None]) -> Value | None:
        """What a function gives: a tensor for tensors, a model; or a class, an object that keeps models."""
        func = node.func
        object_ = self._walk.object_of(func)
        built = self._holding(node, object_, values) if object_ is not None else self._built_by(node)
        if built is not None:
            return built if built.holder is None or built.holder.attributes else None
        tensors = [v for v in values if v is not None and v.sort in {Sort.TENSOR, Sort.TENSORS}]
        name = self._walk.calls.canonical(func)
        if name is not None and name.startswith("keras.") and name.endswith(_GIVES_MODEL):
            return Value(Sort.OBJECT, is_new=True)
        if not tensors or name is None or not name.startswith(_TENSOR_FUNCTIONS):
            return None
        return Value(Sort.TENSOR, history=self._graph(tensors))

    def _built_by(self, node: ast.Call) -> Value | None:
        """The model that `build_model()` returns; what else the function did to it, nobody knows."""
        func = node.func
        if isinstance(func, (ast.Subscript, ast.Call)):  # `BLOCKS["conv"](8)`
            return returned_value(self._walk.containers.returned(node), self._walk.classes)
        dotted = dotted_name(func)
        if dotted is None or self._walk.scope.hides(dotted.split(".", 1)[0]):
            return None
        returned = self._walk.containers.returned(node)
        found = returned_value(returned, self._walk.classes)
        if found is not None or returned.entries or not isinstance(func, ast.Name):
            return found
        known = func.id in self._walk.calls.functions
        if known and any(map(is_input, returned.history)):  # `x = conv_block(x, 64)`
            return Value(Sort.TENSOR, history=returned.history)
        return annotated(self._walk.calls.return_annotation(func.id), self._walk)

    # Methods

    def _method(self, node: ast.Call, func: ast.Attribute) -> Value | None:
        base = None if self._on_self(func) else self._visit(func.value)
        if base is None:
            return self._on_unfollowed(node, func)
        if base.sort is not Sort.OBJECT:
            self._walk.named(func.attr)
            self.handed_over(node, self._arguments(node))
            self._walk.containers.called(node, func)
            return None
        if func.attr == "get_layer":
            return self._get_layer(node, func, base)
        step = Span(self._walk.span(func.value).end, self._walk.span(func).end)
        below = self._walk.denoter.attribute(base, func.attr, step)
        if below is not None and below.sort is Sort.OBJECT:  # `model.dense1(x)`
            self._walk.notes.path(self._walk.span(func), below)
            return self._called(node, below, self._arguments(node))
        if func.attr == "get_weights":
            return self._walk.weight_list(func, base)
        self._walk.named(func.attr)
        self._on_model(node, func.attr, base)
        return None

    def _on_unfollowed(self, node: ast.Call, func: ast.Attribute) -> Value | None:
        """A method of something that is no layer to us, or of `self`."""
        callee = self._visit_callee(func)
        values = self._arguments(node)
        if callee is not None and callee.sort is Sort.OBJECT:
            return self._called(node, callee, values)
        self._walk.containers.called(node, func)
        holder = self._walk.scope.holder_method(func.value.id) if isinstance(func.value, ast.Name) else None
        if holder is not None:  # a method of this class: it may do anything with what `self` keeps
            self._walk.let_go(holder)
        method = self._walk.scope.method_scope(func.value.id) if isinstance(func.value, ast.Name) else None
        if func.attr == "get_layer" and method is not None and method.info is not None:
            return self._get_layer(node, func, _object_of(method.info, func.value, self._walk))
        if func.attr == "get_layer" and isinstance(func.value, ast.Name):
            return self._walk.unknown_layer(node, func.value, *self._key(node))
        if func.attr == "get_weights" and not node.args:
            return self._walk.weight_list(func, None)
        self.handed_over(node, values)
        return self._function(node, values)

    def _visit_callee(self, func: ast.Attribute) -> Value | None:
        """The callee itself, where it hangs on `self`; else what is before the dot was walked already."""
        if self._on_self(func):
            return self._visit(func)
        self._walk.named(func.attr)
        return None

    def _on_self(self, func: ast.Attribute) -> bool:
        scope = self._walk.scope
        if not isinstance(func.value, ast.Name):
            return False
        name = func.value.id
        return scope.method_scope(name) is not None or scope.holder_method(name) is not None

    def _key(self, node: ast.Call) -> tuple[str | int | None, Span | None]:
        """Name or index given to `get_layer`, and where."""
        asked = [*node.args[:2], *(k.value for k in node.keywords if k.arg in {"name", "index"})]
        asked = [one for one in asked if not (isinstance(one, ast.Constant) and one.value is None)]
        if len(asked) != 1:  # neither, or both, which Keras refuses
            return None, None
        given = asked[0]
        value, _ = literal(given)
        return (value if isinstance(value, (str, int)) else None), self._walk.span(given)

    def _get_layer(self, node: ast.Call, func: ast.Attribute, base: Value) -> Value:
        self._arguments(node)
        key, key_span = self._key(node)
        whole = self._walk.span(node)
        step = Span(self._walk.span(func.value).end, whole.end)
        value = self._walk.denoter.get_layer(base, key, step, key_span)
        self._walk.notes.path(whole, value)
        return value

    def _on_model(self, node: ast.Call, method: str, base: Value) -> None:
        values = self._arguments(node)
        self.handed_over(node, values)
        root = base.root
        if root is None:
            return
        if not base.is_whole:
            if method not in _LOOKS_AT_LAYER:
                self._walk.happen(root, EventKind.OTHER, Effect.MAY_BUILD, self._walk.span(node))
            return
        if method == "add" and root.value.kind is ModelKind.SEQUENTIAL and node.args:
            self._add(node, root, values[0])
            return
        shape = self._shape(node) if method == "build" else None
        effect = effect_of(root, method, shape is not None, self._walk)
        if method in RUNS and node.args:
            shape = per_batch(self._walk.shape(node.args[0]))
        self._walk.happen(root, event_kind(method), effect, self._walk.span(node), shape)
        if method in {"add", "pop"} and base.class_name is not None:
            self._walk.denoter.touched.add(base.class_name)
        if method == "pop":
            root.layers, root.complete = root.layers[:-1], False

    def _shape(self, node: ast.Call) -> str | None:
        given = (
            node.args[0]
            if node.args
            else next((k.value for k in node.keywords if k.arg == "input_shape"), None)
        )
        return self._walk.text(given) if given is not None else None

    def _add(self, node: ast.Call, model: Variable, added: Value | None) -> None:
        """`model.add(layer)`: a Sequential that gets its input shape is built from then on."""
        first = model.known_input is False and not model.layers and model.complete
        if first:
            model.known_input = self._walk.calls.takes_input(node.args[0])
        call = added.call if added is not None else None
        same_place = not self._walk.in_block_below(model)
        model.complete = model.complete and call is not None and same_place
        if call is not None and not is_input(call):
            model.layers = (*model.layers, call)
        effect = Effect.NONE
        if first and model.known_input:
            effect = Effect.BUILDS
        elif (first and model.known_input is None) or call is None:
            effect = Effect.MAY_BUILD
        self._walk.happen(model, EventKind.OTHER, effect, self._walk.span(node))


def _object_of(info: ClassInfo, node: ast.expr, walk: Walk) -> Value:
    """`self` in a method."""
    name = info.node.name
    return Value(Sort.OBJECT, info.kind, class_name=name, path=Path(walk.text(node), walk.span(node), name))


_ALIVE = frozenset({Sort.OBJECT, Sort.LAYER_LIST, Sort.CONTAINER})
_LOOKS_AT_LAYER = frozenset({"get_config", "get_weights", "count_params", "set_weights"})
