"""Names that another module defines: who can say what they are."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from keras_lsp.source.facts import Built, LayerSlot, ModelKind
from keras_lsp.text.span import Span

if TYPE_CHECKING:
    from keras_lsp.source.evaluation import Known
    from keras_lsp.source.facts import MadeWeight
    from keras_lsp.source.held import Held

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>[.\w]+)|import[ \t]+(?P<modules>[\w., \t]+))", re.MULTILINE
)
_TEST = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+test", re.MULTILINE)
# Modules whose names we know, or that define no model.
_NOT_ASKED = sys.stdlib_module_names | {"keras", "tensorflow", "tf_keras", "numpy", "matplotlib", "pandas"}


@dataclass(frozen=True, slots=True)
class ClassOrigin:
    """A model or layer class of another module."""

    kind: ModelKind  # SUBCLASS, LAYER, MODULE, or HOLDER for one that is no model and keeps some
    name: str  # as its own module spells it; canonical for a class of Keras
    path: str  # file that defines it; "" for a class of Keras
    name_span: Span  # in that file
    parameters: tuple[str, ...] = ()  # of __init__, without self
    has_own_build: bool = True
    initial: Built = Built.UNKNOWN  # of a new instance
    is_builtin: bool = False
    slots: tuple[LayerSlot, ...] = ()  # own and inherited; spans in that file
    setters: tuple[tuple[str, str], ...] = ()  # as `ModelClass.setters`
    passed: tuple[tuple[str, str], ...] = ()  # as `ModelClass.passed`
    weights: tuple[MadeWeight, ...] = ()  # as `slots`
    templates: tuple[
        tuple[str, str], ...
    ] = ()  # attributes of a holder that keep what a method of it gives, and that method

    @property
    def has_layers(self) -> bool:
        """Whether its objects are layers or surely keep some."""
        return self.kind is not ModelKind.HOLDER or bool(self.slots)

    @classmethod
    def of_keras(cls, canonical: str) -> ClassOrigin:
        """A class of Keras that another module hands on."""
        return cls(ModelKind.UNKNOWN, canonical, "", Span(0, 0), is_builtin=True)


@dataclass(frozen=True, slots=True)
class FunctionOrigin:
    """A function of another module that returns layers."""

    returns: Held  # spans in that file
    path: str
    parameters: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()  # of them, those that it gives other values
    hands_back: str = ""  # the one of them that it returns as it is


class NameResolver(Protocol):
    """Answers at once, from what it has; looking further is its own business, in the background."""

    def class_origin(self, module: str, name: str) -> ClassOrigin | None:
        """The class that `from <module> import <name>` gives; `module` keeps its leading dots.

        None when it is not known (yet), or no class that has to do with models.
        """
        ...

    def function_origin(self, module: str, name: str) -> FunctionOrigin | None:
        """The same for a function that returns layers."""
        ...

    def constant(self, module: str, name: str) -> Known | None:
        """The same for a value, or a class or object with values, that the other text fixes."""
        ...

    def fixture(self, name: str) -> tuple[str, FunctionOrigin] | None:
        """The module and the function of the nearest `conftest.py` with a fixture that gives layers."""
        ...


class SameFileResolver:
    """Knows no other file: what this module does not define stays unknown."""

    def class_origin(self, module: str, name: str) -> ClassOrigin | None:  # noqa: ARG002  # the protocol's
        return None

    def function_origin(self, module: str, name: str) -> FunctionOrigin | None:  # noqa: ARG002  # the protocol's
        return None

    def constant(self, module: str, name: str) -> Known | None:  # noqa: ARG002  # the protocol's
        return None

    def fixture(self, name: str) -> tuple[str, FunctionOrigin] | None:  # noqa: ARG002  # the protocol's
        return None


def needs_others(text: str) -> bool:
    """Whether another file may say what something in the text is: it is imported, or given to a test."""
    if _TEST.search(text) is not None:
        return True
    for match in _IMPORT.finditer(text):
        modules = (match["module"] or match["modules"]).split(",")
        if any(may_be_ours(module.strip().split(" ")[0]) for module in modules):
            return True
    return False


def may_be_ours(dotted: str) -> bool:
    """Whether a name may be of a module that defines models, or what they are made with."""
    return dotted.split(".", 1)[0] not in _NOT_ASKED


def split_name(dotted: str) -> tuple[str, str]:
    """Module with its leading dots, and the name in it: `..a.b` -> ("..a", "b"), `.a` -> (".", "a")."""
    name = dotted.lstrip(".")
    module, _, last = name.rpartition(".")
    return "." * (len(dotted) - len(name)) + module, last
