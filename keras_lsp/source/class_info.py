"""A model class with what the facts have no place for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from keras_lsp.source.parameters import all_arguments

if TYPE_CHECKING:
    import ast

    from keras_lsp.source.facts import LayerSlot, MadeWeight, ModelClass, ModelKind
    from keras_lsp.source.held import Environment
    from keras_lsp.source.module_index import Function


class PassedOn(NamedTuple):
    """What the constructor of a class does with what it is given."""

    parameters: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]  # attribute, and the parameter that it keeps


@dataclass(frozen=True)
class Holder:
    """A class that is no model and keeps models: a trainer, an agent, a test."""

    node: ast.ClassDef | None  # None: of another file
    attributes: Environment  # what each `self.<name>` holds, also by a base
    facts: ModelClass  # what an object of it keeps, with places
    templates: tuple[tuple[str, str], ...] = ()  # as of a `ClassOrigin`
    init: PassedOn | None = None

    @property
    def tells(self) -> bool:
        """Whether objects of it keep models, or may by what their constructor is given."""
        return bool(self.attributes or (self.init is not None and self.init.kept))

    @property
    def slots(self) -> tuple[LayerSlot, ...]:
        return (*self.facts.slots, *self.facts.inherited)


@dataclass
class ClassInfo:
    """One model or layer class of the module; `facts` is there once all of it is read."""

    node: ast.ClassDef
    kind: ModelKind
    bases: tuple[str, ...]
    parents: list[ClassInfo] = field(default_factory=list)  # bases defined in this module
    foreign: list[LayerSlot] = field(default_factory=list)  # slots of bases in other files
    foreign_weights: list[MadeWeight] = field(default_factory=list)  # as `foreign`
    foreign_init: PassedOn | None = None  # what the constructor of a base in another file keeps
    foreign_setters: list[tuple[str, str]] = field(default_factory=list)  # as `ModelClass.setters`
    known_bases: bool = True
    is_ambiguous: bool = False  # another class of the module has the same name
    is_sequential: bool = False
    functions: dict[str, Function] = field(default_factory=dict)
    attributes: Environment = field(default_factory=dict)  # what each `self.<name>` holds
    super_call: ast.Call | None = None  # `super().__init__(...)`
    builds_itself: bool = False  # whether it, or a base, has its own build()
    facts: ModelClass = field(init=False)

    def function(self, name: str) -> Function | None:
        """A method, own or inherited within this module."""
        if name in self.functions:
            return self.functions[name]
        return next((found for p in self.parents if (found := p.function(name))), None)

    @property
    def init(self) -> PassedOn | None:
        """What its constructor does with what it is given."""
        own = self.functions.get("__init__")
        if own is None:
            return self.base_init
        return PassedOn(tuple(a.arg for a in all_arguments(own)[1:]), self.facts.passed)

    @property
    def base_init(self) -> PassedOn | None:
        """What `super().__init__` does with what it is given."""
        found = (parent.init for parent in self.parents)
        return next((init for init in found if init is not None), self.foreign_init)

    def slots_of(self, attribute: str) -> tuple[LayerSlot, ...]:
        """Every slot at or below `self.<attribute>`, own ones first."""
        return self._slots.get(attribute, ())

    def weight(self, attribute: str) -> MadeWeight | None:
        """How it makes the weight in an attribute."""
        return self._weights.get(attribute)

    @cached_property
    def _weights(self) -> dict[str, MadeWeight]:
        return {weight.attribute: weight for weight in reversed(self.facts.weights)}

    @cached_property
    def _slots(self) -> dict[str, tuple[LayerSlot, ...]]:
        found: dict[str, tuple[LayerSlot, ...]] = {}
        for slot in (*self.facts.slots, *self.facts.inherited):
            found[slot.attribute] = (*found.get(slot.attribute, ()), slot)
        return found
