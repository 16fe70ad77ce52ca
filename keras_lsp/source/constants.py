"""What expressions stand for, where the text fixes it: constants, defaults, fields of a configuration.

`UNITS`, `self.width`, `config.units // 2`, `CONFIG["sizes"][0]`. A name that is given a value more than once,
or in a way that is not read here, stands for nothing.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keras_lsp.source.enclosing import Enclosing, changed_by, root_name
from keras_lsp.source.evaluation import (
    FUNCTIONS,
    NOT_KNOWN,
    NOT_SAID,
    Evaluation,
    Known,
    Place,
    UnknownError,
    is_plain,
)
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.module_index import Function
from keras_lsp.source.parameters import all_arguments, defaults, parameter_names, self_name

if TYPE_CHECKING:
    from keras_lsp.source.module_index import ModuleIndex


class _AbsentError(UnknownError):
    """No class of this module keeps anything under the name."""


@dataclass(frozen=True, slots=True)
class _Object:
    """An instance of a class of the module, or (`arguments` is None) the class itself."""

    made: ast.ClassDef
    arguments: tuple[tuple[str | None, Known], ...] | None  # those by position come first
    through: tuple[str, ...] = ()  # names of the module that led to it


class Constants(Evaluation):
    """Of one module, or of the part of it that an answer can depend on."""

    def __init__(self, index: ModuleIndex) -> None:
        super().__init__()
        self._index = index
        self._enclosing = Enclosing(index.body, index.definitions)
        self._classes = {node.name: node for node in index.classes}

    def of(self, node: ast.expr) -> Known | None:
        """What an expression of the module stands for; None where the text does not fix it."""
        self._depth = 0
        try:
            found = self.read(node, Place(self._enclosing.around(node)))
        except NOT_SAID:
            return None
        return found if is_plain(found.value) else None

    def certain(self, node: ast.expr) -> object:
        """The value that nobody can choose otherwise; None also where there is none."""
        found = self.of(node)
        return found.value if found is not None and not found.by_default else None

    # Names

    def _name(self, node: ast.Name, place: Place) -> Known:
        for number, definition in enumerate(place.around):
            inside = Place(place.around[number:], None if number else place.given)
            outer = Place(place.around[number + 1 :])
            if isinstance(definition, ast.ClassDef):
                if number == 0 and node.id in self._enclosing.kept_by(definition):
                    return self._kept(definition, node.id)
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
        given = self._enclosing.given_in(None).get(name)
        if name in self._classes and given in (None, [None]):
            return Known(_Object(self._classes[name], None))
        if given is None or name in self._index.imports.names:
            raise UnknownError
        found = self._only(name, given, Place())
        if isinstance(found.value, _Object):
            return replace(found, value=replace(found.value, through=(*found.value.through, name)))
        return found

    def _only(self, name: str, given: list[ast.expr | None], place: Place) -> Known:
        """What a name stands for that is given a value once."""
        if len(given) != 1 or given[0] is None:
            raise UnknownError
        found = self.read(given[0], place)
        if isinstance(found.value, (list, dict)) and name in self._enclosing.changed:
            raise UnknownError
        return found

    def _parameter(self, function: Function, name: str, place: Place, outer: Place) -> Known:
        if place.given is not None and name in place.given:
            return place.given[name]
        default = dict(defaults(function)).get(name)
        if default is not None:
            found = self.read(default, outer)
            return Known(found.value, by_default=place.given is None or found.by_default)
        annotation = next((a.annotation for a in all_arguments(function) if a.arg == name), None)
        named = self._classes.get(dotted_name(annotation) or "") if annotation is not None else None
        if named is None or place.given is not None:
            raise UnknownError
        return Known(_Object(named, ()), by_default=True)

    # Attributes

    def _attribute(self, node: ast.Attribute, place: Place) -> Known:
        owner = self._owner_of_self(node.value, place)
        if owner is not None:
            found = self._inherited(owner, node.attr, ())
            own = node.attr in self._enclosing.kept_by(owner) and node.attr not in _own_body(owner)
            return Known(found.value, by_default=found.by_default or not own)
        held = self.read(node.value, place)
        if not isinstance(held.value, _Object) or self._is_set(held.value, node, place):
            raise UnknownError
        found = self._of_object(held.value, node.attr)
        return Known(found.value, by_default=found.by_default or held.by_default)

    def _is_set(self, held: _Object, node: ast.Attribute, place: Place) -> bool:
        """Whether some statement gives the attribute to what led to the object, or to its class."""
        everywhere = self._enclosing.set_from_outside(None)
        if any((name, node.attr) in everywhere for name in (*held.through, held.made.name)):
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

    def _inherited(self, node: ast.ClassDef, name: str, above: tuple[ast.ClassDef, ...]) -> Known:
        """What a class keeps under a name, or else the first of its bases in this module that does."""
        if name in self._enclosing.kept_by(node):
            return self._kept(node, name)
        for base in node.bases:
            parent = self._classes.get(dotted_name(base) or "")
            if parent is not None and parent is not node and parent not in above:
                try:
                    return self._inherited(parent, name, (*above, node))
                except _AbsentError:
                    continue
        raise _AbsentError

    def _kept(self, node: ast.ClassDef, name: str) -> Known:
        given = self._enclosing.kept_by(node)[name]
        if len(given) != 1 or given[0] is None:
            raise UnknownError
        if (node.name, name) in self._enclosing.set_from_outside(None):
            raise UnknownError
        found = self.read(given[0], Place(self._enclosing.around(given[0])))
        if isinstance(found.value, (list, dict)) and (
            name in self._enclosing.changed or _changes(node, name)
        ):
            raise UnknownError
        return found

    def _of_object(self, held: _Object, name: str) -> Known:
        """An attribute of a class, or of an object that was made with certain arguments."""
        if held.arguments is None:
            return self._inherited(held.made, name, ())
        fields = self._fields(held.made)
        if fields is None:
            init = next((m for m in held.made.body if isinstance(m, Function) and m.name == "__init__"), None)
            given = self._enclosing.kept_by(held.made).get(name, [])
            inside = init is not None and any(
                v is not None and init in self._enclosing.around(v) for v in given
            )
            if init is None or not inside or len(given) != 1 or given[0] is None:
                return self._inherited(held.made, name, ())
            bound = _bound(parameter_names(init)[1:], held.arguments)
            return self.read(given[0], Place(self._enclosing.around(given[0]), bound))
        bound = _bound(fields, held.arguments)
        return bound[name] if name in bound else self._inherited(held.made, name, ())

    def _fields(self, node: ast.ClassDef) -> list[str] | None:
        """The parameters of a dataclass or a NamedTuple, in order; None for other classes."""
        decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
        names = [dotted_name(n) or "" for n in (*decorators, *node.bases)]
        if not any(name.rpartition(".")[2] in {"dataclass", "NamedTuple", "BaseModel"} for name in names):
            parents = [self._classes.get(dotted_name(base) or "") for base in node.bases]
            above = [p for p in parents if p is not None and p is not node]
            if len(above) != 1 or any(isinstance(m, Function) and m.name == "__init__" for m in node.body):
                return None
            return self._fields(above[0])
        own = [
            s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
        ]
        for base in node.bases:
            parent = self._classes.get(dotted_name(base) or "")
            if parent is not None and parent is not node:
                own = [*(self._fields(parent) or []), *own]
        return list(dict.fromkeys(own))

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
            return self.read(next(k.value for k in node.keywords if k.arg == "default"), place)
        made = self.read(node.func, place).value
        if not isinstance(made, _Object) or made.arguments is not None:
            raise UnknownError
        arguments = [(None, self._argument(a, place)) for a in node.args]
        named = [(k.arg, self._argument(k.value, place)) for k in node.keywords]
        return Known(_Object(made.made, (*arguments, *named)))

    def _argument(self, node: ast.expr, place: Place) -> Known:
        """One that is not known does not hide the others."""
        depth = self._depth
        try:
            return self.read(node, place)
        except NOT_SAID:
            self._depth = depth
            return Known(NOT_KNOWN)

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


def _bound(names: list[str], arguments: tuple[tuple[str | None, Known], ...]) -> dict[str, Known]:
    by_position = [known for name, known in arguments if name is None]
    return {
        **dict(zip(names, by_position, strict=False)),
        **{name: known for name, known in arguments if name is not None},
    }


def _own_body(node: ast.ClassDef) -> set[str]:
    """Names that the body of a class gives a value, which a class derived from it may give another."""
    found = set()
    for statement in node.body:
        targets = (
            statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        )
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def _changes(node: ast.ClassDef, attribute: str) -> bool:
    """Whether a class changes the list or dict that it keeps in an attribute."""
    holders = map(changed_by, ast.walk(node))
    return any(isinstance(holder, ast.Attribute) and holder.attr == attribute for holder in holders)
