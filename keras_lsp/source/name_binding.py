"""Gives values to names, attributes and parameters."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.source.annotations import annotated, choices_of
from keras_lsp.source.build_flow import Bind, Effect
from keras_lsp.source.calls import is_input, layers_argument
from keras_lsp.source.denote import kind_of, returned_value
from keras_lsp.source.facts import Built, EventKind, HolderBinding, LayerCall, ModelKind, ReferenceKind
from keras_lsp.source.initial_state import InitialState
from keras_lsp.source.variables import EventDraft, Sort, Value, Variable, kept_name
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.source.class_info import Holder
    from keras_lsp.source.variables import Scope
    from keras_lsp.source.walk import Walk

_WITH_LAYERS = frozenset({ModelKind.SEQUENTIAL, ModelKind.FUNCTIONAL})
# Parameters of `call` that Keras gives a meaning of their own.
_NOT_TENSORS = frozenset({"training"})


class NameBinder:
    """Notes variables, their first state, and the places where they get their values."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._initial = InitialState(walk.calls, walk.classes)

    def name(self, target: ast.Name, value: Value | None) -> None:
        """`target = value`."""
        shapes = self._walk.scope.shapes
        if target.id in shapes:
            shapes[target.id] = None
        self._walk.scope.containers.pop(target.id, None)
        held = self._walk.scope.holders.pop(target.id, None)
        if held is not None:  # and holds no more
            facts = replace(held.facts, slots=(), inherited=(), lengths=())
            span = self._walk.span(target)
            self._walk.notes.holders.append(HolderBinding(target.id, span, self._walk.scope.span, facts))
        if value is not None and value.sort in {Sort.OBJECT, Sort.TENSOR}:
            self._variable(target.id, self._walk.span(target), value)
        else:
            self._plain(target.id, self._walk.span(target))
            self._hold(target.id, self._walk.span(target), value)

    def _hold(self, name: str, span: Span, value: Value | None) -> None:
        """The name stands for an object that keeps models, if it does."""
        walk = self._walk
        if value is not None and value.holder is not None and value.holder.attributes:
            walk.scope.holders[name] = value.holder
            walk.known.add(name)
            walk.notes.holders.append(HolderBinding(name, span, walk.scope.span, value.holder.facts))

    def _plain(self, name: str, span: Span) -> None:
        """The name means nothing we follow from here on."""
        walk = self._walk
        before = walk.scope.names.get(name)
        if before is not None:
            hidden = Variable(name, span, walk.statement, walk.scope, Value(Sort.WEIGHT), self._blocks())
            walk.bound(hidden)
        walk.scope.names[name] = None
        body = walk.scope
        if body.is_call and name not in _NOT_TENSORS:
            body.tensor_names.add(name)
            walk.known.add(name)
            walk.notes.tensor(span, name, body.span, is_store=True)

    def _variable(self, name: str, span: Span, value: Value) -> None:
        walk = self._walk
        variable = Variable(name, span, walk.statement, walk.scope, value, self._blocks())
        self._give(variable, name)

    def _give(self, variable: Variable, key: str) -> None:
        """The variable gets its value, and `key` means it from here on."""
        walk, value, span = self._walk, variable.value, variable.span
        if value.sort is Sort.OBJECT and value.root is not None:
            self._derived(variable, value, value.root)
        if value.is_new and value.call is not None:
            self._content(variable, value.call, value.history)
        elif value.kind in _WITH_LAYERS and value.call is not None and value.root is None:
            variable.layers, variable.complete = value.call.layers, value.call.complete
        variable.value = variable.value._replace(path=None, variable=None, is_new=False)
        walk.scope.names[key] = variable
        walk.scope.tensor_names.discard(key)
        walk.bound(variable)
        kind = ReferenceKind.TENSOR if value.sort is Sort.TENSOR else ReferenceKind.MODEL
        walk.notes.variable(kind, span, variable, is_store=True)
        if value.sort is Sort.OBJECT and variable.value.root is None:
            self._begin(variable, value.is_new)

    def _derived(self, variable: Variable, value: Value, root: Variable) -> None:
        """`head = model.layers[0]` goes on belonging to `model`; `other = model` ends what we know of it."""
        if value.is_whole:
            self._walk.happen(root, EventKind.OTHER, Effect.MAY_BUILD, self._walk.statement)
            variable.value = value._replace(root=None)
            variable.layers, variable.complete = root.layers, False

    def _content(self, variable: Variable, call: LayerCall, history: tuple[LayerCall, ...]) -> None:
        if variable.value.kind is ModelKind.SEQUENTIAL:
            variable.layers, variable.complete = call.layers, call.complete
            variable.known_input = self._known_input(call)
        elif call.callee == "keras.Model":
            variable.layers = history
            variable.single_input = self._single_input(call, history)

    def _known_input(self, call: LayerCall) -> bool | None:
        node = self._walk.calls.node_of(call)
        given = layers_argument(node) if node is not None else None
        if given is None:
            return False if call.complete else None
        if isinstance(given, (ast.List, ast.Tuple)):
            return self._walk.calls.takes_input(given.elts[0]) if given.elts else False
        return None

    def _single_input(self, call: LayerCall, history: tuple[LayerCall, ...]) -> LayerCall | None:
        """The Input of a model with one: the text must give that very tensor as `inputs`."""
        inputs = [made for made in history if is_input(made)]
        given = call.argument("inputs")
        if len(inputs) != 1 or given is None or not given.text.isidentifier():
            return None
        variable = self._walk.scope.lookup(given.text)
        return inputs[0] if variable is not None and variable.value.call is inputs[0] else None

    def _begin(self, variable: Variable, is_new: bool) -> None:
        """The state in which a variable gets its object."""
        walk, value = self._walk, variable.value
        event = None
        if is_new and value.call is not None:
            event = EventDraft(EventKind.CONSTRUCT, variable.name, value.call.span, walk.statement)
            walk.notes.events.append(event)
        walk.program.append(Bind(variable, self._state(variable) if is_new else Built.UNKNOWN, event))

    def _state(self, variable: Variable) -> Built:
        value = variable.value
        if value.call is None:
            return Built.UNKNOWN
        if value.kind is ModelKind.SEQUENTIAL:
            if variable.known_input is False and variable.complete:
                return Built.NO
            return Built.YES if variable.known_input else Built.UNKNOWN
        return self._initial.of_call(value.call, value.kind)

    def _blocks(self) -> tuple[int, ...]:
        return tuple(number for number, _ in self._walk.blocks)

    def parameter(self, argument: ast.arg, may_be_fixture: bool) -> None:
        """A parameter: a model where its annotation or a fixture says so, a tensor in `call`."""
        span = self._walk.positions.span(argument)
        span = Span(span.start, span.start + len(argument.arg))
        value = annotated(argument.annotation, self._walk)
        if value is not None and argument.annotation is not None:
            self._named_in(argument.annotation)
        if value is None and may_be_fixture:
            owner = self._walk.scope.parent
            title = owner.title if owner is not None and owner.is_class else ""
            value = returned_value(self._walk.calls.fixture(title, argument), self._walk.classes)
        if value is not None and value.sort is not Sort.HOLDER:
            self._variable(argument.arg, span, value)
        else:
            self._plain(argument.arg, span)
            self._hold(argument.arg, span, value)

    def _named_in(self, annotation: ast.expr) -> None:
        """Note the model classes that an annotation names."""
        for choice in choices_of(annotation):
            info = self._walk.classes.get(choice.id) if isinstance(choice, ast.Name) else None
            if info is not None:
                self._walk.notes.model_class(self._walk.span(choice), info.facts)

    def escape(self, value: Value | None, node: ast.expr | None) -> None:
        """A model is stored where we do not follow it."""
        if value is not None and value.root is not None and value.sort is Sort.OBJECT and node is not None:
            self._walk.happen(value.root, EventKind.OTHER, Effect.MAY_BUILD, self._walk.span(node))

    def self_attribute(self, target: ast.Attribute) -> bool:
        """Note `self.x = ...` as a store; False when it is no attribute of a method's own object."""
        method = (
            self._walk.scope.method_scope(target.value.id) if isinstance(target.value, ast.Name) else None
        )
        if method is None or method.info is None:
            return False
        slots = method.info.slots_of(target.attr)
        if slots:
            span = self._walk.span(target)
            here = next((slot for slot in slots if slot.definition == span), slots[0])
            owner = self._walk.classes.get(here.owner, method.info).facts
            self._walk.notes.slot(span, target.attr, owner, here, is_store=True)
            return True
        span = self._walk.span(target)
        made = next((weight for weight in method.info.facts.weights if weight.definition == span), None)
        if made is not None and isinstance(target.value, ast.Name):
            self._walk.notes.weight_made(made, target.value.id)
        return True

    def keep(self, holder: Holder, scope: Scope, name_span: Span) -> None:
        """What each `self.<name>` is in the methods of a class that is no model; `scope` is the class."""
        for name, held in holder.attributes.items():
            known = len(held.entries) == 1 and not held.is_container and not held.open
            call = held.entries[0].call if known else None
            if call is None:
                continue
            kind = kind_of(call, self._walk.classes)
            class_name = call.callee if call.callee in self._walk.classes else None
            value = Value(Sort.OBJECT, kind, call, class_name)
            slot = next((s for s in holder.facts.slots if s.path == name), None)
            span = slot.definition if slot is not None else name_span
            line = slot.source_line if slot is not None else span
            variable = Variable(f"self.{name}", span, line, scope, value, (), home=scope)
            if kind in _WITH_LAYERS:
                variable.layers, variable.complete = call.layers, call.complete
            scope.names[kept_name(name)] = variable
            if slot is None:  # no statement of this class gives it, but a base does
                self._walk.bound(variable)

    def kept_attribute(self, target: ast.Attribute, value: Value | None) -> bool:
        """Note `self.x = ...` of a class that is no model; False when it is something else."""
        walk = self._walk
        name = target.value.id if isinstance(target.value, ast.Name) else ""
        method = walk.scope.holder_method(name) if name else None
        if method is None:
            return False
        key = kept_name(target.attr)
        shown = walk.span(target)
        home = method.parent
        known = home.names.get(key) if home is not None else None
        if known is not None and known.span == shown and (value is None or value.call is None):
            value = known.value  # what a method returns
        if value is None or value.sort is not Sort.OBJECT:
            walk.scope.names[key] = None
            return True
        variable = Variable(f"{name}.{target.attr}", shown, walk.statement, walk.scope, value, self._blocks())
        variable.home = home
        self._give(variable, key)
        if known is not None and known.span == shown:
            walk.notes.stands_for[known] = variable
        return True

    def attribute_of(self, base: Value | None, node: ast.expr) -> None:
        """`model.x = ...` from outside: its layers are no longer those of its class alone."""
        if base is None:
            return
        if base.holder is not None and base.path is not None:
            self._walk.scope.forget_holder(base.path.root)
        if base.class_name is not None:
            self._walk.denoter.touched.add(base.class_name)
        if base.root is not None:
            self._walk.happen(base.root, EventKind.OTHER, Effect.MAY_BUILD, self._walk.span(node))
