"""Prints the catalogue of the Keras packages it is told, newest first, for `catalogue.json`.

    python keras_lsp/knowledge/generate.py keras tf_keras > catalogue.json

It runs under a Python that has them, never in the server. Everything comes from introspection, nothing is
written by hand; layers that only a later package has are added to those of the first.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from typing import Any

_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def main(packages: list[str]) -> None:
    """Print the catalogue as JSON, one class a line."""
    newest, *older = [importlib.import_module(name) for name in packages]
    found = {name: entry for package in reversed(older) for name, entry in layers_of(package).items()}
    found |= layers_of(newest)
    for name in ("Model", "Sequential", "Input"):
        found[f"keras.{name}"] = describe(getattr(newest, name))
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(found.items()))
    sys.stdout.write(f'{{"keras": "{newest.__version__}", "layers": {{\n{lines}\n}}}}\n')


def layers_of(package: Any) -> dict[str, dict[str, object]]:
    """Canonical name -> description of every layer class a Keras offers."""
    classes = {
        name: thing
        for name in dir(package.layers)
        if inspect.isclass(thing := getattr(package.layers, name)) and issubclass(thing, package.layers.Layer)
    }
    return {f"keras.layers.{name}": describe(thing) for name, thing in classes.items()}


def describe(thing: object) -> dict[str, object]:
    """First sentence of the documentation, and the parameters in order: `[name]` or `[name, default]`."""
    return {"summary": first_sentence(inspect.getdoc(thing) or ""), "parameters": parameters(thing)}


def first_sentence(documentation: str) -> str:
    paragraph = " ".join(documentation.split("\n\n", 1)[0].split())
    return _SENTENCE_END.split(paragraph, maxsplit=1)[0]


def parameters(thing: Any) -> list[list[str]]:
    maker = thing.__init__ if inspect.isclass(thing) else thing
    named = []
    for parameter in inspect.signature(maker).parameters.values():
        if parameter.name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = [] if parameter.default is parameter.empty else [_text(parameter.default)]
        named.append([parameter.name, *default])
    return named


def _text(default: object) -> str:
    return _MEMORY_ADDRESS.sub("", repr(default))


if __name__ == "__main__":
    main(sys.argv[1:])
