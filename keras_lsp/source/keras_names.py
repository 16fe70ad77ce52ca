"""Every way to spell a name of Keras, brought to one: the spelling under `keras.`."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from keras_lsp.knowledge import catalogue
from keras_lsp.source.facts import KerasImports

if TYPE_CHECKING:
    from collections.abc import Iterator

# Longest first: the packages that hold all of Keras under another name.
_ROOTS = (
    "tensorflow.python.keras.api._v2.keras",
    "tensorflow.python.keras.api._v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.python.keras",
    "tensorflow_core.python.keras",
    "tensorflow.keras",
    "keras._tf_keras.keras",
    "keras.api._v2.keras",
    "keras.api._v1.keras",
    "keras.api",
    "keras.src",
    "tf_keras.src",
    "tf_keras.api",
    "tf_keras",
)
_WITH_KERAS = frozenset({"tensorflow", "tensorflow.compat.v1", "tensorflow.compat.v2"})  # have a `.keras`
_BY_TENSORFLOW = re.compile(
    r"tensorflow(?:\.compat\.v2)?(?:\.keras(?:\.|\Z)|\Z)"
)  # what it calls `keras`, or has it
_MODELS = {"Model": "keras.Model", "Functional": "keras.Model", "Sequential": "keras.Sequential"}
_LEGACY_SWITCH = re.compile(r"""TF_USE_LEGACY_KERAS["']\s*\]?\s*[=,]\s*["'](?:1|true)["']""", re.IGNORECASE)
_BACKEND_SWITCH = re.compile(
    r"""KERAS_BACKEND["']\s*\]?\s*[=,]\s*["'](tensorflow|jax|torch|numpy|openvino)["']"""
)


@lru_cache(maxsize=4096)
def canonical(dotted: str) -> str:
    """`tensorflow.keras.layers.Dense` -> `keras.layers.Dense`; a name that is not Keras's stays as it is."""
    for root in _ROOTS:
        if dotted == root or dotted.startswith(root + "."):
            dotted = "keras" + dotted[len(root) :]
            break
    if not dotted.startswith("keras."):
        return dotted
    *modules, last = dotted.split(".")
    if last == "Input":
        return "keras.Input"
    if last in _MODELS and (modules[1:2] in ([], ["models"], ["engine"], ["training"]) or "src" in modules):
        return _MODELS[last]
    if last[:1].isupper() and _is_layer_module(modules) and catalogue.is_layer(f"keras.layers.{last}"):
        return f"keras.layers.{last}"
    return dotted


def _is_layer_module(modules: list[str]) -> bool:
    """`keras`, `keras.layers` and the private modules that define layers."""
    return modules == ["keras"] or modules[1] in {"layers", "engine", "topology", "legacy"}


def is_private_layer(name: str) -> bool:
    """A base that Keras does not offer but defines beside its layers: `BaseConv`, `TFDataLayer`."""
    *modules, last = name.split(".")
    return (
        modules[:2] == ["keras", "layers"] and len(modules) > 2 and last[:1].isupper() and "Mixin" not in last
    )


def is_model_class(name: str) -> bool:
    return name in {"keras.Model", "keras.Sequential"}


def is_application(name: str) -> bool:
    """Whether a canonical name is a function that returns one of Keras's ready functional models."""
    module, _, last = name.rpartition(".")
    return module.startswith("keras.applications") and last[:1].isupper()


def module_of(node: ast.ImportFrom) -> str:
    """The module that names come from, with its leading dots."""
    return "." * node.level + (node.module or "")


def joined_name(module: str, name: str) -> str:
    """A name in a module with its leading dots: `..a`, `b` -> `..a.b`; `.`, `a` -> `.a`."""
    return f"{module}{'' if module.endswith('.') else '.'}{name}"


def dotted_name(node: ast.expr) -> str | None:
    """`a.b.c` of names and attributes as text; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


@dataclass
class Imports:
    """The names one module binds to modules, classes and functions of others."""

    names: dict[str, str] = field(default_factory=dict)  # local name -> dotted name, canonical for Keras
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)  # local name -> (line, utf-8 column)
    stars: list[str] = field(default_factory=list)  # canonical modules of `from m import *`
    aliases: dict[str, str] = field(
        default_factory=dict
    )  # `Base = bases.Base` of the module body, not of Keras
    roots: set[str] = field(default_factory=set)  # first words of what is imported
    origins: dict[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # name of the module body -> all that imports give to it, one of which counts
    top_level: list[str] = field(default_factory=list)  # local names bound in the module body
    by_tensorflow: set[str] = field(default_factory=set)  # local names of what TensorFlow calls `keras`

    def add_import(self, node: ast.Import, top_level: bool) -> None:
        for alias in node.names:
            dotted = alias.name if alias.asname else alias.name.split(".", 1)[0]
            self.roots.add("tf_keras" if alias.name.startswith("tf_keras") else alias.name.split(".", 1)[0])
            self._bind(alias.asname or dotted, dotted, alias, top_level)

    def add_from(self, node: ast.ImportFrom, top_level: bool) -> None:
        module = module_of(node)
        if not node.level:
            self.roots.add(module.split(".", 1)[0])
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(canonical(module))
            else:
                dotted = joined_name(module, alias.name)
                self._bind(alias.asname or alias.name, dotted, alias, top_level)

    def add_alias(self, name: str, value: ast.expr, top_level: bool) -> None:
        """`layers = tf.keras.layers` is as good as an import."""
        dotted = dotted_name(value)
        found = self.resolve(dotted) if dotted else None
        if found is not None and not is_keras(found) and top_level:
            self.aliases[name] = found
        if found is not None and is_keras(found) and name not in self.names:
            self.names[name] = found
            if dotted and dotted.partition(".")[0] in self.by_tensorflow:
                self.by_tensorflow.add(name)
            if top_level:
                self.top_level.append(name)

    def _bind(self, name: str, dotted: str, alias: ast.alias, top_level: bool) -> None:
        known = self.names.get(name, "")
        if not is_keras(known):  # a fallback import does not undo the first
            self.names[name] = canonical(dotted)
            (self.by_tensorflow.add if is_by_tensorflow(dotted) else self.by_tensorflow.discard)(name)
            self.spans[name] = (alias.lineno, alias.col_offset)
        if top_level:
            self.top_level.append(name)
            self.origins[name] = tuple(dict.fromkeys((*self.origins.get(name, ()), dotted)))

    def resolve(self, dotted: str) -> str | None:
        """The canonical or dotted name that `dotted`, as written, stands for; None when not imported."""
        first, _, rest = dotted.partition(".")
        known = self.names.get(first)
        if known is not None:
            return canonical(f"{known}.{rest}") if rest else known
        for module in self.stars:
            candidate = canonical(f"{module}.{dotted}")
            if candidate == "keras.Input" or is_model_class(candidate) or catalogue.is_layer(candidate):
                return candidate
        return None

    def facts(self, text: str) -> KerasImports:
        uses_tf_keras = any(name in _WITH_KERAS for name in self.names.values()) and ".keras" in text
        used = uses_tf_keras or any(is_keras(name) for name in (*self.names.values(), *self.stars))
        prefix = self._prefix(text, uses_tf_keras)
        layers = next((n for n in self.top_level if self.names.get(n) == "keras.layers"), None)
        return KerasImports(
            used=used,
            prefix=prefix,
            layers_prefix=layers or (f"{prefix}.layers" if prefix else None),
            names=tuple(self.names.items()),
            by_tensorflow=frozenset(self.by_tensorflow),
            legacy=self._legacy() or _asks_for_legacy(text),
            backend=backend.group(1) if (backend := _BACKEND_SWITCH.search(text)) is not None else "",
        )

    def _prefix(self, text: str, uses_tf_keras: bool) -> str | None:
        """The spelling of `keras` that the text itself uses most."""
        spellings = list(dict.fromkeys(self._keras_spellings(uses_tf_keras)))
        if len(spellings) < 2:
            return next(iter(spellings), None)
        # Begins with the names, not with what must not be before them: searched for many times faster.
        any_of = "|".join(map(re.escape, sorted(spellings, key=len, reverse=True)))
        used = Counter(
            match[1] for match in re.finditer(rf"({any_of})\.", text) if _is_name_start(text, match.start())
        )
        return max(spellings, key=used.__getitem__)

    def _keras_spellings(self, uses_tf_keras: bool) -> Iterator[str]:
        for name in self.top_level:
            if self.names.get(name) == "keras":
                yield name
            elif self.names.get(name) in _WITH_KERAS and (uses_tf_keras or "keras" not in self.names):
                yield f"{name}.keras"

    def _legacy(self) -> bool:
        return "tf_keras" in self.roots and not self.roots & {"keras", "tensorflow"}


def is_by_tensorflow(dotted: str) -> bool:
    """Whether a name as imported is TensorFlow, or of what TensorFlow calls `keras`."""
    return _BY_TENSORFLOW.match(dotted) is not None


def _asks_for_legacy(text: str) -> bool:
    """The pattern alone, which ignores case, looks at each character."""
    return "legacy_keras" in text.lower() and _LEGACY_SWITCH.search(text) is not None


def _is_name_start(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    return not (before.isalnum() or before in {"_", "."})


def is_keras(name: str) -> bool:
    """Whether a canonical name is Keras or of it."""
    return name == "keras" or name.startswith("keras.")
