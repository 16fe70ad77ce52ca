"""Expressions that make layers and models: which class, which arguments."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.knowledge import catalogue
from keras_lsp.source import keras_names
from keras_lsp.source.class_info import Holder, PassedOn
from keras_lsp.source.constants import Constants
from keras_lsp.source.facts import Argument, LayerCall, LayerSlot, ModelClass, ModelKind
from keras_lsp.source.foreign_slots import given_here, held_here, held_in, slots_here
from keras_lsp.source.held import NOTHING
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.literals import is_literal, literal
from keras_lsp.source.resolve import split_name
from keras_lsp.source.weights import weights_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keras_lsp.source.facts import MadeWeight
    from keras_lsp.source.held import Environment, Held
    from keras_lsp.source.module_index import ModuleIndex
    from keras_lsp.source.positions import Positions
    from keras_lsp.source.resolve import ClassOrigin, FunctionOrigin, NameResolver
    from keras_lsp.text.span import Span

# `keras.Model(inputs, outputs)`: only older Keras says so in its signature.
_FUNCTIONAL_PARAMETERS = ("inputs", "outputs", "name")
_NEVER_CONSTANT = (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.Starred, ast.Await)
_LISTS_IN_LISTS = 3
_CALLS_FOLLOWED = 200  # of functions in one module; more are read as if nothing were given
# Attributes in which layers of Keras keep a layer that they are given, and the parameters that give it.
WRAPPED = {
    "layer": ("layer",),
    "cell": ("cell",),
    "forward_layer": ("layer",),
    "backward_layer": ("backward_layer", "layer"),
}
_INPUT_ARGUMENTS = {"input_shape", "batch_input_shape", "input_dim"}


@dataclass(frozen=True, slots=True)
class MadeBy:
    """A callee whose result is a layer, a model, or (`keras.Input`) a tensor."""

    callee: str
    kind: ModelKind
    parameters: tuple[str, ...]
    is_builtin: bool = True
    origin: ClassOrigin | None = None

    @property
    def is_input(self) -> bool:
        return self.callee == "keras.Input"


class Calls:
    """Reads calls in one module. `local`, its own model classes, is filled as they are found."""

    def __init__(self, positions: Positions, index: ModuleIndex, resolver: NameResolver) -> None:
        self.local: dict[str, MadeBy] = {}
        self.plain: set[str] = set()  # classes of the module that are no models
        self._positions = positions
        self._imports = index.imports
        self._index = index
        self._defined = {*index.functions, *(node.name for node in index.classes)}
        self.constants = Constants(index, resolver.constant)
        self._resolver = resolver
        self._known: dict[str, MadeBy | None] = {}
        self._made: dict[tuple[ast.Call, int], LayerCall] = {}
        self._nodes: dict[int, tuple[LayerCall, ast.Call]] = {}  # by the identity of the first
        self._origins: dict[str, ClassOrigin] = {}
        self._holders: dict[str, ClassOrigin] = {}
        self._knows_fixtures = False  # of other files
        # Of this module: reads what each returns, from a call with what names hold there, or from none.
        self.functions: dict[str, Callable[[ast.Call | None, Environment], Held]] = {}
        self.fixtures: dict[
            str, str
        ] = {}  # of pytest: name, in a class behind the class's -> key in `functions`
        self._returned: dict[tuple[str, ast.Call | None], Held] = {}
        self._returning: list[str] = []  # functions that are read at the moment
        self.held: dict[str, Environment] = {}  # by class of this module, what the attributes hold
        self.passed: dict[str, tuple[tuple[str, str], ...]] = {}  # the same of `ModelClass.passed`

    def returned(self, call: ast.Call, local: Environment) -> Held:
        """What a function of this module, or one of another file, returns from a call."""
        func = call.func
        if isinstance(func, ast.Name) and func.id in self.functions:
            return self.returned_by(func.id, call, local)
        found = self.function(func)
        if found is None:
            return NOTHING
        module, origin = found
        held = held_here(origin, module, self._positions.span(func))
        return given_here(held, origin, self.constants.arguments(origin.parameters, call))

    def returned_by(self, name: str, call: ast.Call | None = None, local: Environment | None = None) -> Held:
        """What one of `functions` returns."""
        if name in self._returning:
            return NOTHING  # what a function that calls itself comes to
        asked = (name, call if len(self._returned) < _CALLS_FOLLOWED else None)
        if asked not in self._returned:
            self._returning.append(name)
            self._returned[asked] = self.functions[name](asked[1], local or {})
            self._returning.pop()
        return self._returned[asked]

    def return_annotation(self, name: str) -> ast.expr | None:
        """What a function of this module says that it returns."""
        function = self._index.functions.get(name)
        return function.returns if function is not None else None

    def fixture(self, class_name: str, argument: ast.arg) -> Held:
        """What pytest gives to a test's parameter: fixtures of its class come first, other files last."""
        name = argument.arg
        found = self.fixtures.get(f"{class_name}.{name}") or self.fixtures.get(name)
        if found is not None:
            return self.returned_by(found)
        given = self._resolver.fixture(name) if name not in self._imports.names else None
        if given is None:
            return NOTHING
        self._knows_fixtures = True
        return held_here(given[1], given[0], self._positions.span(argument))

    def span(self, node: ast.expr) -> Span:
        return self._positions.span(node)

    def maker(self, func: ast.expr) -> MadeBy | None:
        """What calling `func` makes; None when the text does not say that it is a layer or model."""
        dotted = dotted_name(func)
        if dotted is None:
            return None
        if dotted in self.local or dotted in self.plain:
            return self.local.get(dotted)
        if dotted not in self._known:
            self._known[dotted] = self._look_up(dotted)
        return self._known[dotted]

    def canonical(self, node: ast.expr) -> str | None:
        """The imported name an expression spells, `keras.metrics.Mean`; None when it is none."""
        dotted = dotted_name(node)
        return self._imports.resolve(dotted) if dotted else None

    def foreign_holder(self, node: ast.expr) -> Holder | None:
        """The class of another file that an expression names, where its objects keep models."""
        if self.maker(node) is not None:
            return None
        name = self.canonical(node) or ""
        origin = self._holders.get(name)
        if origin is None:
            return None
        at = self._positions.span(node)
        slots = tuple(slots_here(origin, name, at))
        facts = ModelClass(origin.name, at, at, ModelKind.HOLDER, (), slots, (), closed=False)
        init = PassedOn(origin.parameters, origin.passed)
        return Holder(None, held_in(slots), facts, origin.templates, init)

    def imports(self, name: str) -> bool:
        """Whether an import binds the name."""
        return name in self._imports.names

    def defines(self, name: str) -> bool:
        """Whether the module gives the name a meaning of its own."""
        return name in self._defined or name in self._imports.names

    def _look_up(self, dotted: str) -> MadeBy | None:
        name = self._imports.resolve(dotted)
        if name is None:
            return None
        if name.startswith("keras."):
            return _builtin(name)
        module, last = split_name(name)
        origin = self._resolver.class_origin(module, last)
        if origin is None:
            return None
        if origin.kind is ModelKind.HOLDER:
            self._holders[name] = origin
            return None
        if origin.is_builtin:
            return _builtin(origin.name)
        self._origins[name] = origin
        return MadeBy(name, origin.kind, origin.parameters, False, origin)

    def function(self, func: ast.expr) -> tuple[str, FunctionOrigin] | None:
        """The module and the origin of a function of another file that returns layers."""
        dotted = dotted_name(func)
        name = self._imports.resolve(dotted) if dotted else None
        if name is None or name.startswith("keras."):
            return None
        module, last = split_name(name)
        origin = self._resolver.function_origin(module, last)
        return (module, origin) if origin is not None else None

    @property
    def knows_others(self) -> bool:
        """Whether any class of another module turned out to be a model or layer, or is given by a fixture."""
        keeping = any(origin.has_layers for origin in self._holders.values())
        return bool(self._origins) or keeping or self._knows_fixtures

    def origin(self, callee: str) -> ClassOrigin | None:
        """Where a class of another module comes from, by the name its calls have."""
        return self._origins.get(callee)

    def origin_of(self, call: LayerCall) -> ClassOrigin | None:
        """The class of another file that a call makes, also where this file does not name it itself."""
        known = self._origins.get(call.callee)
        if known is not None or call.is_builtin or "." not in call.callee:
            return known
        return self._resolver.class_origin(*split_name(call.callee))

    def slots_of(self, call: LayerCall, at: Span) -> tuple[LayerSlot, ...]:
        """What an object holds whose class is of another file; `at` is where this file asks for it."""
        origin = self.origin_of(call) if not call.is_builtin and call.callee not in self.local else None
        return tuple(slots_here(origin, call.callee, at)) if origin is not None else ()

    def weight_of(self, call: LayerCall, attribute: str, at: Span) -> MadeWeight | None:
        """How an object makes a weight whose class is of another file."""
        origin = self.origin_of(call) if not call.is_builtin and call.callee not in self.local else None
        found = (w for w in origin.weights if w.attribute == attribute) if origin is not None else ()
        return next(weights_at(found, at), None)

    def layer_call(self, node: ast.Call) -> LayerCall | None:
        """The call as a fact; None when it does not make a layer, a model or an input."""
        maker = self.maker(node.func)
        if maker is None:
            return None
        made_in = (node, self.constants.followed)  # each call of a function makes its own
        if made_in not in self._made:
            self._made[made_in] = self._noted(node, maker)
        return self._made[made_in]

    def _noted(self, node: ast.Call, maker: MadeBy) -> LayerCall:
        made = self._read(node, maker)
        self._nodes[id(made)] = (made, node)
        return made

    def called(self, node: ast.Call, maker: MadeBy) -> LayerCall:
        """A call whose callee is a name for that class: `norm_layer(epsilon=1e-5)`."""
        return self._read(node, maker)

    def mapped(self, node: ast.Call, maker: MadeBy) -> LayerCall:
        """`map(Dense, units)`: one text for each of the calls."""
        made, *given = node.args
        text = self._positions.text
        spans = [self._positions.span(one) for one in given]
        return LayerCall(
            callee=maker.callee,
            class_name=maker.callee.rpartition(".")[2],
            span=self._positions.span(node),
            callee_span=self._positions.span(made),
            arguments=tuple(
                Argument(name, f"each of {span.of(text)}", span)
                for name, span in zip(maker.parameters, spans, strict=False)
            ),
            is_builtin=maker.is_builtin,
        )

    def node_of(self, call: LayerCall) -> ast.Call | None:
        """The node that this very object was read from."""
        return self._nodes[id(call)][1] if id(call) in self._nodes else None

    def _read(self, node: ast.Call, maker: MadeBy) -> LayerCall:
        inner, complete = self.sequential_layers(node) if maker.kind is ModelKind.SEQUENTIAL else ((), False)
        return LayerCall(
            callee=maker.callee,
            class_name=maker.callee.rpartition(".")[2],
            span=self._positions.span(node),
            callee_span=self._positions.span(node.func),
            arguments=tuple(self._arguments(node, maker.parameters)),
            is_builtin=maker.is_builtin,
            layers=inner,
            complete=complete,
        )

    def arguments(self, node: ast.Call) -> tuple[Argument, ...]:
        """The arguments of a call of which the text does not say what it calls: by position, or by name."""
        return tuple(self._arguments(node, ()))

    def _arguments(self, node: ast.Call, parameters: tuple[str, ...]) -> Iterator[Argument]:
        certain = True
        for position, value in enumerate(node.args):
            certain = certain and not isinstance(value, ast.Starred)
            name = parameters[position] if certain and position < len(parameters) else None
            yield self._argument(name, value, keyword=False)
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield self._argument(keyword.arg, keyword.value, keyword=True)

    def _argument(self, name: str | None, node: ast.expr, keyword: bool) -> Argument:
        span = self._positions.span(node)
        text = span.of(self._positions.text)
        value, known = literal(node)
        if known or isinstance(node, _NEVER_CONSTANT):
            return Argument(name, text, span, value, known, keyword)
        found = self.constants.of(node)
        if found is None:
            return Argument(name, text, span, keyword=keyword)
        stands_for = repr(found.value)
        if found.by_default or not is_literal(found.value):
            return Argument(name, text, span, None, False, keyword, stands_for, found.by_default)
        return Argument(name, text, span, found.value, True, keyword, stands_for)

    def wrapped(self, call: LayerCall, attribute: str) -> LayerCall | None:
        """The layer that a layer keeps in an attribute as it is given: `Bidirectional(LSTM(3))`."""
        names = WRAPPED.get(attribute, ()) if call.is_builtin else self._passed(call, attribute)
        argument = next((found for name in names if (found := call.argument(name)) is not None), None)
        node = self.node_of(call) if argument is not None else None
        if node is None or argument is None:
            return None
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        made = next((one for one in given if self._positions.span(one) == argument.span), None)
        return self.layer_call(made) if isinstance(made, ast.Call) else None

    def init_of(self, call: LayerCall) -> PassedOn | None:
        """What the constructor of a user's class, also of another file, does with what it is given."""
        if call.callee in self.local:
            kept = self.passed.get(call.callee, ())
            return PassedOn(self.local[call.callee].parameters, kept) if kept else None
        origin = self.origin_of(call) if not call.is_builtin else None
        return PassedOn(origin.parameters, origin.passed) if origin is not None else None

    def _passed(self, call: LayerCall, attribute: str) -> tuple[str, ...]:
        """The parameter of the constructor of a user's class that an attribute keeps."""
        init = self.init_of(call)
        return tuple(p for name, p in init.kept if name == attribute) if init is not None else ()

    def sequential_layers(self, node: ast.Call) -> tuple[tuple[LayerCall, ...], bool]:
        """The layers given to `Sequential(...)`, without inputs, and whether that is all of them."""
        given = layers_argument(node)
        if given is None:
            return (), not any(k.arg is None for k in node.keywords) and not node.args
        made = self._listed(given, _LISTS_IN_LISTS)
        return tuple(c for c in made if c and not is_input(c)), all(made)

    def _listed(self, node: ast.expr, depth: int) -> list[LayerCall | None]:
        """The layers of a list, None for each that the text does not tell, or for more than one of these."""
        if isinstance(node, ast.Name):
            given = self.constants.given_to(node)
            return self._listed(given, depth - 1) if given is not None and depth else [None]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and depth:
            return [*self._listed(node.left, depth - 1), *self._listed(node.right, depth - 1)]
        if not isinstance(node, (ast.List, ast.Tuple)):
            return [None]
        found: list[LayerCall | None] = []
        for element in node.elts:
            if isinstance(element, ast.Starred) and depth:
                found += self._listed(element.value, depth - 1)
            else:
                made = self.constants.given_to(element) if isinstance(element, ast.Name) else element
                found.append(self.layer_call(made) if isinstance(made, ast.Call) else None)
        return found

    def takes_input(self, node: ast.expr) -> bool | None:
        """Whether a Sequential that begins with `node` knows its input shape; None: not certain."""
        call = self.layer_call(node) if isinstance(node, ast.Call) else None
        if call is None or not isinstance(node, ast.Call):
            return None
        if is_input(call):
            return True
        if not call.callee.startswith("keras.layers.") or any(k.arg is None for k in node.keywords):
            return None
        if call.class_name == "Embedding":  # Keras 2 takes the batch of indices for granted, Keras 3 does not
            return None
        wraps = any(a.name in {"layer", "cell"} for a in call.arguments)
        given = any(a.keyword and a.name in _INPUT_ARGUMENTS for a in call.arguments)
        return True if given else None if wraps else False


def is_input(call: LayerCall) -> bool:
    return call.callee in {"keras.Input", "keras.layers.InputLayer"}


def layers_argument(node: ast.Call) -> ast.expr | None:
    """What a Sequential is given as its layers."""
    if node.args:
        return node.args[0]
    return next((k.value for k in node.keywords if k.arg == "layers"), None)


def _builtin(name: str) -> MadeBy | None:
    kind = _builtin_kind(name)
    if kind is None:
        return None
    info = catalogue.layer(name)
    parameters = tuple(p.name for p in info.parameters) if info else ()
    return MadeBy(name, kind, _FUNCTIONAL_PARAMETERS if name == "keras.Model" else parameters)


def _builtin_kind(name: str) -> ModelKind | None:
    if catalogue.is_layer(name):
        return ModelKind.LAYER
    if name == "keras.Input":
        return ModelKind.UNKNOWN
    if name == "keras.Sequential":
        return ModelKind.SEQUENTIAL
    if name == "keras.Model" or keras_names.is_application(name):
        return ModelKind.FUNCTIONAL
    return None
