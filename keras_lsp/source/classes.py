"""Which classes of a module are models or layers, and what each of them holds."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from keras_lsp.knowledge import catalogue
from keras_lsp.source import keras_names
from keras_lsp.source.array_shapes import said_by_class
from keras_lsp.source.calls import Calls, MadeBy
from keras_lsp.source.class_info import ClassInfo, Holder, PassedOn
from keras_lsp.source.facts import LayerSlot, MethodFacts, ModelClass, ModelKind
from keras_lsp.source.foreign_slots import held_in, slots_here, with_setters
from keras_lsp.source.held import OPEN, Environment, Held
from keras_lsp.source.initial_state import InitialState, is_functional
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.layer_order import layer_order
from keras_lsp.source.literals import index_literal
from keras_lsp.source.module_index import blocks_of
from keras_lsp.source.parameters import (
    all_arguments,
    bound_arguments,
    defaults,
    fixture_name,
    is_static,
    keeps_calls,
    kept_by_setter,
    kept_parameters,
    kept_results,
    may_assign,
)
from keras_lsp.source.slot_reader import SlotReader, is_super
from keras_lsp.source.syntax import spelled
from keras_lsp.source.weights import weights_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keras_lsp.source.facts import LayerCall
    from keras_lsp.source.module_index import Function, ModuleIndex
    from keras_lsp.source.positions import Positions

# Methods that Keras itself runs: what they assign is there without anybody asking for it.
_SURE_METHODS = ("__init__", "build")
# Methods of other classes that run before all others.
_SETTING_UP = frozenset({"__init__", "setUp", "setUpClass", "setup_method", "setup_class", "asyncSetUp"})
# Bases that add no layers and no behaviour of their own.
_NEUTRAL_BASES = frozenset({"object", "Generic", "ABC", "Protocol"})


class ClassReader:
    """Reads all classes of one module, bases before the classes that use them."""

    def __init__(self, positions: Positions, calls: Calls, index: ModuleIndex) -> None:
        self.found: dict[str, ClassInfo] = {}
        self._positions = positions
        self._calls = calls
        self._index = index
        self._nodes: dict[str, ast.ClassDef] = {}
        self._holders: dict[str, Holder] = {}

    def read(self) -> dict[str, ClassInfo]:
        """Model classes by name; of several definitions of one name the last counts."""
        nodes = {node.name: node for node in self._index.classes}
        self._calls.plain |= set(nodes)
        self._nodes = nodes
        for node in nodes.values():
            self._classify(node, nodes, ())
        times = Counter(node.name for node in self._index.classes)
        for info in self.found.values():
            info.is_ambiguous = times[info.node.name] > 1
            info.builds_itself = info.builds_itself or info.is_ambiguous
        for info in self.found.values():
            self._fill(info)
        for name, function in self._index.functions.items():
            self._calls.functions[name] = partial(self._returned, function, "")
            self._note_fixture(function, "")
        for name, given in self._lambdas():
            self._calls.functions[name] = partial(self._returned_by_lambda, given)
        for node in nodes.values():
            for method in _methods(node):
                self._note_fixture(method, f"{node.name}.")
        states = InitialState(self._calls, self.found)
        for info in self.found.values():
            info.facts = replace(info.facts, initial=states.of(info))
        return self.found

    def _classify(self, node: ast.ClassDef, nodes: dict[str, ast.ClassDef], above: tuple[str, ...]) -> None:
        if node.name in self.found or node.name in above:
            return
        bases = [_unsubscripted(base) for base in node.bases]
        info = ClassInfo(node, ModelKind.UNKNOWN, ())
        names: list[str] = []
        for base in bases:
            dotted = dotted_name(base) or ""
            if dotted in nodes and dotted != node.name:
                self._classify(nodes[dotted], nodes, (*above, node.name))
            names.append(self._add_base(info, base, dotted))
        if info.kind is ModelKind.UNKNOWN:
            return
        info.bases = tuple(names)
        info.functions = {method.name: method for method in _methods(node)}
        info.builds_itself |= "build" in info.functions or any(p.builds_itself for p in info.parents)
        self.found[node.name] = info
        self._calls.plain.discard(node.name)
        self._calls.local[node.name] = MadeBy(node.name, info.kind, self._init_parameters(info), False)

    def _add_base(self, info: ClassInfo, base: ast.expr, dotted: str) -> str:
        """Note one base; returns its name, canonical where known."""
        parent = self.found.get(dotted)
        if parent is not None:
            info.parents.append(parent)
            info.known_bases = info.known_bases and parent.known_bases
            info.is_sequential = info.is_sequential or parent.is_sequential
            _take_kind(info, parent.kind)
            return dotted
        name, maker = self._calls.canonical(base) or dotted, self._calls.maker(base)
        if maker is not None and maker.is_builtin:
            name = maker.callee  # of Keras, also where another module hands it on
        if keras_names.is_model_class(name):
            info.is_sequential = info.is_sequential or name == "keras.Sequential"
            _take_kind(info, ModelKind.SUBCLASS)
        elif catalogue.is_layer(name) or keras_names.is_private_layer(name):
            _take_kind(info, ModelKind.LAYER)
            info.known_bases = info.known_bases and name in {"keras.layers.Layer", "keras.layers.Wrapper"}
            info.builds_itself = info.builds_itself or name != "keras.layers.Layer"
        elif name == "tensorflow.Module":
            _take_kind(info, ModelKind.MODULE)
            info.builds_itself = True  # whatever its `build` is, it is its own
        elif maker is not None and maker.origin is not None:
            _take_kind(info, maker.kind)
            info.known_bases = False
            info.builds_itself = info.builds_itself or maker.origin.has_own_build
            info.foreign += slots_here(maker.origin, maker.callee, self._positions.span(base))
            info.foreign_weights += weights_at(maker.origin.weights, self._positions.span(base))
            info.foreign_setters += maker.origin.setters
            if info.foreign_init is None and maker.origin.passed:
                info.foreign_init = PassedOn(maker.origin.parameters, maker.origin.passed)
        elif name.rpartition(".")[2] not in _NEUTRAL_BASES:
            info.known_bases = False
            info.builds_itself = True  # nobody knows
        return name or spelled(base)

    def _init_parameters(self, info: ClassInfo) -> tuple[str, ...]:
        init = info.function("__init__")
        return tuple(a.arg for a in all_arguments(init)[1:]) if init else ()

    def _fill(self, info: ClassInfo) -> None:
        methods = {**self._mixed_in(info.node, ()), **info.functions}
        reader = SlotReader(info.node.name, methods, self._positions, self._calls, self._index)
        reader.wraps = "keras.layers.Wrapper" in info.bases
        reader.base_init = info.base_init
        for parent in info.parents:
            reader.attributes.update(parent.attributes)
        reader.attributes.update(held_in(info.foreign))
        for inner in info.node.body:  # `self.Block(...)` of a class inside this one
            if isinstance(inner, ast.ClassDef) and inner.name in self._calls.local:
                reader.attributes[inner.name] = Held(classes=(self._calls.local[inner.name],))
        numbers = _numbers(info.node)
        if numbers:  # a list of a base may be as long as one of these says
            reader.attributes.update(
                {name: replace(held, length=None) for name, held in reader.attributes.items()} | numbers
            )
        reader.attributes.update(self._kept_by_body(info.node, reader))
        graph = self._graph(info)
        reader.give_names({call.given_name or "": call for call in graph})
        sure = [info.functions[name] for name in _SURE_METHODS if name in info.functions]
        for function in sure:
            reader.read_method(function, conditional=False)
        rest = [f for name, f in info.functions.items() if name not in _SURE_METHODS]
        for function in rest:
            if function.name not in reader.followed and may_assign(function):
                reader.read_method(function, conditional=True)
        info.attributes = self._calls.held[info.node.name] = reader.attributes
        info.super_call = reader.super_call
        functional = is_functional(reader.super_call)
        closed = reader.notes.closed and info.known_bases and not info.is_sequential and not functional
        closed = closed and not info.is_ambiguous and not (reader.wraps and reader.super_call is None)
        closed = closed and all(parent.facts.closed for parent in info.parents)
        setters = _setters(info)
        passed = self._calls.passed[info.node.name] = _passed(
            info.node, info.functions.get("__init__"), info.base_init
        )
        slots = tuple(with_setters(reader.notes.slots, setters))
        lengths = _lengths(reader.attributes)
        certain = closed and reader.notes.straight
        info.facts = ModelClass(
            name=info.node.name,
            span=self._positions.span(info.node),
            name_span=self._positions.name_span(info.node),
            kind=info.kind,
            bases=info.bases,
            slots=slots,
            methods=tuple(self._method(f) for f in info.functions.values()),
            closed=closed,
            inherited=(
                *(s for p in info.parents for s in (*p.facts.slots, *p.facts.inherited)),
                *info.foreign,
            ),
            layers=layer_order(info, slots, certain, dict(lengths), self._calls, self._positions),
            builds_itself=info.builds_itself or info.is_sequential,
            input_text=said_by_class(info.node, self._calls),
            lengths=lengths,
            setters=tuple(setters.items()),
            passed=passed,
            graph=graph,
            weights=(
                *reader.notes.weights,
                *(weight for parent in info.parents for weight in parent.facts.weights),
                *info.foreign_weights,
            ),
        )

    def _graph(self, info: ClassInfo) -> tuple[LayerCall, ...]:
        """The layers with a name of their own that a class makes which is functional inside."""
        init = info.functions.get("__init__")
        if init is None or not any(is_functional(call) for call in _super_calls(init)):
            return tuple(call for parent in info.parents for call in parent.facts.graph)
        calls = (node for node in ast.walk(init) if isinstance(node, ast.Call))
        made = [call for node in calls if (call := self._calls.layer_call(node)) is not None]
        times = Counter(call.given_name for call in made)
        named = [call for call in made if call.given_name is not None and times[call.given_name] == 1]
        return tuple(sorted(named, key=lambda call: call.span.start))

    def _kept_by_body(self, node: ast.ClassDef, reader: SlotReader) -> Environment:
        """Layers that the body of a class makes. All its objects share them, and Keras sees them in none."""
        found: Environment = {}
        for statement in node.body:
            if isinstance(statement, ast.Assign) and not isinstance(statement.value, ast.Constant):
                try:
                    held = reader.read(statement.value)
                except RecursionError:  # nested deeper than we follow
                    held = OPEN
                names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
                found.update(dict.fromkeys(names, held) if held.entries else {})
        return found

    def _note_fixture(self, function: Function, owner: str) -> None:
        name = fixture_name(function) if function.decorator_list else None
        if name is not None:
            self._calls.fixtures[owner + name] = owner + function.name
            self._calls.functions[owner + function.name] = partial(self._returned, function, owner[:-1])

    def holders(self) -> dict[str, Holder]:
        """The other classes, by name, that keep layers or models in attributes; after `read`."""
        for node in self._nodes.values():
            self._hold(node)
        return {name: holder for name, holder in self._holders.items() if holder.tells}

    def holder(self, name: str) -> Holder | None:
        """What objects of a class keep that is no model, or would by methods of derived classes."""
        holder = self._hold(self._nodes[name]) if name in self._nodes else None
        return holder if holder is not None and (holder.tells or holder.templates) else None

    def _hold(self, node: ast.ClassDef) -> Holder | None:
        """What a class that is no model holds; None for one that is."""
        if node.name in self.found:
            return None
        if node.name in self._holders:
            return self._holders[node.name]
        # What a class that is its own base comes to.
        self._holders[node.name] = Holder(node, {}, self._as_class(node))
        parents = list(self._holding_bases(node))
        attributes: Environment = {}
        for parent in reversed(parents):
            attributes |= parent.attributes
        inherited = tuple(slot for parent in parents for slot in parent.slots)
        templates = dict(pair for parent in reversed(parents) for pair in parent.templates)
        own = {method.name: method for method in _methods(node)}
        keeping = [function for function in own.values() if keeps_calls(function)]
        given = {name: own[method] for name, method in templates.items() if method in own}
        slots: tuple[LayerSlot, ...] = ()
        if keeping or given:
            reader = SlotReader(
                node.name, {**self._mixed_in(node, ()), **own}, self._positions, self._calls, self._index
            )
            reader.asks_parameters = False
            reader.attributes.update(attributes)
            for name, function in given.items():
                reader.read_template(name, function)
            for function in sorted(keeping, key=lambda f: f.name not in _SETTING_UP):
                if function.name not in reader.followed:
                    reader.read_method(function, conditional=function.name not in _SETTING_UP)
            attributes = {name: held for name, held in reader.attributes.items() if held.entries}
            slots = tuple(reader.notes.slots)
            inherited = tuple(slot for slot in inherited if slot.attribute not in given)
            for function in keeping:
                templates |= kept_results(function)
        facts = replace(self._as_class(node), slots=slots, inherited=inherited, lengths=_lengths(attributes))
        base = next((parent.init for parent in parents if parent.init is not None), None)
        init = _init_of(node, own.get("__init__"), base)
        self._holders[node.name] = Holder(node, attributes, facts, tuple(templates.items()), init)
        return self._holders[node.name]

    def _holding_bases(self, node: ast.ClassDef) -> Iterator[Holder]:
        """The bases of a class that is no model which keep models, also those of other files."""
        for base in map(_unsubscripted, node.bases):
            of_module = self._nodes.get(dotted_name(base) or "")
            holder = self._hold(of_module) if of_module is not None else self._calls.foreign_holder(base)
            if holder is not None:
                yield holder

    def _as_class(self, node: ast.ClassDef) -> ModelClass:
        span, name_span = self._positions.span(node), self._positions.name_span(node)
        return ModelClass(node.name, span, name_span, ModelKind.HOLDER, (), (), (), closed=False)

    def _returned(self, function: Function, owner: str, call: ast.Call | None, local: Environment) -> Held:
        reader = SlotReader(owner, {}, self._positions, self._calls, self._index)
        return reader.returned(function, call, local)

    def _lambdas(self) -> Iterator[tuple[str, ast.Lambda]]:
        """Functions of the module body that are given a name by assignment."""
        for statement in self._index.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
                names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
                for name in names:
                    if self._calls.constants.only_giving(name) is statement.value:
                        yield name, statement.value

    def _returned_by_lambda(
        self,
        function: ast.Lambda,
        call: ast.Call | None,  # noqa: ARG002  # its parameters stand for nothing
        local: Environment,  # noqa: ARG002
    ) -> Held:
        arguments = function.args
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        reader = SlotReader("", {}, self._positions, self._calls, self._index)
        return reader.read(function.body, dict.fromkeys(names, OPEN))

    def _mixed_in(self, node: ast.ClassDef, above: tuple[str, ...]) -> dict[str, Function]:
        """Methods of bases in this module that are no models themselves; the first base counts."""
        found: dict[str, Function] = {}
        for base in reversed(node.bases):
            name = dotted_name(_unsubscripted(base)) or ""
            mixin = self._nodes.get(name)
            if mixin is None or name in self.found or name in above:
                continue
            found |= self._mixed_in(mixin, (*above, name))
            found |= {method.name: method for method in _methods(mixin)}
        return found

    def _method(self, function: Function) -> MethodFacts:
        names = [argument.arg for argument in all_arguments(function)]
        return MethodFacts(
            name=function.name,
            span=self._positions.span(function),
            name_span=self._positions.name_span(function),
            parameters=tuple(names if is_static(function) else names[1:]),
            defaults=len(list(defaults(function))),
        )


def _init_of(node: ast.ClassDef, init: Function | None, base: PassedOn | None) -> PassedOn | None:
    kept = _passed(node, init, base)
    if init is None:
        return PassedOn(base.parameters, kept) if base is not None and kept else None
    return PassedOn(tuple(a.arg for a in all_arguments(init)[1:]), kept)


def _passed(of: ast.ClassDef, init: Function | None, base: PassedOn | None) -> tuple[tuple[str, str], ...]:
    """Attributes that keep what the constructor is given: itself, or by handing it to that of its base."""
    if init is None:
        found = dict(base.kept) if base is not None else {}
    else:
        found = _handed_up(init, base) if base is not None else {}
        found |= kept_parameters(init)
    if not found:
        return ()
    own = kept_parameters(init).keys() if init is not None else ()
    times = Counter(
        node.attr
        for node in ast.walk(of)
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    )
    return tuple((name, given) for name, given in found.items() if times[name] == (name in own))


def _handed_up(init: Function, base: PassedOn) -> dict[str, str]:
    """What the base keeps of what this constructor is given."""
    own = {argument.arg for argument in all_arguments(init)[1:]}
    found: dict[str, str] = {}
    for call in _super_calls(init):
        given = {p: v.id for p, v in bound_arguments(call, base.parameters) if isinstance(v, ast.Name)}
        found |= {name: given[p] for name, p in base.kept if given.get(p) in own}
    return found


def _lengths(attributes: Environment) -> tuple[tuple[str, int], ...]:
    """How long the lists with layers are, where the text fixes it."""
    return tuple(
        (name, held.length)
        for name, held in attributes.items()
        if held.is_container and held.entries and held.length is not None
    )


def _setters(info: ClassInfo) -> dict[str, str]:
    """Properties that keep what they are given in another attribute: property -> attribute."""
    found = dict(info.foreign_setters)
    for parent in info.parents:
        found.update(parent.facts.setters)
    for name, function in info.functions.items():
        kept = kept_by_setter(function)
        if kept is not None:
            found[name] = kept
        else:
            found.pop(name, None)
    return found


def _numbers(node: ast.ClassDef) -> Environment:
    """The ints that a class body gives to names: `depth = 4`."""
    found: Environment = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            number = index_literal(statement.value)
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            found.update((name, Held(number=number)) for name in names if number is not None)
    return found


def _super_calls(init: Function) -> Iterator[ast.Call]:
    """Statements that are `super().__init__(...)`."""
    waiting: list[ast.AST] = list(init.body)
    while waiting:
        node = waiting.pop()
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and is_super(call, "__init__"):
            yield call
        waiting += blocks_of(node)


def _methods(node: ast.ClassDef) -> list[Function]:
    return [s for s in node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _take_kind(info: ClassInfo, kind: ModelKind) -> None:
    if info.kind is not ModelKind.SUBCLASS and (
        kind is not ModelKind.MODULE or info.kind is ModelKind.UNKNOWN
    ):
        info.kind = kind  # a layer is a `tf.Module`, too


def _unsubscripted(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node
