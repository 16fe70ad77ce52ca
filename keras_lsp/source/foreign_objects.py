"""Classes and objects of other modules, as data: what their attributes are, as far as that text fixes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keras_lsp.source.evaluation import Known, UnknownError

if TYPE_CHECKING:
    from collections.abc import Mapping

Arguments = tuple[tuple[str | None, Known], ...]  # those by position come first


@dataclass(frozen=True, slots=True)
class ForeignMaking:
    """What an object of a class comes to, made without arguments; and what arguments change of that."""

    parameters: tuple[str, ...]
    kept: tuple[tuple[str, Known], ...]
    passed: tuple[tuple[str, str], ...]  # attribute -> the parameter that is kept in it
    computed: tuple[str, ...] = ()  # attributes made of parameters in other ways


@dataclass(frozen=True, slots=True)
class ForeignObject:
    """Of a class (`making` is there) what it keeps itself."""

    kept: tuple[tuple[str, Known], ...]
    making: ForeignMaking | None = None
    through: tuple[str, ...] = ()  # names of this module that led to it

    def attribute(self, name: str) -> Known:
        found = dict(self.kept).get(name)
        if found is None:
            raise UnknownError
        return found

    def made(self, arguments: Arguments = ()) -> ForeignObject:
        """An object of this class."""
        making = self.making
        if making is None:
            raise UnknownError
        if not arguments:
            return ForeignObject(making.kept)
        given = bound(making.parameters, arguments)
        kept = {name: known for name, known in making.kept if name not in making.computed}
        kept |= {name: given[parameter] for name, parameter in making.passed if parameter in given}
        return ForeignObject(tuple(kept.items()))

    def by_default(self) -> ForeignObject:
        """The same where other code may have changed it since."""
        return replace(self, kept=tuple((name, Known(known.value, True)) for name, known in self.kept))


@dataclass(frozen=True, slots=True)
class ForeignModule:
    """What an import may give that is no value: a module, under the names that may mean it."""

    names: tuple[str, ...]
    through: tuple[str, ...] = ()


def bound(names: tuple[str, ...], arguments: Arguments) -> Mapping[str, Known]:
    by_position = [known for name, known in arguments if name is None]
    if by_position and ANY in names[: len(by_position)]:
        raise UnknownError
    return {
        **dict(zip(names, by_position, strict=False)),
        **{name: known for name, known in arguments if name is not None},
    }


ANY = "*"  # in the place of parameters that are not known
