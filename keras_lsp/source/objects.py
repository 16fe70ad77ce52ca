"""What classes and their objects keep in attributes: fields of configurations, what `__init__` is given."""

from __future__ import annotations

import ast
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_lsp.source.enclosing import Enclosing, changed_by
from keras_lsp.source.evaluation import NOT_KNOWN, NOT_SAID, Evaluation, Known, Place, UnknownError
from keras_lsp.source.foreign_objects import ANY, Arguments, ForeignMaking, ForeignObject, bound
from keras_lsp.source.keras_names import dotted_name
from keras_lsp.source.literals import literal
from keras_lsp.source.module_index import Function
from keras_lsp.source.parameters import parameter_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from keras_lsp.source.module_index import ModuleIndex

_CONFIGURATIONS = frozenset({"dataclass", "NamedTuple", "BaseModel"})
_DEEPEST = 3  # objects in attributes of objects
_MOST = 256  # attributes of one


class AbsentError(UnknownError):
    """No class of this module keeps anything under the name."""


@dataclass(frozen=True, slots=True)
class Object:
    """An instance of a class of the module, or (`arguments` is None) the class itself."""

    made: ast.ClassDef
    arguments: Arguments | None
    through: tuple[str, ...] = ()  # names of the module that led to it


Given = dict[str, Known]


class Objects(Evaluation):
    """Of one module. Which class a base or a name means is for a subclass to say."""

    def __init__(self, index: ModuleIndex) -> None:
        super().__init__()
        self._index = index
        self._enclosing = Enclosing(index.body, index.definitions)
        self._classes = {node.name: node for node in index.classes}

    @abstractmethod
    def _foreign_class(self, node: ast.expr) -> ForeignObject | None:
        """The class of another module that an expression names."""

    def _class_of(self, base: ast.expr) -> ast.ClassDef | None:
        """The class of this module that a base names."""
        return self._classes.get(dotted_name(base) or "")

    def _lineage(self, node: ast.ClassDef) -> Iterator[ast.ClassDef]:
        """A class and those above it in this module, the nearest first, each once."""
        seen = {node}
        waiting = [node]
        while waiting:
            node = waiting.pop(0)
            yield node
            parents = [parent for base in node.bases if (parent := self._class_of(base)) is not None]
            waiting += [parent for parent in dict.fromkeys(parents) if parent not in seen]
            seen.update(parents)

    def _inherited(
        self, node: ast.ClassDef, name: str, above: tuple[ast.ClassDef, ...] = (), given: Given | None = None
    ) -> Known:
        """What a class keeps under a name, or else the first of its bases that does.

        `given` is what `__init__` gets, None where nobody knows.
        """
        if name in self._enclosing.kept_by(node):
            return self._kept(node, name, given)
        for base in node.bases:
            parent = self._class_of(base)
            if parent is not None and parent is not node and parent not in above:
                try:
                    return self._inherited(parent, name, (*above, node), self._handed_up(node, given))
                except AbsentError:
                    continue
            foreign = self._foreign_class(base) if parent is None else None
            if foreign is not None:
                try:
                    return self._of_foreign_base(foreign, node, name, given)
                except AbsentError:
                    continue
        raise AbsentError

    def _of_foreign_base(
        self, foreign: ForeignObject, node: ast.ClassDef, name: str, given: Given | None
    ) -> Known:
        handed = self._handed_up(node, given)
        arguments: Arguments = tuple((handed or {}).items())
        kept = dict(foreign.made(arguments).kept)
        if name not in kept:
            raise AbsentError
        return Known(kept[name].value, by_default=True)

    def _handed_up(self, node: ast.ClassDef, given: Given | None) -> Given | None:
        """What the `__init__` of a base gets from that of a class."""
        init = _init_of(node)
        if init is None:
            return given
        calls = [call for call in ast.walk(init) if isinstance(call, ast.Call) and _is_init(call.func)]
        if not calls:
            return None
        names = self._parameters_above(node)
        call = calls[0]
        by_position = call.args if _is_super(call.func) else call.args[1:]  # `Base.__init__(self, ...)`
        place = Place(self._enclosing.around(call), given)
        by_name = {k.arg: self._argument(k.value, place) for k in call.keywords if k.arg is not None}
        starred = any(isinstance(argument, ast.Starred) for argument in call.args)
        if len(calls) > 1 or starred or len(names) < len(by_position):
            return dict.fromkeys([*names, *by_name], Known(NOT_KNOWN))
        read = [self._argument(argument, place) for argument in by_position]
        return {**dict(zip(names, read, strict=False)), **by_name}

    def _parameters_above(self, node: ast.ClassDef) -> Sequence[str]:
        """What the `__init__` of the first base takes."""
        if not node.bases:
            return ()
        parent = self._class_of(node.bases[0])
        if parent is not None:
            init = self._init_above(parent)
            return parameter_names(init)[1:] if init is not None else ()
        foreign = self._foreign_class(node.bases[0])
        return foreign.making.parameters if foreign is not None and foreign.making is not None else ()

    def _init_above(self, node: ast.ClassDef) -> Function | None:
        """The `__init__` that making an object runs first, where it is in this module."""
        return next((init for one in self._lineage(node) if (init := _init_of(one)) is not None), None)

    def _kept(self, node: ast.ClassDef, name: str, given: Given | None) -> Known:
        values = self._enclosing.kept_by(node)[name]
        if len(values) != 1 or values[0] is None:
            raise UnknownError
        if (node.name, name) in self._enclosing.set_from_outside(None):
            raise UnknownError
        around = self._enclosing.around(values[0])
        inside = bool(around) and around[0] is _init_of(node)
        found = self.read(values[0], Place(around, given if inside else None))
        if isinstance(found.value, (list, dict)) and (
            name in self._enclosing.changed or _changes(node, name)
        ):
            raise UnknownError
        return found

    def _of_object(self, held: Object, name: str) -> Known:
        """An attribute of a class, or of an object that was made with certain arguments."""
        if held.arguments is None:
            return self._inherited(held.made, name)
        fields = self._fields(held.made)
        if fields is not None:
            given = bound(tuple(fields), held.arguments)
            return given[name] if name in given else self._inherited(held.made, name)
        init = self._init_above(held.made)
        names = (ANY,) if init is None else tuple(parameter_names(init)[1:])
        return self._inherited(held.made, name, (), dict(bound(names, held.arguments)))

    def _fields(self, node: ast.ClassDef) -> list[str] | None:
        """The parameters of a dataclass or a NamedTuple, in order; None for other classes."""
        if not any(name in _CONFIGURATIONS for name in _marks(node)):
            parents = [self._class_of(base) for base in node.bases]
            above = [p for p in parents if p is not None and p is not node]
            if len(above) != 1 or _init_of(node) is not None:
                return None
            return self._fields(above[0])
        own = [
            s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
        ]
        for base in node.bases:
            parent = self._class_of(base)
            if parent is not None and parent is not node:
                own = [*(self._fields(parent) or []), *own]
            elif parent is None and (dotted_name(base) or "").rpartition(".")[2] not in _ADD_NO_FIELDS:
                foreign = self._foreign_class(base)
                making = foreign.making if foreign is not None else None
                own = [*(making.parameters if making is not None else (ANY,)), *own]
        return list(dict.fromkeys(own))

    def _argument(self, node: ast.expr, place: Place) -> Known:
        """One that is not known does not hide the others."""
        depth = self._depth
        try:
            return self.read(node, place)
        except NOT_SAID:
            self._depth = depth
            return Known(NOT_KNOWN)

    def not_changed(self, roots: Iterable[str | None], found: Known) -> Known:
        """The same, unless it is a list or dict that a statement of the module may change."""
        if isinstance(found.value, (list, dict)) and not self._enclosing.changed.isdisjoint(roots):
            raise UnknownError
        return found

    # As other modules see it

    def _seen(self, value: object, depth: int = 0) -> object:
        """A value without anything of this module's tree."""
        if isinstance(value, Object):
            return self._described(value, depth)
        if isinstance(value, (list, tuple)):
            parts = [self._seen(part, depth) for part in value]
            return parts if isinstance(value, list) else tuple(parts)
        if isinstance(value, dict):
            return {key: self._seen(part, depth) for key, part in value.items()}
        return value

    def _described(self, held: Object, depth: int) -> ForeignObject:
        if depth > _DEEPEST:
            raise UnknownError
        names = self._attributes_of(held.made)
        if held.arguments is not None:
            kept = tuple(self._attributes(held, names, depth))
            found = ForeignObject(kept)
            return found if _is_frozen(held.made) else found.by_default()
        itself = ForeignObject(tuple(self._attributes(held, names, depth))).by_default()
        made = tuple(self._attributes(Object(held.made, ()), names, depth))
        return ForeignObject(itself.kept, self._making(held.made, names, made))

    def _making(
        self, node: ast.ClassDef, names: Sequence[str], kept: tuple[tuple[str, Known], ...]
    ) -> ForeignMaking:
        fields = self._fields(node)
        if fields is not None:
            return ForeignMaking(tuple(fields), kept, tuple((name, name) for name in fields if name != ANY))
        init = self._init_above(node)
        parameters = tuple(parameter_names(init)[1:]) if init is not None else ()
        passed, computed = {}, []
        for name in names:
            given = self._given_in_init(node, name)
            if isinstance(given, ast.Name) and given.id in parameters and init is _init_of(node):
                passed[name] = given.id
            elif given is not None:
                computed.append(name)
        return ForeignMaking(parameters, kept, tuple(passed.items()), tuple(computed))

    def _given_in_init(self, node: ast.ClassDef, name: str) -> ast.expr | None:
        """What a method, of whatever class above, gives to an attribute that is kept nowhere nearer."""
        for one in self._lineage(node):
            values = self._enclosing.kept_by(one).get(name)
            if values is not None:
                return next((v for v in values if v is not None and self._is_in_method(v)), None)
        return None

    def _is_in_method(self, node: ast.expr) -> bool:
        around = self._enclosing.around(node)
        return bool(around) and isinstance(around[0], Function)

    def _attributes(self, held: Object, names: Sequence[str], depth: int) -> Iterator[tuple[str, Known]]:
        roots = (*held.through, held.made.name)
        given = self._enclosing.set_from_outside(None)
        for name in names:
            if any((root, name) in given for root in roots):
                continue
            before = self._depth
            try:
                found = self.not_changed(roots, self._of_object(held, name))
                yield name, Known(self._seen(found.value, depth + 1), found.by_default)
            except NOT_SAID:
                self._depth = before

    def _attributes_of(self, node: ast.ClassDef) -> Sequence[str]:
        """Names of all that a class and the classes above it keep."""
        found: dict[str, None] = {}
        for one in self._lineage(node):
            found |= dict.fromkeys(self._enclosing.kept_by(one))
            for base in one.bases:
                foreign = self._foreign_class(base) if self._class_of(base) is None else None
                if foreign is not None and foreign.making is not None:
                    found |= dict.fromkeys(name for name, _ in foreign.making.kept)
        return list(found)[:_MOST]


_ADD_NO_FIELDS = frozenset({"object", "ABC", "Generic", "Protocol", *_CONFIGURATIONS})


def _init_of(node: ast.ClassDef) -> Function | None:
    return next((m for m in node.body if isinstance(m, Function) and m.name == "__init__"), None)


def _marks(node: ast.ClassDef) -> list[str]:
    """The last words of a class's decorators and bases."""
    decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return [(dotted_name(n) or "").rpartition(".")[2] for n in (*decorators, *node.bases)]


def _is_frozen(node: ast.ClassDef) -> bool:
    """Whether nobody can give its objects other values."""
    frozen = [
        k.value
        for d in node.decorator_list
        if isinstance(d, ast.Call)
        for k in d.keywords
        if k.arg == "frozen"
    ]
    return "NamedTuple" in _marks(node) or any(literal(value) == (True, True) for value in frozen)


def _is_init(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and func.attr == "__init__"


def _is_super(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call)


def own_body(node: ast.ClassDef) -> set[str]:
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
