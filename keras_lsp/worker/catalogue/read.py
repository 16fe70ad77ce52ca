"""The catalogue of one Keras as plain JSON values; `knowledge/catalogue` on the server's side reads it."""

from __future__ import annotations

import contextlib
import inspect
import types
from typing import TYPE_CHECKING, Any, Dict, List

from . import docs, names, samples, signatures, strings

if TYPE_CHECKING:
    from ..lines.symbolic import KerasLine

FORMAT = 3


def read_catalogue(line: KerasLine) -> Dict[str, Any]:
    """Makes layers, so it is for a process that does not fork afterwards."""
    public = names.public_things(line.keras)
    things, aliases = names.by_canonical_name({**public, **names.only_of_tensorflow(line.keras, public)})
    things = {**things, **names.members(line.keras, things)}
    classes = {name for name, thing in things.items() if inspect.isclass(thing)}
    entries = {}
    for name, thing in things.items():
        with contextlib.suppress(Exception):  # a class that does not do as Keras's others costs only itself
            entries[name] = _entry(line, name, thing, name.rpartition(".")[0] in classes)
            if name in classes and not names.is_layer(line.keras, thing):
                entries[name]["bases"] = names.bases(things, thing)
    paths = {id(thing): name for name, thing in things.items()}
    return {
        "format": FORMAT,
        "keras": str(line.keras.__version__),
        "line": line.line,
        "entries": entries,
        "aliases": {name: target for name, target in sorted(aliases.items()) if target in entries},
        "strings": {
            kind: {text: paths[id(thing)] for text, thing in found.items() if id(thing) in paths}
            for kind, found in strings.accepted(line.keras, map(docs.documentation, things.values())).items()
        },
    }


def _entry(line: KerasLine, name: str, thing: Any, is_method: bool) -> Dict[str, Any]:
    text = docs.documentation(thing)
    if isinstance(thing, types.ModuleType):
        return {"kind": "module", "summary": docs.first_paragraph(text)}
    if isinstance(thing, property):
        return {"kind": "property", "summary": docs.first_paragraph(text)}
    is_class = inspect.isclass(thing)
    described = docs.arguments(text)
    if is_class:
        described = {**docs.arguments(docs.documentation(thing.__init__)), **described}
    taken = signatures.signature(_maker(line, thing), bound=is_method)
    entry: Dict[str, Any] = {
        "kind": "class" if is_class else "function",
        "summary": docs.first_paragraph(text),
        "deprecated": docs.is_deprecated(text),
        "parameters": signatures.parameters(taken),
        "arguments": {key: body for key, body in described.items() if key in taken.parameters},
    }
    if is_class and issubclass(thing, line.layer_class):
        entry.update(_layer_facts(line, name, thing))
    entry["choices"] = _choices(thing if is_class else None, entry)
    return {key: value for key, value in entry.items() if value or key in ("kind", "parameters", "weights")}


def _maker(line: KerasLine, thing: Any) -> Any:
    """`keras.Model(...)` makes a functional model, and that class alone has the parameters."""
    if thing is not line.model_class:
        return thing
    tensor = line.keras.Input((1,))
    return type(thing(tensor, tensor))


def _layer_facts(line: KerasLine, name: str, cls: Any) -> Dict[str, Any]:
    facts: Dict[str, Any] = {"more": samples.further_keywords(line, cls)}
    if name.startswith(("keras.layers.", "tf.keras.layers.")) and cls is not line.layer_class:
        found = samples.weights(line, cls)
        if found is not None:
            facts["weights"] = found
    return facts


def _choices(cls: Any, entry: Dict[str, Any]) -> Dict[str, List[str]]:
    """What the documentation lists; where the constructor refuses other words, without those it refuses."""
    defaults = {pair[0]: pair[1] if len(pair) > 1 else "" for pair in entry["parameters"]}
    least = 2 if cls is not None else 1  # `weights` of a model by name: None or "imagenet"
    found = {}
    for name, text in entry.get("arguments", {}).items():
        default = defaults.get(name, "None")
        words = strings.choices(text, marked=True)
        if len(words) < least or defaults.keys() & words or default[:1] not in ("", "N", "'", '"'):
            continue
        if cls is not None and samples.is_picky(cls, name):
            words = [word for word in words if samples.instance(cls, **{name: word}) is not None]
        elif cls is not None and not default:
            continue  # `equation: such as "ab,bc->ac"`
        else:
            words = strings.choices(text, marked=False)
        if len(words) >= least and (default in ("", "None") or default[1:-1] in words):
            found[name] = words
    return found
