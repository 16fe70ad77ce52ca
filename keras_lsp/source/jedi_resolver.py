"""What is known of the names that one file imports, and of the fixtures that its tests are given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Generic, TypeVar

from keras_lsp.source.resolve import ClassOrigin, FunctionOrigin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keras_lsp.source.evaluation import Known

ImportedName = tuple[str, str]  # module with its leading dots, name in it
Origin = ClassOrigin | FunctionOrigin
Fixture = tuple[str, FunctionOrigin]  # of a `conftest` that is above by as many folders as it has dots

_Name = TypeVar("_Name")
_Answer = TypeVar("_Answer")


@dataclass
class Answers(Generic[_Name, _Answer]):
    """To questions of one kind: those found so far, None for what is not there, and those asked in vain."""

    found: dict[_Name, _Answer | None] = field(default_factory=dict)
    wanted: dict[_Name, None] = field(default_factory=dict)  # in the order asked

    def ask(self, name: _Name) -> _Answer | None:
        """At once; None while nobody knows."""
        if name not in self.found:
            self.wanted[name] = None
        return self.found.get(name)

    def find(self, names: Iterable[_Name], find: Callable[[_Name], _Answer | None]) -> None:
        self.found = self.found | {name: find(name) for name in names}

    @property
    def known(self) -> dict[_Name, _Answer]:
        return {name: answer for name, answer in self.found.items() if answer is not None}


@dataclass
class JediResolver:
    """The names one file imports. Answers from what was found so far; remembers what was asked in vain.

    `root` is the workspace folder of the file, `packages` are the folders with the user's installed packages.
    """

    path: str | None
    root: str | None
    packages: tuple[str, ...] = ()
    origins: Answers[ImportedName, Origin] = field(default_factory=Answers)  # of classes and functions
    values: Answers[ImportedName, Known] = field(default_factory=Answers)
    fixtures: Answers[str, Fixture] = field(default_factory=Answers)

    def class_origin(self, module: str, name: str) -> ClassOrigin | None:
        origin = self.origins.ask((module, name))
        return origin if isinstance(origin, ClassOrigin) else None

    def function_origin(self, module: str, name: str) -> FunctionOrigin | None:
        origin = self.origins.found.get((module, name))
        return origin if isinstance(origin, FunctionOrigin) else None

    def constant(self, module: str, name: str) -> Known | None:
        return self.values.ask((module, name))

    def fixture(self, name: str) -> Fixture | None:
        return self.fixtures.ask(name)

    @property
    def known_values(self) -> dict[ImportedName, str]:
        """The names of constants, and all that is known of each; 1 and True are not the same."""
        return {name: repr(value) for name, value in self.values.known.items()}

    @property
    def knows_anything(self) -> bool:
        return self.knows_layers or bool(self.values.known)

    @property
    def knows_layers(self) -> bool:
        origins = self.origins.known.values()
        has_layers = any(origin.has_layers for origin in origins if isinstance(origin, ClassOrigin))
        functions = any(isinstance(origin, FunctionOrigin) for origin in origins)
        return has_layers or functions or bool(self.fixtures.known)

    @property
    def wants_more(self) -> bool:
        return bool(self.origins.wanted or self.values.wanted or self.fixtures.wanted)

    def knows_the_same(self, other: JediResolver) -> bool:
        """Whether the facts of the file are the same with either."""
        return (self.origins.known, self.known_values, self.fixtures.known) == (
            other.origins.known,
            other.known_values,
            other.fixtures.known,
        )

    def take(self, other: JediResolver) -> None:
        """All that another one of the same file has found."""
        self.origins.found = other.origins.found
        self.values.found = other.values.found
        self.fixtures.found = other.fixtures.found

    def afresh(self) -> JediResolver:
        """One that knows the same and was asked nothing yet."""
        return replace(
            self,
            origins=Answers(self.origins.found),
            values=Answers(self.values.found),
            fixtures=Answers(self.fixtures.found),
        )

    @property
    def is_installed(self) -> bool:
        return self.root in self.packages

    def of_file(self, path: str) -> JediResolver:
        """For what another file imports; a package is the root of its own absolute imports."""
        parents = PurePath(path).parents
        roots = (self.root, *self.packages)
        root = next((root for root in roots if root and PurePath(root) in parents), self.root)
        return JediResolver(path, root, self.packages)
