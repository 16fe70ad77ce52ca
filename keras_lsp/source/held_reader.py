"""Reads what an expression of a method holds, as far as layers go."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.source.calls import is_input, layers_argument
from keras_lsp.source.container_makers import ContainerMakers, chosen, key_place, merged
from keras_lsp.source.foreign_slots import held_in, slots_here
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
    joined_history,
)
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.literals import index_literal, literal, slice_literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keras_lsp.source.calls import Calls
    from keras_lsp.source.facts import LayerCall
    from keras_lsp.source.module_index import ModuleIndex
    from keras_lsp.source.positions import Positions

Helper = Callable[[ast.Call, Environment], Held | None]

_NO_LAYER_BUILTINS = frozenset(
    {"int", "float", "str", "bool", "len", "range", "sum", "min", "max", "abs", "round", "type"}
    | {"isinstance", "format", "bytes", "hasattr"}
)
# Functions of Keras that can hand back a layer or model made elsewhere.
_KERAS_MAKERS = ("load_model", "clone_model", "deserialize", "get", "from_config", "model_from_json")
_GIVES_MODEL = (".load_model", ".clone_model", ".model_from_json", "keras.layers.deserialize")
_PLAIN_PACKAGES = ("numpy.", "math.", "os.", "tensorflow.", "functools.", "random.", "logging.")


class HeldReader:
    """Expressions of one class's methods. `attributes` is what `self.<name>` holds so far."""

    def __init__(self, positions: Positions, calls: Calls, index: ModuleIndex, helper: Helper) -> None:
        self.attributes: Environment = {}
        self.self_name = "self"
        self.named: Mapping[str, LayerCall] = {}  # what `self.get_layer(name)` gives
        self._positions = positions
        self._calls = calls
        self._index = index
        self._helper = helper
        self._makers = ContainerMakers(self, calls)
        self._applied: list[ast.Lambda] = []  # those that are read at the moment

    def read(self, node: ast.expr, local: Environment) -> Held:
        """What `node` holds; OPEN when the text does not say."""
        if isinstance(node, ast.Constant):
            number = index_literal(node)
            return Held(number=number) if number is not None else NOTHING
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is not None:
            held: Held = method(node, local)
            return held
        return NOTHING if isinstance(node, _NEVER_LAYERS) else OPEN

    def self_attribute(self, node: ast.expr) -> str | None:
        """The `x` of `self.x`."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return node.attr if node.value.id == self.self_name else None
        return None

    def _call(self, node: ast.Call, local: Environment) -> Held:
        made = self._calls.layer_call(node)
        if made is not None:
            if made.callee == "keras.Input":
                return Held(history=(made,))
            return Held((Entry("", self._filled(made, node, local), made.span),))
        found = self._given_by(node, local)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        followed = name in self._index.functions or name in _NO_LAYER_BUILTINS
        if found.entries or found.is_container or found.history or followed:
            return found
        history = joined_history((*self._read_all(node, local), *self._called_layers(node, local)))
        return replace(found, history=history) if history else found

    def _read_all(self, node: ast.Call, local: Environment) -> list[Held]:
        """What a call is given that may be a tensor, or made of some."""
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        return [self.read(one, local) for one in given if not isinstance(one, _NO_TENSORS)]

    def _called_layers(self, node: ast.Call, local: Environment) -> list[Held]:
        """`dense(x)`: the layers that are called on what was given."""
        func = node.func
        entries = (
            () if isinstance(func, ast.Name) and func.id not in local else self.read(func, local).entries
        )
        return [Held(history=tuple(entry.call for entry in entries if entry.call is not None))]

    def _given_by(self, node: ast.Call, local: Environment) -> Held:
        """What a call gives that makes no layer of Keras by itself."""
        callee = self._classes(node.func, local)
        if callee.classes:
            return self._called(node, callee)
        if isinstance(callee.function, ast.Lambda):
            return self.applied(node, [self.read(argument, local) for argument in node.args], local)
        if callee.called:
            return self._called_by_name(node, callee.called, local)
        contained = self._makers.read(node, local)
        if contained is not None:
            return contained
        canonical = self._calls.canonical(node.func) or ""
        if canonical.startswith("keras.") and canonical.endswith(_GIVES_MODEL):
            return self._model_of_keras(node, canonical, local)
        if node.args and canonical == "functools.partial":
            return replace(self.read(node.args[0], local), is_container=False)
        if self.self_attribute(node.func) == "get_layer":
            return self._layer_named(node)
        followed = self._helper(node, local)
        if followed is not None:
            return followed
        function = self._calls.function(node.func)
        if function is not None:
            handed = _argument(node, function[1].parameters, function[1].hands_back)
            return self.read(handed, local) if handed is not None else self._calls.returned(node, local)
        return NOTHING if self._never_makes_layers(node.func, local) else OPEN

    def _model_of_keras(self, node: ast.Call, name: str, local: Environment) -> Held:
        """A saved model; of `clone_model(model)` one with copies, or what a function made of them."""
        span = self._positions.span(node)
        held = self.read(node.args[0], local) if name.endswith(".clone_model") and node.args else NOTHING
        call = held.entries[0].call if len(held.entries) == 1 and not held.is_container else None
        if call is None or call.callee not in {"keras.Model", "keras.Sequential"}:
            return Held((Entry("", None, span),))
        if len(node.args) > 1 or node.keywords:
            call = replace(call, layers=(), complete=False)
        return Held((Entry("", call, span, held.entries[0].conditional),))

    def _layer_named(self, node: ast.Call) -> Held:
        given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "name")]
        name = literal(given[0])[0] if given else None
        call = self.named.get(name) if isinstance(name, str) else None
        return Held((Entry("", call, self._positions.span(node)),)) if call is not None else OPEN

    def _classes(self, func: ast.expr, local: Environment) -> Held:
        """The classes or the function that an expression may stand for."""
        if isinstance(func, ast.Name):
            return local[func.id] if func.id in local else self._of_module(func.id)
        if isinstance(func, ast.Subscript):
            held = self.read(func.value, local)
            return chosen(held, self._place(func.slice)) if held.parts else NOTHING
        if isinstance(func, ast.Call):
            return self._got(func, local)
        attribute = self.self_attribute(func)
        return self.attributes.get(attribute, NOTHING) if attribute is not None else NOTHING

    def _place(self, key: ast.expr) -> str:
        """As `key_place`, also where a name stands for the key and for nothing else."""
        place = key_place(key)
        fixed = self._calls.constants.certain(key) if place == EACH else None
        return f"[{fixed!r}]" if isinstance(fixed, (str, int)) else place

    def _got(self, node: ast.Call, local: Environment) -> Held:
        """`BLOCKS.get(name)` of a dict with classes or functions in it."""
        func = node.func
        if not isinstance(func, ast.Attribute) or func.attr != "get" or not node.args:
            return NOTHING
        held = self.read(func.value, local)
        if not held.parts:
            return NOTHING
        found = chosen(held, self._place(node.args[0]))
        return either(found, self.read(node.args[1], local)) if len(node.args) > 1 and found.open else found

    def _called(self, node: ast.Call, callee: Held) -> Held:
        span = self._positions.span(node)
        certain = len(callee.classes) == 1 and not callee.open
        made = (self._calls.called(node, maker) for maker in callee.classes)
        return Held(tuple(Entry("", call, span, not certain) for call in made), callee.open)

    def _called_by_name(self, node: ast.Call, functions: Sequence[ast.expr], local: Environment) -> Held:
        """`block = conv_block if wide else depthwise_block`, called later: what each of them gives."""
        if any(isinstance(function, ast.Name) and function.id in local for function in functions):
            return OPEN
        calls = [ast.copy_location(ast.Call(f, node.args, node.keywords), node) for f in functions]
        held = [self.read(call, local) for call in calls]
        return held[0] if len(held) == 1 else either(*held)

    def applied(self, node: ast.Call, given: Sequence[Held], local: Environment) -> Held:
        """What a lambda, or a helper that can be followed, gives for these arguments."""
        function = self._classes(node.func, local).function
        function = node.func if isinstance(node.func, ast.Lambda) else function
        if not isinstance(function, ast.Lambda):
            followed = self._helper(node, local)
            return followed if followed is not None else OPEN
        if function in self._applied:
            return OPEN
        names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        inner = {**local, **dict.fromkeys(names, OPEN), **dict(zip(names, given, strict=False))}
        self._applied.append(function)
        held = self.read(function.body, inner)
        self._applied.pop()
        return held

    def each(self, node: ast.expr, local: Environment) -> Held:
        """What a loop over `node` gives, one after the other."""
        return self.read(node, local).each()

    def _of_module(self, name: str) -> Held:
        """What a variable of the module holds that is a function, or has classes or functions in it."""
        given = self._calls.constants.only_giving(name) if name in self._index.written_out else None
        if isinstance(given, (ast.Lambda, ast.Dict, ast.List, ast.Tuple)):
            held = self.read(given, {})
            return held if held.function is not None or held.parts else NOTHING
        return NOTHING

    def _filled(self, made: LayerCall, node: ast.Call, local: Environment) -> LayerCall:
        """A Sequential with the layers of the list that it is given by name."""
        if made.callee == "keras.Model" and not made.layers:
            return replace(made, layers=joined_history(self._read_all(node, local)))
        given = layers_argument(node) if made.callee == "keras.Sequential" and not made.complete else None
        if given is None:
            return made
        held = self.read(given, local)
        calls = tuple(entry.call for entry in held.entries if entry.call is not None)
        if not held.is_container or any(e.place.count("[") != 1 for e in held.entries) or not calls:
            return made
        certain = not held.open and held.length == len(calls) == len(held.entries)
        ordered = certain and all(
            entry.place == f"[{number}]" and not entry.conditional
            for number, entry in enumerate(held.entries)
        )
        inner = tuple(call for call in calls if not is_input(call))
        return replace(made, layers=inner, complete=ordered)

    def _class(self, node: ast.expr) -> Held | None:
        """A layer or model class that is named and not called."""
        maker = self._calls.maker(node)
        if maker is None or maker.is_input or not maker.callee.rpartition(".")[2][:1].isupper():
            return None
        return Held(classes=(maker,))

    def _never_makes_layers(self, func: ast.expr, local: Environment) -> bool:
        if isinstance(func, ast.Call):
            return self._calls.maker(func.func) is not None  # Dense(3)(x) is a tensor
        if isinstance(func, ast.Name) and (func.id in _NO_LAYER_BUILTINS or func.id in self._calls.plain):
            return True
        if (attribute := self.self_attribute(func)) is not None:
            held = self.attributes.get(attribute)
            return attribute == "add_weight" or bool(held and held.entries and not held.is_container)
        name = self._calls.canonical(func)
        if name is None:
            return isinstance(func, ast.Attribute) and not self.read(func.value, local).open
        if name.startswith("keras."):
            return not name.endswith(_KERAS_MAKERS)
        return name.startswith(_PLAIN_PACKAGES)

    def _name(self, node: ast.Name, local: Environment) -> Held:
        known = local.get(node.id)
        if known is not None:
            return known
        if node.id in self._index.constants:
            number = self._index.numbers.get(node.id)
            return Held(number=number) if number is not None else NOTHING
        found = self._class(node)
        if found is not None:
            return found
        if node.id in self._index.functions or self._calls.function(node) is not None:
            return Held(open=True, called=(node,))
        return held if (held := self._of_module(node.id)).parts or held.function is not None else OPEN

    def _lambda(self, node: ast.Lambda, local: Environment) -> Held:  # noqa: ARG002  # read when called
        return Held(function=node)

    def _attribute(self, node: ast.Attribute, local: Environment) -> Held:
        attribute = self.self_attribute(node)
        if attribute is not None:
            return self.attributes.get(attribute, OPEN)
        name = self._calls.canonical(node)
        if name is None:
            return self._below(node, local) or OPEN
        plain = NOTHING if name.startswith(("keras.", *_PLAIN_PACKAGES)) else OPEN
        return self._class(node) or plain

    def _below(self, node: ast.Attribute, local: Environment) -> Held | None:
        """`self.encoder.dense`: what a layer that we know holds in its turn."""
        owner = self.read(node.value, local)
        if len(owner.entries) != 1 or owner.is_container or owner.entries[0].call is None:
            return None
        call = owner.entries[0].call
        own = self._calls.held.get(call.callee)
        origin = self._calls.origin_of(call) if own is None else None
        if origin is not None:
            own = held_in(slots_here(origin, call.callee, self._positions.span(node)))
        held = own.get(node.attr) if own is not None else None
        return held.conditionally() if held is not None and owner.entries[0].conditional else held

    def _subscript(self, node: ast.Subscript, local: Environment) -> Held:
        held = self.read(node.value, local)
        if isinstance(node.slice, ast.Slice) and held.is_container:
            return held.part(slice_literal(node.slice))
        value, known = literal(node.slice)
        if not held.entries and held.parts:
            return chosen(held, self._place(node.slice))
        if not held.entries:
            return replace(held, is_container=False, length=None)  # of a tensor, a part of it
        if isinstance(value, int) and value < 0 and held.length is not None:
            value += held.length
        return held.element(f"[{value!r}]") if known else OPEN

    def _ifexp(self, node: ast.IfExp, local: Environment) -> Held:
        return either(self.read(node.body, local), self.read(node.orelse, local))

    def _boolop(self, node: ast.BoolOp, local: Environment) -> Held:
        return either(*(self.read(value, local) for value in node.values))

    def _namedexpr(self, node: ast.NamedExpr, local: Environment) -> Held:
        held = self.read(node.value, local)
        local[node.target.id] = held
        return held

    def _list(self, node: ast.List | ast.Tuple | ast.Set, local: Environment) -> Held:
        if not any(isinstance(element, ast.Starred) for element in node.elts):
            elements = [(f"[{n}]", self.read(element, local)) for n, element in enumerate(node.elts)]
            return container(elements, listed=True)
        found = container([], listed=True)
        for element in node.elts:
            if isinstance(element, ast.Starred):
                held = self.read(element.value, local)
                added = held if held.is_container else Held(open=True, is_container=True)
            else:
                added = container([("[0]", self.read(element, local))], listed=True)
            found = concatenated(found, added)
        return found

    _tuple = _list

    def _set(self, node: ast.Set, local: Environment) -> Held:
        return replace(self._list(node, local), open=True)  # hidden or tracked, by version

    def _dict(self, node: ast.Dict, local: Environment) -> Held:
        if None not in node.keys:
            pairs = zip(node.keys, node.values, strict=True)
            elements = [(key_place(key), self.read(value, local)) for key, value in pairs if key is not None]
            return container(elements, listed=False)
        return merged(
            [
                self.read(value, local)
                if key is None
                else container([(key_place(key), self.read(value, local))], listed=False)
                for key, value in zip(node.keys, node.values, strict=True)
            ]
        )

    def _binop(self, node: ast.BinOp, local: Environment) -> Held:
        left, right = self.read(node.left, local), self.read(node.right, local)
        if isinstance(node.op, ast.Add) and left.is_container and right.is_container:
            return concatenated(left, right)
        if isinstance(node.op, ast.BitOr) and left.is_container and right.is_container:
            return merged([left, right])
        if isinstance(node.op, ast.Mult) and (left.entries or right.entries):
            listed, factor = (left, right) if left.entries else (right, left)
            return replace(listed.times(factor.number), open=True)
        return NOTHING.after(left, right) if left.history or right.history else NOTHING

    def _listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, local: Environment) -> Held:
        held = self.read(node.elt, self._inside(node.generators, local))
        counts = [None if g.ifs or g.is_async else self.count(g.iter, local) for g in node.generators]
        first = counts[0] if len(counts) == 1 else None  # an inner one may run over what an outer one gives
        return replace(container([(EACH, held)], listed=False), open=held.open, length=first)

    def _setcomp(self, node: ast.SetComp, local: Environment) -> Held:
        return replace(self._listcomp(node, local), length=None)

    def _generatorexp(self, node: ast.GeneratorExp, local: Environment) -> Held:
        return replace(self._listcomp(node, local), is_made_later=True)

    def count(self, node: ast.expr, local: Environment) -> int | None:
        """How many rounds a loop over `node` has, where the text fixes it."""
        if isinstance(node, (ast.List, ast.Tuple)):
            return None if any(isinstance(e, ast.Starred) for e in node.elts) else len(node.elts)
        if isinstance(node, (ast.Name, ast.Attribute)):
            held = self.read(node, local)
            if held.is_container:
                return held.length
            fixed = self._calls.constants.certain(node)
            return len(fixed) if isinstance(fixed, (list, tuple)) else None
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.keywords:
            return None
        if node.func.id == "range":
            limits = [self._number(argument, local) for argument in node.args]
            known = [limit for limit in limits if limit is not None]
            certain = len(known) == len(limits) in {1, 2, 3} and known[2:] != [0]
            return len(range(*known)) if certain else None
        counts = [self.count(argument, local) for argument in node.args]
        if node.func.id == "zip" and counts and None not in counts:
            return min(count for count in counts if count is not None)
        same = node.func.id in {"enumerate", "reversed", "list", "tuple", "sorted"}
        return counts[0] if same and counts else None

    def _number(self, node: ast.expr, local: Environment) -> int | None:
        number = self.read(node, local).number
        if number is not None or isinstance(node, ast.Name):
            return number
        fixed = self._calls.constants.certain(node)
        return fixed if type(fixed) is int else None

    def _dictcomp(self, node: ast.DictComp, local: Environment) -> Held:
        return container([(EACH, self.read(node.value, self._inside(node.generators, local)))], listed=False)

    def _inside(self, generators: list[ast.comprehension], local: Environment) -> Environment:
        inner = dict(local)
        for generator in generators:
            self.bind_loop(generator.target, generator.iter, inner)
        return inner

    def bind_loop(self, target: ast.expr, iterated: ast.expr, local: Environment) -> None:
        """Give the targets of `for target in iterated` what they hold."""
        parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
        call = iterated if isinstance(iterated, ast.Call) and not iterated.keywords else None
        name = dotted_name(call.func) if call is not None else None
        if call is not None and name in {"zip", "enumerate"} and parts:
            held = [self.read(argument, local).each() for argument in call.args]
            held = [NOTHING, *held[:1]] if name == "enumerate" else held
            for part, value in zip(parts, [*held, *[OPEN] * len(parts)], strict=False):
                _bind_target(part, value, local)
        elif (
            call is not None
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in {"items", "values"}
        ):
            value = self.read(call.func.value, local).each()
            both = call.func.attr == "items" and len(parts) == 2
            for part, each in zip(parts, (NOTHING, value), strict=True) if both else [(target, value)]:
                _bind_target(part, each, local)
        else:
            _bind_target(target, self.read(iterated, local).each(), local)


def _argument(call: ast.Call, parameters: Sequence[str], name: str) -> ast.expr | None:
    """What a call gives to a parameter of this name."""
    if not name or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    given = dict(zip(parameters, call.args, strict=False))
    return given.get(name) or next((k.value for k in call.keywords if k.arg == name), None)


_NO_TENSORS = (ast.Constant, ast.Lambda, ast.JoinedStr)
_NEVER_LAYERS = (ast.Constant, ast.JoinedStr, ast.Compare, ast.UnaryOp)


def _bind_target(target: ast.expr, held: Held, local: Environment) -> None:
    if isinstance(target, ast.Name):
        local[target.id] = held
    elif isinstance(target, ast.Starred):
        _bind_target(target.value, OPEN, local)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for position, element in enumerate(target.elts):
            _bind_target(element, held.element(f"[{position}]") if held.entries else held, local)
