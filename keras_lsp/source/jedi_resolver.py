"""Model and layer classes of other files, through jedi: in the background, on one thread.

Jedi only follows imports to the file that defines a class; what that class is, our own extraction says.
Jedi is imported when the first name is looked for.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from keras_lsp.source.extract import extract
from keras_lsp.source.keras_names import canonical
from keras_lsp.source.resolve import ClassOrigin

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.source.facts import ModelClass, ModuleFacts

ImportedName = tuple[str, str]  # module with its leading dots, name in it
_DEPTH = 6  # bases of bases, each in another file


@dataclass
class JediResolver:
    """The names one file imports. Answers from what was found so far; remembers what was asked in vain."""

    path: str | None
    root: str | None
    found: dict[ImportedName, ClassOrigin | None] = field(default_factory=dict)
    wanted: dict[ImportedName, None] = field(default_factory=dict)  # in the order asked

    def class_origin(self, module: str, name: str) -> ClassOrigin | None:
        """At once; None while nobody knows."""
        key = (module, name)
        if key not in self.found:
            self.wanted[key] = None
        return self.found.get(key)


class JediNames:
    """One thread that looks names up, and what it has read.

    `read` gives the current text of a file, None when there is none; unsaved text counts.
    """

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jedi")
        self._facts: dict[str, tuple[str, ModuleFacts]] = {}  # path -> text and its facts
        self._closed = False

    def look_up(self, resolver: JediResolver) -> Future[bool]:
        """Look for what `resolver` was asked in vain; the result tells whether it knows more now.

        Cancelling the future stops a look-up that has not begun.
        """
        wanted = list(resolver.wanted)
        resolver.wanted.clear()
        return self._thread.submit(self._look_up, resolver, wanted)

    def close(self) -> None:
        """Stop after the name that is being looked up."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, resolver: JediResolver, wanted: list[ImportedName]) -> bool:
        new = False
        for name in wanted:
            if self._closed:
                break
            origin = self._origin(resolver, name, _DEPTH)
            resolver.found[name] = origin
            new = new or origin is not None
        return new

    def _origin(self, resolver: JediResolver, name: ImportedName, depth: int) -> ClassOrigin | None:
        definition = _definition(resolver, name)
        if definition is None:
            return None
        full_name = canonical(definition.full_name or "")
        if full_name.startswith("keras."):
            return ClassOrigin.of_keras(full_name)
        path = str(definition.module_path) if definition.module_path else None
        if path is None or definition.type != "class":
            return None
        model = self._facts_of(path, resolver.root, depth).model_class(definition.name)
        return _origin_of(model, path) if model is not None else None

    def _facts_of(self, path: str, root: str | None, depth: int) -> ModuleFacts:
        """The facts of another file, with the classes it imports in its turn."""
        text = self._read(path) or ""
        known = self._facts.get(path)
        if known is not None and known[0] == text:
            return known[1]
        resolver = JediResolver(path, root)
        facts = extract(text, resolver)
        if resolver.wanted and depth > 0:
            resolver.found = {name: self._origin(resolver, name, depth - 1) for name in resolver.wanted}
            facts = extract(text, resolver)
        self._facts[path] = (text, facts)
        return facts


def _definition(resolver: JediResolver, name: ImportedName) -> Any:
    """The jedi Name of what an import statement in the resolver's file gives, followed as far as it goes."""
    # Costs 0.1 s and memory, and many sessions never need it.
    import jedi  # type: ignore[import-untyped]  # noqa: PLC0415  # has no type hints

    statement = f"from {name[0]} import {name[1]}"
    project = jedi.Project(resolver.root) if resolver.root else None
    try:
        script = jedi.Script(statement, path=_beside(resolver.path), project=project)
        # Followed to the end; or, where that ends at a package that is not installed here, one step.
        names = script.goto(1, len(statement), follow_imports=True) or script.goto(1, len(statement))
    except Exception:  # noqa: BLE001  # jedi raises many kinds on odd code; the name stays unknown
        return None
    return names[0] if names else None


def _beside(path: str | None) -> str | None:
    """A place in the same package. Not `path` itself: jedi would take our statement for that file's text."""
    return str(PurePath(path).with_name("__keras_lsp_names__.py")) if path else None


def _origin_of(model: ModelClass, path: str) -> ClassOrigin:
    init = model.method("__init__")
    return ClassOrigin(
        kind=model.kind,
        name=model.name,
        path=path,
        name_span=model.name_span,
        parameters=init.parameters if init is not None else (),
        has_own_build=model.builds_itself,
        initial=model.initial,
    )
