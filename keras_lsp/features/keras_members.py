"""The names of Keras below a module: `keras.layers.|`, `from keras.layers import |`."""

from __future__ import annotations

import functools
import operator
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features.auto_import import unimported_module
from keras_lsp.features.keras_name import comes_by_tensorflow, resolve
from keras_lsp.features.keras_object import class_held
from keras_lsp.features.results import Completion, CompletionKind, Topic
from keras_lsp.knowledge.api import Kind
from keras_lsp.source.keras_names import canonical, is_by_tensorflow

if TYPE_CHECKING:
    from keras_lsp.features.keras_place import Place
    from keras_lsp.knowledge.api import Api

_Listed = tuple[str, str, CompletionKind, Topic, str]  # sort text, label, kind, topic, detail

_KINDS = {
    Kind.MODULE: CompletionKind.MODULE,
    Kind.CLASS: CompletionKind.CLASS,
    Kind.FUNCTION: CompletionKind.FUNCTION,
    Kind.PROPERTY: CompletionKind.PROPERTY,
}
_OF_ALL = frozenset({"get_config", "dtype"})  # every object of Keras has them; people look for others
_MEMBER = re.compile(r"(?P<module>[^\W\d]\w*(?:[ \t]*\.[ \t]*[^\W\d]\w*)*)[ \t]*\.[ \t]*\w*\Z")
_IMPORT_FROM = re.compile(
    r"(?:^|;)[ \t]*from[ \t]+(?P<module>[\w.]+)[ \t]+import\b(?P<names>[^;\n(]*|[ \t]*\([^;)]*)\Z",
    re.MULTILINE,
)
_IMPORT_NAMES = re.compile(r"[ \t]*\(?(?:\s*\w+(?:[ \t]+as[ \t]+\w+)?\s*,)*\s*\w*\Z")
_IMPORT = re.compile(
    r"^[ \t]*(?:from|import)[ \t]+(?:[\w.]+(?:[ \t]+as[ \t]+\w+)?[ \t]*,[ \t]*)*[\w.]+\.\w*\Z", re.MULTILINE
)


def complete_members(place: Place) -> tuple[Completion, ...] | None:
    """None where no module stands before the cursor."""
    module = _imported_module(place)
    if module is not None:
        return _members(place, canonical(module), by_tensorflow=is_by_tensorflow(module))
    below = _MEMBER.search(place.head)
    return _below(place, "".join(below["module"].split())) if below is not None else None


def _imported_module(place: Place) -> str | None:
    """`tensorflow.keras.layers` in `from tensorflow.keras.layers import De|`."""
    found = _IMPORT_FROM.search(place.head)
    if found is None or not _IMPORT_NAMES.match(found["names"]):
        return None
    return str(found["module"])


def _below(place: Place, dotted: str) -> tuple[Completion, ...]:
    if _IMPORT.search(place.head):
        by_tensorflow = is_by_tensorflow(dotted)
        return _members(place, canonical(dotted), by_tensorflow=by_tensorflow, modules_only=True)
    name = resolve(place.view, dotted, place.offset)
    if name is not None:
        return _members(place, name, by_tensorflow=comes_by_tensorflow(place.view, dotted))
    meant = unimported_module(place, dotted)
    if meant is None:
        return _of_object(place, dotted)
    module, edits = meant
    return tuple(replace(item, also=edits) for item in _members(place, module))


def _members(
    place: Place, module: str, *, by_tensorflow: bool = False, modules_only: bool = False
) -> tuple[Completion, ...]:
    if module == "tensorflow":
        # A lazy loader, which other servers do not see; the rest of TensorFlow is theirs.
        return (
            Completion("keras", CompletionKind.MODULE, place.word, "keras", sort="0", topic=Topic("keras")),
        )
    word = place.word
    return tuple(
        Completion(label, kind, word, label, detail, sort=sort, topic=topic)
        for sort, label, kind, topic, detail in _listed(place.api, module, by_tensorflow, modules_only)
    )


def _of_object(place: Place, dotted: str) -> tuple[Completion, ...]:
    """`optimizer.` behind `optimizer = tf.keras.optimizers.Adam()`."""
    held = class_held(place.view, dotted, place.offset)
    members = place.api.members_of(held) if held is not None else {}
    return tuple(
        Completion(
            name,
            _KINDS[entry.kind],
            place.word,
            name,
            sort=f"{int(name in _OF_ALL)}{name}",
            topic=Topic(entry.name),
        )
        for name, entry in members.items()
        if not entry.deprecated
    )


@functools.lru_cache(maxsize=32)  # asked for at each keystroke in a name
def _listed(api: Api, module: str, by_tensorflow: bool, modules_only: bool) -> tuple[_Listed, ...]:
    """The members of a module in the order they are shown in."""
    found = []
    for name in api.members(module, by_tensorflow=by_tensorflow):
        entry = api.entry(name)
        if entry is None or entry.deprecated or (modules_only and entry.kind is not Kind.MODULE):
            continue
        label = name.rpartition(".")[2]
        second = api.is_second_name(name)
        rank = "9" if second else _rank(entry.kind, module)
        detail = entry.name if second else ""
        found.append((f"{rank}{label.lower()}", label, _KINDS[entry.kind], Topic(entry.name), detail))
    return tuple(sorted(found, key=operator.itemgetter(0)))


def _rank(kind: Kind, module: str) -> str:
    """At the root people look for modules, further down for what is in them."""
    first = (Kind.MODULE, Kind.CLASS, Kind.FUNCTION) if module == "keras" else (Kind.CLASS, Kind.FUNCTION)
    return str(first.index(kind)) if kind in first else "5"
