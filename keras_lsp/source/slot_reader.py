"""Follows the methods of one class and notes which layers end up below `self`."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from keras_lsp.source.facts import LayerSlot
from keras_lsp.source.held import EACH, NOTHING, OPEN, Entry, Held, container, either
from keras_lsp.source.held_reader import Environment, HeldReader, concatenated, many
from keras_lsp.source.literals import literal
from keras_lsp.source.loop_values import loop_values, spelled_names
from keras_lsp.source.model_calls import ONLY_LOOK
from keras_lsp.source.parameters import (
    all_arguments,
    fixture_name,
    is_static,
    layerless_parameters,
    self_name,
)
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.module_index import Function, ModuleIndex
    from keras_lsp.source.positions import Positions

_HELPER_DEPTH = 4  # `self.a()` that calls `self.b()` that calls ...
_HELPER_CALLS = 200  # per class; more are left unread
_LEAVING = (ast.Break, ast.Continue, ast.Return)
_TAKES_AWAY = frozenset({"pop", "remove", "clear", "reverse", "sort"})
_HARMLESS = frozenset({"super", "isinstance", "hasattr", "getattr", "print", "type", "len", "id"})


@dataclass
class _Context:
    """Under which circumstances statements run, and what their local names hold."""

    local: Environment
    conditional: bool = False
    repeated: bool = False
    rounds: int | None = 1  # of the loops around, where the text fixes them
    returned: list[Held] = field(default_factory=list)
    loops: dict[str, tuple[str | int, ...]] = field(default_factory=dict)  # what loop variables run through

    def inside(self, conditional: bool = False, repeated: bool = False, rounds: int | None = 1) -> _Context:
        return _Context(
            dict(self.local),
            self.conditional or conditional,
            self.repeated or repeated,
            None if self.rounds is None or rounds is None else self.rounds * rounds,
            self.returned,
            dict(self.loops),
        )


class SlotReader:
    """One class. After `read_method` for each method, the public attributes tell what was found."""

    def __init__(
        self, owner: str, methods: dict[str, Function], positions: Positions, calls: Calls, index: ModuleIndex
    ) -> None:
        self.slots: list[LayerSlot] = []
        self.closed = True  # no layers but those in `slots`
        self.straight = True  # each attribute given whole and once, so that the order is certain
        self.asks_parameters = True  # whether it matters that a parameter is surely no layer
        self.wraps = False  # a `Wrapper`, which keeps a layer in `layer`
        self.super_call: ast.Call | None = None  # `super().__init__(...)`
        self.followed: set[str] = set()  # helper methods, read at the place of their call
        self._owner = owner
        self._methods = methods
        self._positions = positions
        self._calls = calls
        self._index = index
        self._reader = HeldReader(positions, calls, index, self._follow)
        self._active: list[str] = []
        self._calls_followed = 0
        self._parameters: dict[Function, Environment] = {}
        self._context = _Context({})
        self._statement: ast.stmt | None = None

    @property
    def attributes(self) -> Environment:
        """What each `self.<name>` holds."""
        return self._reader.attributes

    def read_method(self, function: Function, conditional: bool) -> None:
        """Note what one method assigns; `conditional` when nothing says that it runs."""
        self._reader.self_name = self_name(function) or ""
        if self._reader.self_name:
            self._active.append(function.name)
            self._run(function.body, _Context(self._parameters_of(function), conditional))
            self._active.pop()

    def returned(self, function: Function) -> Held:
        """What a function that is no method returns; a fixture of pytest may be given others."""
        context = _Context(self._parameters_of(function))
        if function.decorator_list and fixture_name(function) is not None:
            for argument in all_arguments(function):
                given = self._calls.fixture(self._owner, argument.arg)
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

    def _run(self, statements: Sequence[ast.stmt], context: _Context) -> None:
        for statement in statements:
            self._context = context
            step = getattr(self, f"_{type(statement).__name__.lower()}", None)
            if step is not None:
                self._statement = statement
                try:
                    step(statement, context)
                except RecursionError:  # nested deeper than we follow: there may be layers in it
                    self.closed = False

    # Statements that bind names and attributes

    def _assign(self, node: ast.Assign, context: _Context) -> None:
        held = self._given(node.value, context)
        for target in node.targets:
            self._bind(target, held, context)

    def _annassign(self, node: ast.AnnAssign, context: _Context) -> None:
        if node.value is not None:
            self._bind(node.target, self._given(node.value, context), context)

    def _given(self, value: ast.expr, context: _Context) -> Held:
        """What an assignment gives; a list that it makes is made in each round of the loops around."""
        held = self._reader.read(value, context.local)
        is_new = held.is_container and not isinstance(value, (ast.Name, ast.Attribute))
        return replace(held, rounds=context.rounds) if is_new else held

    def _augassign(self, node: ast.AugAssign, context: _Context) -> None:
        added = self._reader.read(node.value, context.local)
        if added.entries or added.open:
            self._extend(node.target, replace(added, is_container=True), context)
        elif isinstance(node.target, ast.Name):
            _forget(context.local, node.target.id)
        elif (attribute := self._reader.self_attribute(node.target)) is not None:
            _forget(self.attributes, attribute)

    def _bind(self, target: ast.expr, held: Held, context: _Context) -> None:
        attribute = self._reader.self_attribute(target)
        if attribute is not None:
            self._store(attribute, held, self._positions.span(target), context)
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
        elif isinstance(target, ast.Subscript):
            key, known = literal(target.slice)
            place = f"[{key!r}]" if known and not context.repeated else EACH
            self._extend(target.value, container([(place, held)], listed=False), context, placed=True)

    def _store(self, attribute: str, held: Held, definition: Span, context: _Context) -> None:
        """`self.<attribute> = <held>`."""
        previous = self.attributes.get(attribute)
        self.closed = self.closed and not held.open
        again = previous is not None and bool(previous.entries)
        if again and not context.conditional:
            self._doubt(attribute)
        if again:
            self.straight = False
        kept = held if previous is None or not context.conditional else either(previous, held)
        self.attributes[attribute] = kept
        self._note(attribute, held if not again else held.conditionally(), definition, context)

    def _doubt(self, attribute: str) -> None:
        """What the attribute held before is there on some of the ways through the class only."""
        self.slots = [
            replace(s, conditional=True) if s.attribute == attribute and s.owner == self._owner else s
            for s in self.slots
        ]

    def _note(self, attribute: str, held: Held, definition: Span | None, context: _Context) -> None:
        line = self._positions.header_span(self._statement) if self._statement else Span(0, 0)
        for entry in held.entries:
            whole = definition if entry.place == "" else None
            self.slots.append(
                LayerSlot(
                    owner=self._owner,
                    path=attribute + entry.place,
                    definition=whole or entry.span,
                    call=entry.call,
                    source_line=line,
                    conditional=context.conditional or entry.conditional,
                    repeated=context.repeated or entry.repeated,
                )
            )

    def _extend(self, target: ast.expr, added: Held, context: _Context, placed: bool = False) -> None:
        """More elements for the container `target`: `+=`, append, extend, `[key] =`."""
        attribute = self._reader.self_attribute(target)
        name = target.id if isinstance(target, ast.Name) else None
        if attribute is None and name is None:
            self.closed = self.closed and not (added.entries or added.open)
            return
        holder = self.attributes if attribute is not None else context.local
        key = attribute or name or ""
        before = holder.get(key, OPEN)
        if context.repeated and not placed:
            added = added.times(_rounds_since(before, context))
        if placed:
            after = Held((*before.entries, *added.entries), before.open or added.open, True)
        else:
            after = replace(concatenated(before, added), rounds=before.rounds)
        new = Held(after.entries[len(before.entries) :], added.open)
        holder[key] = replace(after, length=None) if context.conditional else after
        self._share(before, holder[key], new, context)
        if attribute is not None:
            self.straight = False
            self.closed = self.closed and not added.open
            self._note(attribute, new, None, context)

    def _share(self, before: Held, after: Held, new: Held, context: _Context) -> None:
        """What was the same list under other names has grown there, too."""
        if not before.is_container:
            return
        for name, held in context.local.items():
            if held is before:
                context.local[name] = after
        for name, held in self.attributes.items():
            if held is before:
                self.attributes[name] = after
                self._note(name, new, None, context)

    def _forget_numbers(self, body: Sequence[ast.stmt], context: _Context) -> None:
        """What a loop gives a value to has none that holds in all of its rounds."""
        for node in (node for statement in body for node in ast.walk(statement)):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                _forget(context.local, node.id)
            elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                _forget(self.attributes, node.attr)

    # Statements with blocks

    def _if(self, node: ast.If, context: _Context) -> None:
        then, other = context.inside(conditional=True), context.inside(conditional=True)
        self._run(node.body, then)
        self._run(node.orelse, other)
        for name in {**then.local, **other.local}:
            first, second = then.local.get(name, NOTHING), other.local.get(name, NOTHING)
            context.local[name] = first if first == second else either(first, second)

    def _for(self, node: ast.For | ast.AsyncFor, context: _Context) -> None:
        broken = any(isinstance(n, _LEAVING) for s in node.body for n in ast.walk(s))
        rounds = None if broken else self._reader.count(node.iter, context.local)
        inner = context.inside(repeated=True, rounds=rounds)
        self._forget_numbers(node.body, inner)
        inner.loops.update(loop_values(node.target, node.iter))
        self._reader.bind_loop(node.target, node.iter, inner.local)
        self._run(node.body, inner)
        context.local.update(inner.local)
        self._run(node.orelse, context)

    _asyncfor = _for

    def _while(self, node: ast.While, context: _Context) -> None:
        inner = context.inside(repeated=True, rounds=None)
        self._forget_numbers(node.body, inner)
        self._run(node.body, inner)
        context.local.update(inner.local)

    def _with(self, node: ast.With | ast.AsyncWith, context: _Context) -> None:
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                context.local[item.optional_vars.id] = OPEN
        self._run(node.body, context)

    _asyncwith = _with

    def _try(self, node: ast.Try, context: _Context) -> None:
        attempt = context.inside(conditional=bool(node.handlers))
        self._run([*node.body, *node.orelse], attempt)
        context.local.update(attempt.local)
        for handler in node.handlers:
            self._run(handler.body, context.inside(conditional=True))
        self._run(node.finalbody, context)

    _trystar = _try

    def _match(self, node: ast.Match, context: _Context) -> None:
        for case in node.cases:
            self._run(case.body, context.inside(conditional=True))

    def _return(self, node: ast.Return, context: _Context) -> None:
        if node.value is not None:
            context.returned.append(self._reader.read(node.value, context.local))

    def _delete(self, node: ast.Delete, context: _Context) -> None:
        for target in node.targets:
            attribute = self._reader.self_attribute(target)
            if attribute is not None:
                self.straight = False
                self._doubt(attribute)
            elif isinstance(target, ast.Subscript):
                self._count(target.value, context)

    # Calls made for what they do

    def _expr(self, node: ast.Expr, context: _Context) -> None:
        if isinstance(node.value, ast.Yield) and node.value.value is not None:
            context.returned.append(self._reader.read(node.value.value, context.local))
            return
        if not isinstance(node.value, ast.Call):
            self._reader.read(node.value, context.local)
            return
        call = node.value
        if not (isinstance(call.func, ast.Name) and call.func.id in ONLY_LOOK):
            for given in call.args:
                self._not_all_of(given, context)
        if isinstance(call.func, ast.Attribute) and self._container_method(call, call.func, context):
            return
        if isinstance(call.func, ast.Name) and call.func.id == "setattr" and self._is_self(call.args[:1]):
            self._setattr(call, context)
        elif _is_super(call, "__init__"):
            self.super_call = call
            if self.wraps:
                self._wrap(call, context)
        elif self._follow(call, context.local) is None and self._is_self(call.args):
            self.closed = self.closed and isinstance(call.func, ast.Name) and call.func.id in _HARMLESS

    def _wrap(self, call: ast.Call, context: _Context) -> None:
        """A `Wrapper` keeps the layer that its constructor is given."""
        given = (
            call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "layer"), None)
        )
        if given is None:
            self.closed = False
            return
        held = self._reader.read(given, context.local)
        span = self._positions.span(given)
        self._store("layer", held if held.entries else Held((Entry("", None, span),)), span, context)

    def _container_method(self, call: ast.Call, func: ast.Attribute, context: _Context) -> bool:
        """`x.append(...)` and its kin; False when it is none of them."""
        if func.attr == "add" and len(call.args) == 1:
            return self._add_to_sequential(func.value, call.args[0], context)
        if func.attr in _TAKES_AWAY:
            self._count(func.value, context)
            return self._not_all_of(func.value, context)
        if func.attr == "update":
            return self._update(func.value, call, context)
        if func.attr not in {"append", "extend", "insert"} or not call.args:
            return False
        held = self._reader.read(call.args[-1], context.local)
        if func.attr != "extend":
            held = container([("[0]", held)], listed=True)
        if func.attr == "insert":
            held = many(held)
        if held.entries or held.open:
            self._extend(func.value, replace(held, is_container=True), context)
        else:
            self._count(func.value, context)
        return True

    def _count(self, target: ast.expr, context: _Context) -> None:
        """After elements that are no layers, the places of later ones are not known."""
        attribute = self._reader.self_attribute(target)
        holder = self.attributes if attribute is not None else context.local
        key = attribute or (target.id if isinstance(target, ast.Name) else "")
        if key in holder:
            holder[key] = replace(holder[key], length=None)

    def _update(self, target: ast.expr, call: ast.Call, context: _Context) -> bool:
        pairs = [(f"[{k.arg!r}]", self._reader.read(k.value, context.local)) for k in call.keywords if k.arg]
        added = [container(pairs, listed=False), *(self._reader.read(a, context.local) for a in call.args)]
        for held in added:
            if held.entries or held.open:
                self._extend(target, replace(held, is_container=True), context, placed=True)
        return True

    def _add_to_sequential(self, target: ast.expr, added: ast.expr, context: _Context) -> bool:
        """`self.net.add(Dense(3))`: the Sequential's call gets one more layer."""
        attribute = self._reader.self_attribute(target)
        holder = self.attributes if attribute is not None else context.local
        key = attribute or (target.id if isinstance(target, ast.Name) else "")
        held = holder.get(key)
        if held is None or len(held.entries) != 1 or held.entries[0].call is None:
            return False
        entry, call = held.entries[0], held.entries[0].call
        made = self._calls.layer_call(added) if isinstance(added, ast.Call) else None
        certain = call.complete and made is not None and not (context.repeated or context.conditional)
        grown = replace(call, layers=(*call.layers, made) if made else call.layers, complete=certain)
        holder[key] = replace(held, entries=(replace(entry, call=grown),))
        self.slots = [replace(s, call=grown) if s.call is call else s for s in self.slots]
        return True

    def _not_all_of(self, target: ast.expr, context: _Context) -> bool:
        """The layers of a Sequential may be others from here on."""
        attribute = self._reader.self_attribute(target)
        holder = self.attributes if attribute is not None else context.local
        key = attribute or (target.id if isinstance(target, ast.Name) else "")
        held = holder.get(key)
        if held is None or len(held.entries) != 1 or held.entries[0].call is None:
            return False
        call = held.entries[0].call
        doubted = replace(call, complete=False)
        if call.complete:
            holder[key] = replace(held, entries=(replace(held.entries[0], call=doubted),))
            self.slots = [replace(s, call=doubted) if s.call is call else s for s in self.slots]
        return True

    def _setattr(self, call: ast.Call, context: _Context) -> None:
        if len(call.args) != 3:
            return
        held = self._reader.read(call.args[2], context.local)
        names = spelled_names(call.args[1], context.loops)
        for name in names:
            self._store(name, held, self._positions.span(call.args[1]), context)
        if not names and (held.entries or held.open):
            self.closed = False

    def _is_self(self, nodes: Sequence[ast.expr]) -> bool:
        return any(isinstance(node, ast.Name) and node.id == self._reader.self_name for node in nodes)

    # Helpers

    def _follow(self, call: ast.Call, local: Environment) -> Held | None:
        """What a method or function of this module returns; what it assigns is noted on the way."""
        function = self._helper(call.func)
        if function is None or function.name in self._active or not self._may_follow():
            return None
        self.followed.add(function.name)
        saved = (self._context, self._reader.self_name, self._statement)
        inner = _Context(
            self._arguments(function, call, local), saved[0].conditional, saved[0].repeated, saved[0].rounds
        )
        self._active.append(function.name)
        if function.name in self._methods:
            self._reader.self_name = self_name(function) or ""
        else:
            self._reader.self_name = ""
        self._run(function.body, inner)
        self._active.pop()
        self._context, self._reader.self_name, self._statement = saved
        return _joined(inner.returned)

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
        names = [argument.arg for argument in all_arguments(function)]
        if function.name in self._methods and not is_static(function):
            names = names[1:]
        for name, value in zip(names, call.args, strict=False):
            bound[name] = self._reader.read(value, local)
        for keyword in call.keywords:
            if keyword.arg in names and keyword.arg is not None:
                bound[keyword.arg] = self._reader.read(keyword.value, local)
        return bound


def _rounds_since(made: Held, context: _Context) -> int | None:
    """How often the loops inside the one that makes a list anew run for one such list."""
    if not made.rounds or context.rounds is None:
        return None
    return context.rounds // made.rounds


def _forget(holder: Environment, name: str) -> None:
    """The name is no number that we know, and no list whose length we know."""
    held = holder.get(name)
    if held is not None and (held.number is not None or held.length is not None):
        holder[name] = replace(held, number=None, length=None)


def _joined(returned: list[Held]) -> Held:
    if not returned:
        return NOTHING
    return returned[0] if len(returned) == 1 else either(*returned)


def _is_super(call: ast.Call, method: str) -> bool:
    func = call.func
    return (
        isinstance(func, ast.Attribute)
        and func.attr == method
        and isinstance(func.value, ast.Call)
        and isinstance(func.value.func, ast.Name)
        and func.value.func.id == "super"
    )
