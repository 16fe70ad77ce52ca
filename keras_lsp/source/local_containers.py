"""Lists, tuples and dicts of models and layers that are no attributes of a model: `models = [A(), B()]`."""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import TYPE_CHECKING

from keras_lsp.source.container_calls import ContainerCalls
from keras_lsp.source.facts import HolderBinding, LayerSlot, ModelClass, ModelKind
from keras_lsp.source.held import EACH, OPEN, Entry, Held, container
from keras_lsp.source.held_reader import HeldReader
from keras_lsp.source.literals import literal
from keras_lsp.source.slot_notes import Context, SlotNotes
from keras_lsp.source.variables import Sort, Value, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keras_lsp.source.held import Environment
    from keras_lsp.source.module_index import ModuleIndex
    from keras_lsp.source.variables import Scope
    from keras_lsp.source.walk import Walk
    from keras_lsp.text.span import Span

_MAKES_CONTAINERS = (
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.ListComp,
    ast.GeneratorExp,
    ast.DictComp,
    ast.Call,
    ast.BinOp,
    ast.IfExp,
)
_LEAVING = (ast.Break, ast.Continue, ast.Return)
_LONGEST = 256  # elements of a literal that are looked at


class LocalContainers:
    """Of one module. Each scope keeps what its names hold; statements that change them are followed."""

    def __init__(self, walk: Walk, index: ModuleIndex) -> None:
        self._walk = walk
        self._reader = HeldReader(walk.positions, walk.calls, index, self._of_function)
        self._reader.self_name = ""
        self._begun: list[tuple[ast.Name, Span, Scope]] = []
        self._notes = SlotNotes("", walk.positions, self._reader)
        self._calls = ContainerCalls(self._notes, self._reader, walk.calls)

    def value(self, node: ast.expr) -> Value | None:
        """What an expression holds, where it makes a container with layers in it."""
        if not isinstance(node, _MAKES_CONTAINERS) or _is_plain(node):
            return None
        held = self._reader.read(node, self._environment(node))
        return Value(Sort.CONTAINER, held=held) if held.is_container and held.entries else None

    def _of_function(self, node: ast.Call, local: Environment) -> Held | None:
        calls = self._walk.calls
        known = isinstance(node.func, ast.Name) and node.func.id in calls.functions
        return calls.returned(node, local) if known else None

    def returned(self, node: ast.Call) -> Held:
        """What a function gives for the arguments of a call."""
        return self._reader.read(node, self._environment(node))

    def begin(self, target: ast.Name, node: ast.expr, value: Value | None) -> None:
        """`target = node`: what is held there is followed from here on; also a list that is still empty."""
        scope, name = self._walk.scope, target.id
        held = value.held if value is not None and value.sort is Sort.CONTAINER else None
        if held is None and _is_empty(node):
            held = self._reader.read(node, {})
        if held is None or (scope.parent is None and self._is_shared(name)):
            return
        scope.containers[name] = held
        scope.began[name] = tuple(number for number, _ in self._walk.blocks)
        self._walk.known.add(name)
        self._begun.append((target, self._walk.statement, scope))

    def bindings(self) -> Iterator[HolderBinding]:
        """The names of containers with what they hold in the end."""
        for target, statement, scope in self._begun:
            held = scope.containers.get(target.id)
            if held is None or not held.entries:
                continue
            slots = tuple(
                LayerSlot("", e.place, e.span, e.call, statement, e.conditional, e.repeated)
                for e in held.entries
            )
            span, lengths = self._walk.span(target), (("", held.length),) if held.length is not None else ()
            listed = ModelClass(
                target.id, span, span, ModelKind.HOLDER, (), slots, (), closed=False, lengths=lengths
            )
            yield HolderBinding(target.id, span, scope.span, listed)

    def _is_shared(self, name: str) -> bool:
        """Whether functions change what a variable of the module holds: nobody knows when they run."""
        return self._walk.calls.constants.is_changed_by_functions(name)

    # Changes

    def called(self, node: ast.Call, func: ast.Attribute) -> None:
        """`models.append(A())` and its kin."""
        found = self._context(func.value)
        if found is not None:
            context, local = found
            context.local = {**self._environment(node), **local}
            self._calls.take(node, func, context)
            local.update((name, context.local[name]) for name in local)

    def given(self, target: ast.Subscript, node: ast.expr) -> None:
        """`models["a"] = A()`."""
        found = self._context(target.value)
        if found is None:
            return
        context, local = found
        held = self._reader.read(node, self._environment(node))
        key, known = literal(target.slice)
        place = f"[{key!r}]" if known and not context.repeated else EACH
        if isinstance(target.slice, ast.Slice):
            self._calls.take_away(target.value, context)
            held, place = held.times(None), ""
        added = container([(place, held)], listed=False) if place else held
        if isinstance(key, int) and known and isinstance(target.value, ast.Name):
            before = local[target.value.id]  # another one takes its place
            kept = tuple(e for e in before.entries if not e.place.startswith(place))
            local[target.value.id] = Held(kept, before.open, True, before.length)
        self._notes.extend(target.value, added, context, placed=True)

    def extended(self, target: ast.expr, node: ast.expr) -> None:
        """`models += [A()]`."""
        found = self._context(target)
        if found is not None:
            held = self._reader.read(node, self._environment(node))
            self._notes.extend(target, Held(held.entries, held.open, True, held.length), found[0])

    def deleted(self, target: ast.Subscript) -> None:
        found = self._context(target.value)
        if found is not None:
            self._calls.take_away(target.value, found[0])

    def _context(self, target: ast.expr) -> tuple[Context, Environment] | None:
        """How the place where the walk is runs, seen from where a container began; None for other targets."""
        scope = self._scope_of(target.id) if isinstance(target, ast.Name) else None
        if scope is None or not isinstance(target, ast.Name):
            return None
        if scope is not self._walk.scope:
            scope.containers[target.id] = OPEN  # nobody knows when the function runs that changes it
            return None
        context = Context(scope.containers)
        began = scope.began.get(target.id, ())
        for (_, around), (number, _) in pairwise(self._walk.blocks):
            if number in began:
                continue
            if isinstance(around, (ast.For, ast.AsyncFor, ast.While)):
                context.repeated = True
                rounds = self._rounds(around)
                context.rounds = context.rounds * rounds if context.rounds and rounds else None
            elif not isinstance(around, (ast.With, ast.AsyncWith)):
                context.conditional = True
        return context, scope.containers

    def _rounds(self, loop: ast.For | ast.AsyncFor | ast.While) -> int | None:
        broken = any(isinstance(node, _LEAVING) for statement in loop.body for node in ast.walk(statement))
        if broken or isinstance(loop, ast.While):
            return None
        return self._reader.count(loop.iter, self._environment(loop.iter))

    # Names

    def _scope_of(self, name: str) -> Scope | None:
        scope: Scope | None = self._walk.scope
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope if scope is not None and name in scope.containers else None

    def _environment(self, node: ast.expr) -> Environment:
        """What the names in an expression hold here."""
        names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        found: Environment = {}
        for name in names & self._walk.known:
            held = self._walk.scope.container(name)
            variable = self._walk.scope.lookup(name)
            if held is not None:
                found[name] = held
            elif variable is not None:
                found[name] = _held_by(variable)
        return found | {name: OPEN for name in names - found.keys() if self._walk.scope.hides(name)}


def _held_by(variable: Variable) -> Held:
    value = variable.value
    if value.sort is not Sort.OBJECT:
        return Held(history=value.history)
    return Held((Entry("", value.call, variable.span),))


def _is_empty(node: ast.expr) -> bool:
    """`[]`, `{}`, `list()`, `dict()`: it may be filled later."""
    if isinstance(node, ast.Call):
        plain = isinstance(node.func, ast.Name) and node.func.id in {"list", "dict"}
        return plain and not node.args and not node.keywords
    return isinstance(node, (ast.List, ast.Dict)) and not any(_elements(node))


def _is_plain(node: ast.expr) -> bool:
    """Whether a literal surely has no layers in it, or too much to look at."""
    elements = list(_elements(node)) if isinstance(node, (ast.List, ast.Tuple, ast.Dict)) else [node]
    return len(elements) > _LONGEST or all(isinstance(e, (ast.Constant, ast.UnaryOp)) for e in elements)


def _elements(node: ast.List | ast.Tuple | ast.Dict) -> Iterable[ast.expr]:
    return node.values if isinstance(node, ast.Dict) else node.elts
