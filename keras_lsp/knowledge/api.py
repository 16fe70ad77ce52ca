"""What one version of Keras offers, as the worker read it from the installed package (`worker/catalogue`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FORMAT = 3  # of the data; another one is not read


class Kind(str, Enum):
    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    PROPERTY = "property"


@dataclass(frozen=True, slots=True)
class Parameter:
    """As in a signature: `name` may be "*", "*args" or "**kwargs". `default` is its text."""

    name: str
    default: str | None = None

    @property
    def is_named(self) -> bool:
        return not self.name.startswith("*")

    @property
    def text(self) -> str:
        return self.name if self.default is None else f"{self.name}={self.default}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One public thing of Keras. A class has the parameters of its constructor, a method no `self`."""

    name: str  # canonical: "keras.layers.Dense", "keras.Model.compile"; "tf.keras…" where Keras 3 has no such
    kind: Kind
    summary: str = ""  # the first paragraph of its documentation, Markdown
    parameters: tuple[Parameter, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)  # parameter -> its documentation
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # parameter -> strings it takes
    weights: tuple[str, ...] | None = None  # of a layer, in order; None where that is not known
    more: tuple[str, ...] = ()  # keywords that `**kwargs` hands on to `Layer`
    deprecated: bool = False  # its documentation says so
    bases: tuple[str, ...] = ()  # of a class that is no layer: those that Keras offers, nearest first

    @property
    def short_name(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def keywords(self) -> tuple[str, ...]:
        return (*(parameter.name for parameter in self.parameters if parameter.is_named), *self.more)

    @property
    def positional(self) -> tuple[str, ...]:
        """The parameters that arguments without a name go to, in order."""
        names = [parameter.name for parameter in self.parameters]
        end = next((i for i, name in enumerate(names) if name.startswith("*")), len(names))
        return tuple(names[:end])

    def parameter(self, name: str) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


class Api:
    """All of one version. `strings`: "activations" -> string -> canonical name of what it stands for."""

    def __init__(
        self,
        version: str,
        line: int,
        entries: Iterable[Entry],
        aliases: Mapping[str, str],
        strings: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.version = version
        self.line = line
        self.strings = strings
        self._entries = {entry.name: entry for entry in entries}
        self._aliases = aliases
        self._members: dict[str, list[str]] = {}
        for name in (*self._entries, *aliases):
            self._members.setdefault(name.rpartition(".")[0], []).append(name)

    def entry(self, name: str, *, by_tensorflow: bool = False) -> Entry | None:
        """By a canonical name or any other public one.

        Under Keras 3, what came `by_tensorflow` may be of the names that only `tf.keras` has.
        """
        found = self._entries.get(self._aliases.get(name, name))
        return self.entry(f"tf.{name}") if found is None and by_tensorflow else found

    def members(self, module: str, *, by_tensorflow: bool = False) -> tuple[str, ...]:
        """The public names of a module, full ones; () for what is no module."""
        owner = self.entry(module, by_tensorflow=by_tensorflow)
        if owner is None or owner.kind is not Kind.MODULE:
            return ()
        more = self._members.get(f"tf.{owner.name}", ()) if by_tensorflow else ()
        return (*self._members.get(owner.name, ()), *more)

    def members_of(self, owner: Entry) -> dict[str, Entry]:
        """Methods and properties of an object of a class, by their names; no layers' or models'."""
        found: dict[str, Entry] = {}
        for name in (owner.name, *owner.bases):
            for member in self._members.get(name, ()):
                if (entry := self.entry(member)) is not None:
                    found.setdefault(entry.short_name, entry)
        return found

    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def is_second_name(self, name: str) -> bool:
        """Whether the module also has the thing under the name it calls itself: `Convolution2D`."""
        target = self._aliases.get(name)
        module = name.removeprefix("tf.").rpartition(".")[0]
        return target is not None and target.rpartition(".")[0] == module


def read_api(data: object) -> Api:
    """From plain JSON values. Raises ValueError for what is none of it: it may come from a broken file."""
    try:
        if not isinstance(data, dict) or data["format"] != FORMAT:
            raise ValueError("not this format")
        strings = {str(kind): _texts(found) for kind, found in _dict(data["strings"]).items()}
        return Api(
            _text(data["keras"]),
            int(data["line"]),
            _entries(data["entries"]),
            _texts(data["aliases"]),
            strings,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a catalogue: {error!r}") from None


def _entries(data: Any) -> Iterator[Entry]:
    for name, described in _dict(data).items():
        entry = _dict(described)
        weights = entry.get("weights")
        yield Entry(
            name=_text(name),
            kind=Kind(entry["kind"]),
            summary=_text(entry.get("summary", "")),
            parameters=tuple(Parameter(*map(_text, pair)) for pair in entry.get("parameters", ())),
            arguments=_texts(entry.get("arguments", {})),
            choices={_text(key): tuple(map(_text, x)) for key, x in _dict(entry.get("choices", {})).items()},
            weights=None if weights is None else tuple(map(_text, weights)),
            more=tuple(map(_text, entry.get("more", ()))),
            deprecated=bool(entry.get("deprecated", False)),
            bases=tuple(map(_text, entry.get("bases", ()))),
        )


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return value


def _texts(value: Any) -> dict[str, str]:
    return {_text(key): _text(item) for key, item in _dict(value).items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {type(value).__name__}")
    return value
