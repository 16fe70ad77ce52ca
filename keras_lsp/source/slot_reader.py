"""Follows the methods of one class and notes which layers end up below `self`."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

from keras_lsp.source.container_calls import ContainerCalls
from keras_lsp.source.held import (
    EACH,
    NOTHING,
    OPEN,
    Entry,
    Environment,
    Held,
    concatenated,
    container,
    either,
)
from keras_lsp.source.held_reader import HeldReader
from keras_lsp.source.literals import literal
from keras_lsp.source.loop_values import are_certain, loop_values, spelled_names
from keras_lsp.source.model_calls import ONLY_LOOK
from keras_lsp.source.module_index import Function
from keras_lsp.source.parameters import (
    all_arguments,
    bound_arguments,
    fixture_name,
    is_static,
    layerless_parameters,
    self_name,
)
from keras_lsp.source.slot_notes import Context, SlotNotes
from keras_lsp.source.weights import weight_calls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.class_info import PassedOn
    from keras_lsp.source.facts import LayerCall
    from keras_lsp.source.module_index import ModuleIndex
    from keras_lsp.source.positions import Positions

_HELPER_DEPTH = 4  # `self.a()` that calls `self.b()` that calls ...
_HELPER_CALLS = 200  # per class; more are left unread
_LEAVING = (ast.Break, ast.Continue, ast.Return)
_HARMLESS = frozenset({"super", "isinstance", "hasattr", "getattr", "print", "type", "len", "id"})


class SlotReader:
    """One class. After `read_method` for each method, `notes` and `attributes` tell what was found."""

    def __init__(
        self, owner: str, methods: dict[str, Function], positions: Positions, calls: Calls, index: ModuleIndex
    ) -> None:
        self.asks_parameters = True  # whether it matters that a parameter is surely no layer
        self.wraps = False  # a `Wrapper`, which keeps a layer in `layer`
        self.base_init: PassedOn | None = None
        self.super_call: ast.Call | None = None  # `super().__init__(...)`
        self.followed: set[str] = set()  # helper methods, read at the place of their call
        self._owner = owner
        self._methods = methods
        self._positions = positions
        self._calls = calls
        self._index = index
        self._reader = HeldReader(positions, calls, index, self._follow)
        self.notes = SlotNotes(owner, positions, self._reader)
        self._containers = ContainerCalls(self.notes, self._reader, calls)
        self._active: list[str] = []
        self._calls_followed = 0
        self._parameters: dict[Function, Environment] = {}
        self._context = Context({})

    @property
    def attributes(self) -> Environment:
        """What each `self.<name>` holds."""
        return self._reader.attributes

    def read_method(self, function: Function, conditional: bool) -> None:
        """Note what one method assigns; `conditional` when nothing says that it runs."""
        self._reader.self_name = self_name(function) or ""
        if self._reader.self_name:
            self._active.append(function.name)
            self._run(function.body, Context(self._parameters_of(function), conditional))
            self._active.pop()

    def read_template(self, attribute: str, function: Function) -> None:
        """A base keeps in the attribute what this method gives, whatever the base's own gave."""
        self._reader.self_name = self_name(function) or ""
        context = Context(self._parameters_of(function))
        self._active.append(function.name)
        self._run(function.body, context)
        self._active.pop()
        held = _joined(context.returned)
        self.attributes.pop(attribute, None)
        if held.entries:
            self.notes.store(attribute, held, held.entries[0].span, Context({}))

    def give_names(self, layers: Mapping[str, LayerCall]) -> None:
        """Layers that `self.get_layer(name)` finds."""
        self._reader.named = layers

    def read(self, node: ast.expr, local: Environment | None = None) -> Held:
        """What an expression outside of all methods holds."""
        return self._reader.read(node, local or {})

    def returned(
        self, function: Function, call: ast.Call | None = None, local: Environment | None = None
    ) -> Held:
        """What a function that is no method returns, from a call; a fixture may be given others."""
        self._active.append(function.name)
        if call is not None:
            context = Context(self._arguments(function, call, local or {}))
            self._reader.self_name = ""
            with self._given_by(function, call):
                self._run(function.body, context)
            return _joined(context.returned)
        context = Context(self._parameters_of(function))
        if function.decorator_list and fixture_name(function) is not None:
            for argument in all_arguments(function):
                given = self._calls.fixture(self._owner, argument)
                if given.entries:
                    context.local[argument.arg] = given
        self._reader.self_name = ""
        self._run(function.body, context)
        return _joined(context.returned)

    def _parameters_of(self, function: Function) -> Environment:
        if not self.asks_parameters:
            return {argument.arg: OPEN for argument in all_arguments(function)}
        known = self._parameters.get(function)
        if known is None:
            known = self._parameters[function] = layerless_parameters(function, self._calls)
        return dict(known)

    def _run(self, statements: Sequence[ast.stmt], context: Context) -> None:
        for statement in statements:
            self._context = context
            step = getattr(self, f"_{type(statement).__name__.lower()}", None)
            if step is not None:
                self.notes.statement = statement
                try:
                    step(statement, context)
                except RecursionError:  # nested deeper than we follow: there may be layers in it
                    self.notes.closed = False

    # Statements that bind names and attributes

    def _assign(self, node: ast.Assign, context: Context) -> None:
        held = self._given(node.value, context)
        for target in node.targets:
            self._bind(target, held, context)
        self._note_weights(node.value, node.targets, context)

    def _annassign(self, node: ast.AnnAssign, context: Context) -> None:
        if node.value is not None:
            self._bind(node.target, self._given(node.value, context), context)
            self._note_weights(node.value, [node.target], context)

    def _note_weights(self, value: ast.expr, targets: Sequence[ast.expr], context: Context) -> None:
        for call, maker, conditional in weight_calls(value, self._reader.self_name, self._calls):
            arguments = self._calls.arguments(call)
            for target in targets:
                self.notes.weight(target, maker, arguments, context, not conditional)

    def _given(self, value: ast.expr, context: Context) -> Held:
        """What an assignment gives; a list that it makes is made in each round of the loops around."""
        held = self._reader.read(value, context.local)
        is_new = held.is_container and not isinstance(value, (ast.Name, ast.Attribute))
        return replace(held, rounds=context.rounds) if is_new else held

    def _augassign(self, node: ast.AugAssign, context: Context) -> None:
        added = self._reader.read(node.value, context.local)
        if added.entries or added.open:
            self.notes.extend(node.target, replace(added, is_container=True), context)
        elif isinstance(node.target, ast.Name):
            if added.history:
                before = context.local.get(node.target.id, NOTHING)
                context.local[node.target.id] = added.after(before)
            _forget(context.local, node.target.id)
        elif (attribute := self._reader.self_attribute(node.target)) is not None:
            _forget(self.attributes, attribute)

    def _bind(self, target: ast.expr, held: Held, context: Context) -> None:
        attribute = self._reader.self_attribute(target)
        if attribute is not None:
            held = OPEN if held.is_made_later else held
            self.notes.store(attribute, held, self._positions.span(target), context)
        elif isinstance(target, ast.Name):
            context.local[target.id] = held
        elif isinstance(target, (ast.Tuple, ast.List)):
            for position, element in enumerate(target.elts):
                if isinstance(element, ast.Starred):
                    behind = len(target.elts) - 1 - position
                    rest = held.part(slice(position, -behind or None)) if held.is_container else OPEN
                    self._bind(element.value, rest, context)
                    continue
                inner = held.element(f"[{position}]") if held.entries else replace(held, is_container=False)
                self._bind(element, inner, context)
        elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
            self._containers.take_away(target.value, context)
            self.notes.extend(target.value, held.times(None), context)
        elif isinstance(target, ast.Subscript):
            key, known = literal(target.slice)
            place = f"[{key!r}]" if known and not context.repeated else EACH
            self.notes.extend(target.value, container([(place, held)], listed=False), context, placed=True)

    def _forget_numbers(self, body: Sequence[ast.stmt], context: Context) -> None:
        """What a loop gives a value to has none that holds in all of its rounds."""
        for node in (node for statement in body for node in ast.walk(statement)):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                _forget(context.local, node.id)
            elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                _forget(self.attributes, node.attr)

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, context: Context) -> None:
        """A function of a method's own, followed where it is called."""
        context.local[node.name] = Held(function=node)
        own = self._reader.self_name
        self.notes.closed = self.notes.closed and not any(
            isinstance(n, ast.Attribute)
            and not isinstance(n.ctx, ast.Load)
            and isinstance(n.value, ast.Name)
            and n.value.id == own
            for n in ast.walk(node)
        )

    _asyncfunctiondef = _functiondef

    # Statements with blocks

    def _if(self, node: ast.If, context: Context) -> None:
        self._see_walrus(node.test, context)
        then, other = context.inside(conditional=True), context.inside(conditional=True)
        self._run(node.body, then)
        self._run(node.orelse, other)
        for name in {**then.local, **other.local}:
            first, second = then.local.get(name, NOTHING), other.local.get(name, NOTHING)
            context.local[name] = first if first == second else either(first, second)

    def _see_walrus(self, test: ast.expr, context: Context) -> None:
        """`if (norm := Dense(3)) is not None:` gives a name what it holds."""
        for node in ast.walk(test):
            if isinstance(node, ast.NamedExpr):
                self._reader.read(node, context.local)

    def _for(self, node: ast.For | ast.AsyncFor, context: Context) -> None:
        broken = any(isinstance(n, _LEAVING) for s in node.body for n in ast.walk(s))
        rounds = None if broken else self._reader.count(node.iter, context.local)
        inner = context.inside(repeated=True, rounds=rounds)
        self._forget_numbers(node.body, inner)
        inner.loops.update(loop_values(node.target, node.iter, self._calls.constants))
        self._reader.bind_loop(node.target, node.iter, inner.local)
        self._run(node.body, inner)
        context.local.update(inner.local)
        self._run(node.orelse, context)

    _asyncfor = _for

    def _while(self, node: ast.While, context: Context) -> None:
        inner = context.inside(repeated=True, rounds=None)
        self._forget_numbers(node.body, inner)
        self._run(node.body, inner)
        context.local.update(inner.local)

    def _with(self, node: ast.With | ast.AsyncWith, context: Context) -> None:
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                context.local[item.optional_vars.id] = OPEN
        self._run(node.body, context)

    _asyncwith = _with

    def _try(self, node: ast.Try, context: Context) -> None:
        attempt = context.inside(conditional=bool(node.handlers))
        self._run([*node.body, *node.orelse], attempt)
        context.local.update(attempt.local)
        for handler in node.handlers:
            self._run(handler.body, context.inside(conditional=True))
        self._run(node.finalbody, context)

    _trystar = _try

    def _match(self, node: ast.Match, context: Context) -> None:
        for case in node.cases:
            self._run(case.body, context.inside(conditional=True))

    def _return(self, node: ast.Return, context: Context) -> None:
        if node.value is not None:
            context.returned.append(self._reader.read(node.value, context.local))

    def _delete(self, node: ast.Delete, context: Context) -> None:
        for target in node.targets:
            attribute = self._reader.self_attribute(target)
            if attribute is not None:
                self.notes.straight = False
                self.notes.doubt(attribute)
            elif isinstance(target, ast.Subscript):
                self._containers.take_away(target.value, context)

    # Calls made for what they do

    def _expr(self, node: ast.Expr, context: Context) -> None:
        if isinstance(node.value, (ast.Yield, ast.YieldFrom)):
            self._yield(node.value, context)
            return
        if not isinstance(node.value, ast.Call):
            self._reader.read(node.value, context.local)
            return
        call = node.value
        if not (isinstance(call.func, ast.Name) and call.func.id in ONLY_LOOK):
            for given in call.args:
                self._containers.not_all_of(given, context)
        if isinstance(call.func, ast.Attribute) and self._containers.take(call, call.func, context):
            return
        if self._sets_by_name(call, context):
            return
        if is_super(call, "__init__"):
            self._make_base(call, context)
        elif self._follow(call, context.local) is None and self._is_self(call.args):
            self.notes.closed = (
                self.notes.closed and isinstance(call.func, ast.Name) and call.func.id in _HARMLESS
            )

    def _yield(self, node: ast.Yield | ast.YieldFrom, context: Context) -> None:
        if node.value is None:
            return
        held = self._reader.read(node.value, context.local)
        if isinstance(node, ast.Yield):
            context.returned.append(held)  # as a fixture does
            held = container([("[0]", held)], listed=True)
        elif not held.is_container:
            held = Held(open=True, is_container=True)
        if context.conditional or context.repeated:
            held = held.times(context.rounds if not context.conditional else None)
        context.yielded.append(held)

    def _make_base(self, call: ast.Call, context: Context) -> None:
        """`super().__init__(...)`."""
        self.super_call = call
        if self.base_init is not None:
            self._hand_up(call, self.base_init, context)
        if self.wraps:
            self._wrap(call, context)

    def _hand_up(self, call: ast.Call, base: PassedOn, context: Context) -> None:
        """The base keeps in attributes what its constructor is given."""
        given = dict(bound_arguments(call, base.parameters))
        for attribute, parameter in base.kept:
            held = self._reader.read(given[parameter], context.local) if parameter in given else NOTHING
            if held.entries:
                self.notes.store(attribute, held, self._positions.span(given[parameter]), context)

    def _wrap(self, call: ast.Call, context: Context) -> None:
        """A `Wrapper` keeps the layer that its constructor is given."""
        given = (
            call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "layer"), None)
        )
        if given is None:
            self.notes.closed = False
            return
        held = self._reader.read(given, context.local)
        span = self._positions.span(given)
        self.notes.store("layer", held if held.entries else Held((Entry("", None, span),)), span, context)

    def _sets_by_name(self, call: ast.Call, context: Context) -> bool:
        """`setattr(self, name, layer)`, or the same as a method, and `delattr`."""
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name == "setattr" and self._is_self(call.args[:1]):
            self._setattr(call.args[1:], context)
        elif self._reader.self_attribute(call.func) == "__setattr__" or is_super(call, "__setattr__"):
            self._setattr(call.args, context)
        elif name == "delattr" and self._is_self(call.args[:1]) and len(call.args) == 2:
            attribute = literal(call.args[1])[0]
            self.notes.straight = False
            if isinstance(attribute, str):
                self.notes.doubt(attribute)
        else:
            return False
        return True

    def _setattr(self, given: Sequence[ast.expr], context: Context) -> None:
        """A name and what it is to hold."""
        if len(given) != 2:
            return
        held = self._reader.read(given[1], context.local)
        names = spelled_names(given[0], context.loops)
        certain = are_certain(given[0], context.loops)
        held = held if certain else held.conditionally()
        for name in names:
            self.notes.store(name, held, self._positions.span(given[0]), context)
        if not (names and certain) and (held.entries or held.open):
            self.notes.closed = False

    def _is_self(self, nodes: Sequence[ast.expr]) -> bool:
        return any(isinstance(node, ast.Name) and node.id == self._reader.self_name for node in nodes)

    # Helpers

    def _follow(self, call: ast.Call, local: Environment) -> Held | None:
        """What a method or function of this module returns; what it assigns is noted on the way."""
        inner_one = local[call.func.id].function if _is_in(call.func, local) else None
        function = inner_one if isinstance(inner_one, Function) else self._helper(call.func)
        if function is None or function.name in self._active or not self._may_follow():
            return None
        self.followed.add(function.name)
        saved = (self._context, self._reader.self_name, self.notes.statement)
        inner = Context(
            self._arguments(function, call, local), saved[0].conditional, saved[0].repeated, saved[0].rounds
        )
        self._active.append(function.name)
        if function is inner_one:
            inner.local = {**local, **inner.local}
        elif function.name in self._methods:
            self._reader.self_name = self_name(function) or ""
        else:
            self._reader.self_name = ""
        with self._given_by(function, call):
            self._run(function.body, inner)
        self._active.pop()
        self._context, self._reader.self_name, self.notes.statement = saved
        return _yielded(inner.yielded) if inner.yielded else _joined(inner.returned)

    def _given_by(self, function: Function, call: ast.Call) -> AbstractContextManager[None]:
        """While it lasts, the parameters of a function stand for what a call gives."""
        constants = self._calls.constants
        return constants.called(function, constants.arguments(self._names(function), call))

    def _names(self, function: Function) -> list[str]:
        """Parameters that a call gives something to, in order."""
        names = [argument.arg for argument in all_arguments(function)]
        return names[1:] if function.name in self._methods and not is_static(function) else names

    def _may_follow(self) -> bool:
        self._calls_followed += 1
        return len(self._active) < _HELPER_DEPTH and self._calls_followed <= _HELPER_CALLS

    def _helper(self, func: ast.expr) -> Function | None:
        attribute = self._reader.self_attribute(func)
        if attribute is not None:
            return self._methods.get(attribute) if attribute not in self.attributes else None
        if (
            isinstance(func, ast.Attribute)
            and isinstance(func.value, ast.Name)
            and func.value.id == self._owner
        ):
            return self._methods.get(func.attr)
        return self._index.functions.get(func.id) if isinstance(func, ast.Name) else None

    def _arguments(self, function: Function, call: ast.Call, local: Environment) -> Environment:
        bound = self._parameters_of(function)
        names = self._names(function)
        for name, value in zip(names, call.args, strict=False):
            bound[name] = self._reader.read(value, local)
        for keyword in call.keywords:
            if keyword.arg in names and keyword.arg is not None:
                bound[keyword.arg] = self._reader.read(keyword.value, local)
        return bound


def _forget(holder: Environment, name: str) -> None:
    """The name is no number that we know, and no list whose length we know."""
    held = holder.get(name)
    if held is not None and (held.number is not None or held.length is not None):
        holder[name] = replace(held, number=None, length=None)


def _joined(returned: list[Held]) -> Held:
    if not returned:
        return NOTHING
    return returned[0] if len(returned) == 1 else either(*returned)


def _yielded(held: list[Held]) -> Held:
    """What a generator gives, one after the other."""
    found = held[0]
    for more in held[1:]:
        found = concatenated(found, more)
    return replace(found, is_made_later=True)


def _is_in(func: ast.expr, local: Environment) -> TypeGuard[ast.Name]:
    return isinstance(func, ast.Name) and func.id in local


def is_super(call: ast.Call, method: str) -> bool:
    """Whether a call is `super().<method>(...)`."""
    func = call.func
    return (
        isinstance(func, ast.Attribute)
        and func.attr == method
        and isinstance(func.value, ast.Call)
        and isinstance(func.value.func, ast.Name)
        and func.value.func.id == "super"
    )
