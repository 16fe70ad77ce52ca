"""What expressions stand for, where the text fixes it: constants, defaults, fields of a configuration.

`UNITS`, `self.width`, `config.units // 2`, `CONFIG["sizes"][0]`. A name that is given a value more than once,
or in a way that is not read here, stands for nothing. What an import gives, somebody else says.
"""

from __future__ import annotations

import ast
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.source.enclosing import Import, bound_name, root_name
from keras_lsp.source.evaluation import (
    FUNCTIONS,
    NOT_KNOWN,
    NOT_SAID,
    Known,
    Place,
    UnknownError,
    is_plain,
)
from keras_lsp.source.foreign_objects import ForeignModule, ForeignObject
from keras_lsp.source.keras_names import dotted_name, joined_name, module_of
from keras_lsp.source.module_index import Function
from keras_lsp.source.objects import Object, Objects, own_body
from keras_lsp.source.parameters import all_arguments, defaults, parameter_names, self_name
from keras_lsp.source.resolve import may_be_ours, split_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from keras_lsp.source.enclosing import Giving
    from keras_lsp.source.module_index import Definition, ModuleIndex
    from keras_lsp.source.objects import Given

_ELSEWHERE = (ForeignObject, ForeignModule)


class Constants(Objects):
    """Of one module, or of the part of it that an answer can depend on.

    `imported` says what `from <module> import <name>` gives, None where that is not known.
    """

    def __init__(self, index: ModuleIndex, imported: Callable[[str, str], Known | None]) -> None:
        super().__init__(index)
        self._ask = imported
        self._called: dict[Definition, Given] = {}  # functions that are followed from one call
        self._calls_followed = 0
        self.followed = 0  # the number of the call that is followed at the moment; 0: none

    @contextmanager
    def called(self, function: Function, given: Given) -> Iterator[None]:
        """While a function is followed from one call, its parameters are what that call gives."""
        outer, self._calls_followed = self.followed, self._calls_followed + 1
        self._called[function] = given
        self.followed = self._calls_followed
        try:
            yield
        finally:
            del self._called[function]
            self.followed = outer

    def arguments(self, names: Sequence[str], call: ast.Call) -> Given:
        """What a call gives to a function's parameters of these names; what has a default may be left out."""
        self._depth = 0
        by_name = {k.arg: k.value for k in call.keywords if k.arg is not None}
        spread = any(isinstance(argument, ast.Starred) for argument in call.args)
        if spread or len(by_name) < len(call.keywords):
            return dict.fromkeys(names, Known(NOT_KNOWN))
        given = {**dict(zip(names, call.args, strict=False)), **by_name}
        return {name: self._argument(node, self._place_of(node)) for name, node in given.items()}

    def of(self, node: ast.expr) -> Known | None:
        """What an expression of the module stands for; None where the text does not fix it."""
        self._depth = 0
        try:
            found = self.read(node, self._place_of(node))
        except NOT_SAID:
            return None
        return found if is_plain(found.value) else None

    def is_changed_by_functions(self, name: str) -> bool:
        """Whether a function changes the list or dict that the module calls so, or gives it the name anew."""
        return name in self._enclosing.changed_by_functions

    def gives(self, function: Function, name: str) -> bool:
        """Whether a function gives a parameter, or any name of its own, another value."""
        return name in self._enclosing.given_in(function)

    def _place_of(self, node: ast.expr) -> Place:
        around = self._enclosing.around(node)
        return Place(around, self._called.get(around[0]) if around else None)

    def certain(self, node: ast.expr) -> object:
        """The value that nobody can choose otherwise; None also where there is none."""
        found = self.of(node)
        return found.value if found is not None and not found.by_default else None

    def of_name(self, name: str) -> Known | None:
        """What a name of the module stands for in others that import it: data, or an object as data.

        By default where code that we do not see may well give it another value.
        """
        outer, self._depth = self._depth, 0
        try:
            found = self._of_module(name)
            if isinstance(found.value, ForeignModule):
                return None
            value = self._seen(found.value)
        except NOT_SAID:
            return None
        finally:
            self._depth = outer
        if isinstance(value, ForeignObject):
            return Known(replace(value, through=()), found.by_default)
        return Known(value, found.by_default or not name.isupper() or isinstance(value, (list, dict)))

    def only_giving(self, name: str) -> ast.expr | None:
        """The one expression that the module body gives to a name."""
        given = self._enclosing.given_in(None).get(name, ())
        found = given[0] if len(given) == 1 else None
        return found if isinstance(found, ast.expr) and name not in self._enclosing.changed else None

    def given_to(self, node: ast.Name) -> ast.expr | None:
        """The one expression that a name has its value from, where it stands."""
        for definition in self._enclosing.around(node):
            if isinstance(definition, ast.ClassDef):
                continue
            given = self._enclosing.given_in(definition).get(node.id)
            if given is None and node.id not in parameter_names(definition):
                continue
            found = given[0] if given is not None and len(given) == 1 else None
            changed = self._enclosing.changes(definition, node.id) or node.id in parameter_names(definition)
            return found if isinstance(found, ast.expr) and not changed else None
        return self.only_giving(node.id)

    # Names

    def _name(self, node: ast.Name, place: Place) -> Known:
        for number, definition in enumerate(place.around):
            inside = Place(place.around[number:], self._called.get(definition) if number else place.given)
            outer = Place(place.around[number + 1 :])
            if isinstance(definition, ast.ClassDef):
                if number == 0 and node.id in self._enclosing.kept_by(definition):
                    return self._kept(definition, node.id, None)
                continue
            given = self._enclosing.given_in(definition).get(node.id)
            if node.id in parameter_names(definition):
                if given is not None:
                    raise UnknownError
                return self._parameter(definition, node.id, inside, outer)
            if given is not None:
                return self._only(node.id, given, inside)
        return self._of_module(node.id)

    def _of_module(self, name: str) -> Known:
        # Whether the statements that import it are among those that we see is no matter: the index has all.
        given = [g for g in self._enclosing.given_in(None).get(name, ()) if not isinstance(g, Import)]
        origins = self._index.imports.origins.get(name)
        if origins is not None:
            if given or name in self._classes:
                raise UnknownError
            return self._imported(name, origins)
        if name in self._classes and given in ([], [None]):
            return Known(Object(self._classes[name], None))
        if not given:
            return self._of_star(name)
        found = self._only(name, list(given), Place())
        return Known(_led_to_by(name, found.value), found.by_default)

    def _only(self, name: str, given: list[Giving], place: Place) -> Known:
        """What a name stands for that is given a value once."""
        if len(given) != 1 or given[0] is None:
            raise UnknownError
        if isinstance(given[0], Import):
            return self._imported(name, _origin_in(given[0], name))
        found = self.read(given[0], place)
        if place.around:
            return self._not_changed_in(place.around[0], name, found)
        return self.not_changed((name,), found)

    def _not_changed_in(self, function: Definition, name: str, found: Known) -> Known:
        if isinstance(found.value, (list, dict)) and self._enclosing.changes(function, name):
            raise UnknownError
        return found

    def _parameter(self, function: Function, name: str, place: Place, outer: Place) -> Known:
        if place.given is not None and name in place.given:
            return place.given[name]
        default = dict(defaults(function)).get(name)
        if default is not None:
            found = self._not_changed_in(function, name, self.read(default, outer))
            return Known(found.value, by_default=place.given is None or found.by_default)
        annotation = next((a.annotation for a in all_arguments(function) if a.arg == name), None)
        if annotation is None or place.given is not None:
            raise UnknownError
        named = self._classes.get(dotted_name(annotation) or "")
        if named is not None:
            return Known(Object(named, ()), by_default=True)
        foreign = self._foreign_class(annotation)
        if foreign is None:
            raise UnknownError
        return Known(foreign.made(), by_default=True)

    # Names of other modules

    def _imported(self, name: str, origins: tuple[str, ...]) -> Known:
        """A value, or a module; of several imports, as in `try` and `except`, the text does not say which."""
        if not all(may_be_ours(origin) for origin in origins):
            raise UnknownError
        found = self._of_others(origins)
        if found is None:
            return Known(ForeignModule(origins, (name,)))
        return self.not_changed((name,), Known(_led_to_by(name, found.value), found.by_default))

    def _of_others(self, names: tuple[str, ...]) -> Known | None:
        """What all of the names mean that mean anything."""
        found = {repr(known): known for name in names if (known := self._ask(*split_name(name))) is not None}
        if len(found) > 1:
            raise UnknownError
        only = next(iter(found.values()), None)
        return only and (only if len(names) == 1 else Known(only.value, by_default=True))

    def _of_star(self, name: str) -> Known:
        modules = [module for module in self._index.imports.stars if may_be_ours(module)]
        names = tuple(joined_name(module, name) for module in modules)
        found = self._of_others(names)
        if found is None or name in self._index.imports.names:
            raise UnknownError
        return self.not_changed((name,), Known(_led_to_by(name, found.value), found.by_default))

    def _foreign_class(self, node: ast.expr) -> ForeignObject | None:
        root = root_name(node)
        if root not in self._index.imports.names and not self._index.imports.stars:
            return None
        found = self._argument(node, Place(self._enclosing.around(node))).value
        return found if isinstance(found, ForeignObject) and found.making is not None else None

    # Attributes

    def _attribute(self, node: ast.Attribute, place: Place) -> Known:
        owner = self._owner_of_self(node.value, place)
        if owner is not None:
            found = self._inherited(owner, node.attr)
            own = node.attr in self._enclosing.kept_by(owner) and node.attr not in own_body(owner)
            return Known(found.value, by_default=found.by_default or not own)
        held = self.read(node.value, place)
        if isinstance(held.value, Object):
            through = (*held.value.through, held.value.made.name)
        elif isinstance(held.value, _ELSEWHERE):
            through = held.value.through
        else:
            raise UnknownError
        if self._is_set(through, node, place):
            raise UnknownError
        found = self._of_holder(held.value, node.attr)
        self.not_changed((*through, root_name(node)), found)
        return Known(found.value, by_default=found.by_default or held.by_default)

    def _of_holder(self, held: Object | ForeignObject | ForeignModule, name: str) -> Known:
        if isinstance(held, Object):
            return self._of_object(held, name)
        if isinstance(held, ForeignObject):
            found = held.attribute(name)
        else:
            names = tuple(joined_name(module, name) for module in held.names)
            of_module = self._of_others(names)
            if of_module is None:
                return Known(ForeignModule(names, held.through))
            found = of_module
        if isinstance(found.value, ForeignObject):
            return Known(replace(found.value, through=held.through), found.by_default)
        return found

    def _is_set(self, through: tuple[str, ...], node: ast.Attribute, place: Place) -> bool:
        """Whether some statement gives the attribute to what led to the object, or to its class."""
        everywhere = self._enclosing.set_from_outside(None)
        if any((name, node.attr) in everywhere for name in through):
            return True
        near = self._enclosing.set_from_outside(place.around[-1]) if place.around else everywhere
        return (root_name(node), node.attr) in near

    def _owner_of_self(self, node: ast.expr, place: Place) -> ast.ClassDef | None:
        """The class that `self`, or a method's `cls`, is of."""
        if not isinstance(node, ast.Name):
            return None
        for function, outer in zip(place.around, place.around[1:], strict=False):
            if isinstance(function, Function) and isinstance(outer, ast.ClassDef):
                return outer if self_name(function) == node.id else None
        return None

    # Calls

    def _call(self, node: ast.Call, place: Place) -> Known:
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            raise UnknownError
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
            return self._get(node, node.func.value, place)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in FUNCTIONS and not node.keywords and not self._is_given(name, place):
            values, by_default = self.read_all(node.args, place)
            return Known(FUNCTIONS[name](*values), by_default)
        if name == "dict" and not node.args and not self._is_given(name, place):
            values, by_default = self.read_all([k.value for k in node.keywords], place)
            return Known(dict(zip((k.arg for k in node.keywords), values, strict=True)), by_default)
        if name == "field" or (dotted_name(node.func) or "").endswith(".field"):  # of a dataclass
            return self._field(node, place)
        made = self.read(node.func, place).value
        by_position = [(None, self._argument(a, place)) for a in node.args]
        by_name = [(k.arg, self._argument(k.value, place)) for k in node.keywords]
        if isinstance(made, ForeignObject) and made.making is not None:
            return Known(made.made((*by_position, *by_name)))
        if not isinstance(made, Object) or made.arguments is not None:
            raise UnknownError
        return Known(Object(made.made, (*by_position, *by_name)))

    def _field(self, node: ast.Call, place: Place) -> Known:
        given = {k.arg: k.value for k in node.keywords}
        if "default" in given:
            return self.read(given["default"], place)
        factory = given["default_factory"]
        if isinstance(factory, ast.Lambda):
            return self.read(factory.body, place)
        called = ast.Call(factory, [], [])
        return self._call(ast.copy_location(called, factory), place)

    def _get(self, node: ast.Call, holder: ast.expr, place: Place) -> Known:
        held = self.read(holder, place)
        if not isinstance(held.value, dict):
            raise UnknownError
        values, by_default = self.read_all(node.args, place)
        return Known(held.value.get(*values), held.by_default or by_default)

    def _is_given(self, name: str, place: Place) -> bool:
        """Whether a builtin's name means something else here."""
        functions = [None, *(d for d in place.around if isinstance(d, Function))]
        return name in self._index.imports.names or any(
            name in self._enclosing.given_in(f) for f in functions
        )


def _led_to_by(name: str, value: object) -> object:
    """The value, with the name among those that lead to it where it has attributes."""
    if isinstance(value, (Object, *_ELSEWHERE)):
        return replace(value, through=(*value.through, name))
    return value


def _origin_in(node: Import, name: str) -> tuple[str, ...]:
    """What an import statement gives to a name."""
    alias = next(alias for alias in node.names if bound_name(alias) == name)
    if isinstance(node, ast.Import):
        return (alias.name if alias.asname else name,)
    return (joined_name(module_of(node), alias.name),)
