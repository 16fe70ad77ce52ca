"""Model and layer classes of other files: looked up in the background, on one thread.

Through the workspace's own files we follow import statements ourselves, since unsaved text counts and jedi
reads the disk. In installed packages jedi finds the file that defines a class; what that class is, our own
extraction says.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from keras_lsp.source.calls import Calls
from keras_lsp.source.class_info import Holder
from keras_lsp.source.classes import ClassReader
from keras_lsp.source.constants import Constants
from keras_lsp.source.extract import facts_of, may_concern_us
from keras_lsp.source.facts import Elsewhere
from keras_lsp.source.import_paths import files_of, folders_above, starts_of
from keras_lsp.source.jedi_definitions import JediDefinitions
from keras_lsp.source.keras_names import Imports, canonical, joined_name
from keras_lsp.source.literals import literal
from keras_lsp.source.module_index import assigned_names, index_module
from keras_lsp.source.parameters import all_arguments, fixture_name, returned_name
from keras_lsp.source.parse import parse
from keras_lsp.source.positions import Positions
from keras_lsp.source.resolve import ClassOrigin, FunctionOrigin, may_be_ours, split_name
from keras_lsp.source.slot_reader import SlotReader
from keras_lsp.text.line_index import LineIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from keras_lsp.source.evaluation import Known
    from keras_lsp.source.facts import LayerSlot, MadeWeight, ModelClass, ModuleFacts
    from keras_lsp.source.jedi_definitions import Definition
    from keras_lsp.source.jedi_resolver import Fixture, ImportedName, JediResolver, Origin
    from keras_lsp.source.parse import ParsedModule

_Kept = TypeVar("_Kept", "LayerSlot", "MadeWeight")
_DEPTH = 6  # files between a name and the class it means
# Packages whose classes are no models, or are known by name; they are large, and jedi reads all of them.
_NO_MODELS = frozenset(
    {"PIL", "absl", "cv2", "google", "h5py", "jax", "jaxlib", "matplotlib", "ml_dtypes", "numpy", "optree",
     "pandas", "plotly", "pytest", "rich", "scipy", "seaborn", "sklearn", "tensorflow", "torch", "tqdm",
     "yaml"}
)  # fmt: skip
_ROUNDS = 3  # what is learned about a class's bases may make us ask for what it holds
_AFTER_CLASS = re.compile(r"^[^\s#)\]}]", re.MULTILINE)  # what begins a line of the module body


@dataclass
class _File:
    """Another file as it was last read, and what `facts` knew of the names it imports."""

    text: str
    imports: Imports
    facts: ModuleFacts
    wanted: JediResolver  # with what the first look asked it in vain
    functions: frozenset[str] = frozenset()  # of the module body
    returned: dict[str, FunctionOrigin | None] = field(default_factory=dict)  # of those asked for
    functions_read: _Functions | None = None  # what tells that, once it is asked for
    plain_classes: frozenset[str] = frozenset()  # those that are no models, where they may keep some
    held: dict[str, ClassOrigin | None] = field(default_factory=dict)  # what those keep that were asked for
    fixtures: dict[str, str] = field(default_factory=dict)  # of pytest: name -> function
    plugins: tuple[str, ...] = ()  # modules that a `conftest.py` has pytest load
    known: JediResolver | None = None  # what `facts` were read with
    constants: _ForeignConstants | None = None  # once it is asked for

    def read_functions(self, here: JediResolver) -> _Functions:
        if self.functions_read is None:
            if self.known is not None:
                here.take(self.known)
            self.functions_read = _Functions(here, self.text)
        return self.functions_read


class JediNames:
    """One thread that looks names up, and what it has read.

    `read` gives the current text of a file, None when there is none; unsaved text counts. It is called on
    the thread.
    """

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read_now = read
        self._texts: dict[str, str | None] = {}  # as they are for the look-up that runs
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jedi")
        self._files: dict[str, _File] = {}  # by path
        self._checked: dict[str, int] = {}  # paths whose facts are right for the look-up that runs: how deep
        self._standing = False
        self._jedi = JediDefinitions()
        self._closed = False

    def look_up(self, resolver: JediResolver, parsed: ParsedModule) -> Future[bool]:
        """Look for what the module's extraction asks `resolver` in vain; True: extract again, it knows more.

        Cancelling the future stops a look-up that has not begun.
        """
        return self._thread.submit(self._look_up, resolver, parsed)

    def place_of(
        self, resolver: JediResolver, module: str, name: str, method: str = ""
    ) -> Future[Elsewhere | None]:
        """Where an installed package defines a class or function; None where that is not found.

        With `method` where the class has that, and the class itself where it does not.
        """
        return self._thread.submit(self._place_of, resolver, (module, name), method)

    def _place_of(self, resolver: JediResolver, name: ImportedName, method: str) -> Elsewhere | None:
        definition = self._jedi.definition(resolver, name) if resolver.packages else None
        text = self._read(definition.file) if definition is not None and definition.file else None
        if definition is None or definition.file is None or text is None:
            return None
        found = re.search(rf"^((?:class|(?:async )?def) ){re.escape(definition.name)}\b", text, re.MULTILINE)
        if found is None:
            return None
        end = _AFTER_CLASS.search(text, found.end())
        own = re.compile(rf"^([ \t]+(?:async )?def ){re.escape(method)}\b", re.MULTILINE) if method else None
        inside = own.search(text, found.end(), end.start() if end else len(text)) if own else None
        line = LineIndex(text).line_of((inside or found).start())
        if inside is not None:
            return Elsewhere(definition.file, line, inside.group(1), method)
        return Elsewhere(definition.file, line, found.group(1), definition.name)

    def stand_still(self) -> None:
        """From now on no file changes: what was found holds for all look-ups."""
        self._standing = True

    def forget(self) -> None:
        """Packages may have been installed or changed."""
        self._jedi = JediDefinitions()

    def close(self) -> None:
        """Stop after the name that is being looked up."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, resolver: JediResolver, parsed: ParsedModule) -> bool:
        # The extraction on the loop's thread goes on with what `resolver` has; it changes once, as a whole.
        asked = resolver
        if not self._standing:
            self._checked.clear()
            self._texts.clear()
        for _ in range(_ROUNDS):
            asked = asked.afresh()
            facts_of(parsed, asked)
            if not asked.wants_more or self._closed:
                break
            self._answer(asked, asked, _DEPTH)
        if not asked.knows_layers and not may_concern_us(parsed.text):
            asked.values.found = {}  # there is no layer that is made with them
        more = not asked.knows_the_same(resolver)
        resolver.take(asked)
        return more

    def _answer(self, resolver: JediResolver, asked: JediResolver, depth: int) -> None:
        """Find for one resolver what another one of its file was asked in vain."""

        def origin(name: ImportedName) -> Origin | None:
            return None if self._closed else self._origin(resolver, name, depth)

        resolver.origins.find(asked.origins.wanted, origin)
        resolver.values.find(asked.values.wanted, lambda name: self.value(resolver, name, depth))
        resolver.fixtures.find(asked.fixtures.wanted, lambda name: self._fixture(resolver, name, depth))

    def _read(self, path: str) -> str | None:
        if path not in self._texts:
            self._texts[path] = self._read_now(path)
        return self._texts[path]

    def _in_workspace(self, resolver: JediResolver, module: str) -> tuple[JediResolver, str] | None:
        """The file of the workspace that a module's name means, and its text."""
        for path in files_of(module, resolver.path, resolver.root):
            text = self._read(path)
            if text is not None:
                return resolver.of_file(path), text
        return None

    def _origin(self, resolver: JediResolver, name: ImportedName, depth: int) -> Origin | None:
        """What `from <module> import <name>` in the resolver's file gives."""
        dotted = canonical(joined_name(*name))
        if dotted.startswith("keras."):
            return ClassOrigin.of_keras(dotted)
        if depth == 0:
            return None
        there = self._in_workspace(resolver, name[0])
        if there is not None:
            return self._in_file(*there, name[1], depth)
        handed = self._handed_on(resolver, name, depth)
        origin = self._origin(*handed, depth - 1) if handed is not None else None
        return origin or self._installed(resolver, name, depth)

    def _handed_on(
        self, resolver: JediResolver, name: ImportedName, depth: int
    ) -> tuple[JediResolver, ImportedName] | None:
        """What `backend` calls `backend.layers.Dense`: it has no module `layers`, but imports one."""
        package, *rest = split_name(name[0])
        while package and rest[0]:
            there = self._in_workspace(resolver, package)
            if there is not None:
                imported = self._file(*there, depth).imports.names.get(rest[0])
                module = ".".join([imported, *rest[1:]]) if imported else ""
                return (there[0], (module, name[1])) if imported else None
            package, last = split_name(package)
            rest.insert(0, last)
        return None

    def _in_file(self, here: JediResolver, text: str, name: str, depth: int) -> Origin | None:
        """What a file calls `name`: a class or function of its own, or one it imports."""
        path = here.path or ""
        file = self._file(here, text, depth)
        model = file.facts.model_class(name)
        if model is not None:
            return _origin_of(model, path, text)
        if name in file.functions:
            if name not in file.returned:
                file.returned[name] = file.read_functions(here).returned(name)
            return file.returned[name]
        if name in file.plain_classes:
            if name not in file.held:
                holder = file.read_functions(here).holder(name)
                file.held[name] = _origin_of(holder, path, text) if holder is not None else None
            return file.held[name]
        imported = file.imports.names.get(name) or file.imports.aliases.get(name)
        if imported is not None:
            return self._origin(here, split_name(imported), depth - 1)
        stars = (self._origin(here, (module, name), depth - 1) for module in file.imports.stars)
        return next((origin for origin in stars if origin is not None), None)

    def _installed(self, resolver: JediResolver, name: ImportedName, depth: int) -> Origin | None:
        """A class of an installed package."""
        definition = self._definition(resolver, name)
        if definition is None:
            return None
        if definition.full_name.startswith("keras."):
            return ClassOrigin.of_keras(definition.full_name)
        text = self._read(definition.path) if definition.path else None
        if text is None or definition.path is None:
            return None
        return self._in_file(resolver.of_file(definition.path), text, definition.name, depth - 1)

    def _fixture(self, resolver: JediResolver, name: str, depth: int) -> Fixture | None:
        """What pytest gives for a parameter's name: the nearest `conftest.py` counts that has it."""
        if depth == 0 or self._closed or resolver.path is None:
            return None
        for level, folder in enumerate(starts_of(folders_above(resolver.path), resolver.root), 1):
            path = os.path.join(folder, "conftest.py")  # noqa: PTH118
            text = self._read(path) if path != resolver.path else None
            if text is None:
                continue
            here = resolver.of_file(path)
            found = self._fixture_in(here, text, "." * level + "conftest", name, depth)
            if found is not None:
                return found[0]
        return None

    def _fixture_in(
        self, here: JediResolver, text: str, module: str, name: str, depth: int
    ) -> tuple[Fixture | None] | None:
        """What a module's fixture gives, its own or one that it imports; None where it has none.

        `module` is what the file of the test would call it.
        """
        if depth == 0 or self._closed:
            return None
        file = self._file(here, text, depth - 1)
        if name in file.fixtures:
            origin = file.read_functions(here).fixture(name)
            return ((module, origin) if origin is not None else None,)
        for other, wanted, function in _where_fixtures_are(file, name):
            there = self._in_workspace(here, other)
            if there is None or wanted not in there[1]:
                continue
            if function is not None and self._file(*there, depth - 1).fixtures.get(wanted) != function:
                continue
            found = self._fixture_in(*there, _seen_from(module, other), wanted, depth - 1)
            if found is not None:
                return found
        return None

    def value(self, resolver: JediResolver, name: ImportedName, depth: int) -> Known | None:
        """What `from <module> import <name>` in the resolver's file stands for; on the thread."""
        if depth == 0 or self._closed:
            return None
        there = self._in_workspace(resolver, name[0])
        if there is not None:
            return self._value_in(*there, name[1], depth)
        handed = self._handed_on(resolver, name, depth)
        if handed is not None:
            return self.value(*handed, depth - 1)
        definition = self._definition(resolver, name)
        text = self._read(definition.file) if definition is not None and definition.file else None
        if definition is None or definition.file is None or text is None:
            return None
        return self._value_in(resolver.of_file(definition.file), text, definition.name, depth - 1)

    def _value_in(self, here: JediResolver, text: str, name: str, depth: int) -> Known | None:
        file = self._file(here, text, depth)
        if file.constants is None:
            file.constants = _ForeignConstants(self, here, text)
        return file.constants.of(name, depth)

    def _definition(self, resolver: JediResolver, name: ImportedName) -> Definition | None:
        """In an installed package; its names have capitals, so that not every function is looked for."""
        module = name[0].split(".", 1)[0]
        if not resolver.packages or module in sys.stdlib_module_names or module in _NO_MODELS:
            return None
        return self._jedi.definition(resolver, name) if name[1][:1].isupper() else None

    def _file(self, here: JediResolver, text: str, depth: int) -> _File:
        """What another file says, with the classes it imports in its turn; each once in a look-up."""
        path = here.path or ""
        file = self._files.get(path)
        if file is None or file.text != text:
            file = self._files[path] = _first_look(here, text)
        if self._checked.get(path, 0) < depth:
            self._checked[path] = depth
            self._answer(here, file.wanted, depth - 1)
            if not here.knows_the_same(file.known or file.wanted):
                file.known = here
                file.facts = facts_of(parse(text), here)
                file.returned.clear()
                file.held.clear()
                file.functions_read = None
        return file


def _first_look(here: JediResolver, text: str) -> _File:
    parsed = parse(text)
    # A package that never speaks of Keras has no models; its imports may still lead to one that does.
    asked = here.afresh()
    concerns_us = not here.is_installed or may_concern_us(text)
    facts = facts_of(parsed, asked if concerns_us else None)
    index = index_module(parsed.tree)
    functions = index.functions
    fixtures = ((fixture_name(f), name) for name, f in functions.items() if f.decorator_list)
    return _File(
        text,
        index.imports,
        facts,
        asked,
        functions=frozenset(functions),
        plain_classes=frozenset(node.name for node in index.classes if concerns_us),
        fixtures={name: function for name, function in fixtures if name is not None},
        plugins=_plugins(index.body),
    )


def _plugins(body: Sequence[ast.stmt]) -> tuple[str, ...]:
    """`pytest_plugins = "tests.fixtures"`, or a list of such names."""
    for statement in body:
        for name, value in assigned_names(statement) if isinstance(statement, ast.Assign) else ():
            if name == "pytest_plugins":
                given = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
                spelled = [literal(element)[0] for element in given]
                return tuple(module for module in spelled if isinstance(module, str))
    return ()


def _where_fixtures_are(file: _File, name: str) -> Iterator[tuple[str, str, str | None]]:
    """Modules that may give a file its fixture, what it is called there, and the function it must be of."""
    for local, dotted in file.imports.names.items():
        module, function = split_name(dotted)
        if module and may_be_ours(module.lstrip(".")):
            if local == name:
                yield module, function, None
            elif function != name:  # its decorator gives it another name
                yield module, name, function
    for module in (*file.imports.stars, *file.plugins):
        yield module, name, None


def _seen_from(module: str, other: str) -> str:
    """What the file that calls one module `module` would call what that imports as `other`."""
    if not other.startswith("."):
        return other
    parts = module.split(".")
    folder = ".".join(parts[:-1])
    dots = len(other) - len(other.lstrip("."))
    while dots > 1 and folder.strip("."):
        folder, dots = folder.rpartition(".")[0], dots - 1
    return joined_name((folder or ".") + "." * (dots - 1), other.lstrip("."))


class _Functions:
    """The functions of another file: read once, however many of them are asked for."""

    def __init__(self, here: JediResolver, text: str) -> None:
        self._path = here.path or ""
        self._index, self._positions = index_module(parse(text).tree), Positions(text)
        self._calls = Calls(self._positions, self._index, here)
        self._classes = ClassReader(self._positions, self._calls, self._index)
        self._classes.read()

    def returned(self, name: str) -> FunctionOrigin | None:
        """What a function returns; None when there is no layer in it."""
        reader = SlotReader("", {}, self._positions, self._calls, self._index)
        function = self._index.functions[name]
        returns = reader.returned(function)
        names = tuple(argument.arg for argument in all_arguments(function))
        changed = frozenset(n for n in names if self._calls.constants.gives(function, n))
        returned = returned_name(function)
        hands_back = returned if returned in names and returned not in changed else ""
        if not returns.entries and not hands_back:
            return None
        return FunctionOrigin(returns, self._path, names, changed, hands_back)

    def holder(self, name: str) -> Holder | None:
        """A class that is no model and keeps some."""
        return self._classes.holder(name)

    def fixture(self, name: str) -> FunctionOrigin | None:
        """What a fixture of pytest gives."""
        returns = self._calls.fixture(
            "", ast.arg(name, lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
        )
        return FunctionOrigin(returns, self._path) if returns.entries else None


class _ForeignConstants:
    """What the names of another file stand for; the names that it imports are looked up at once."""

    def __init__(self, names: JediNames, here: JediResolver, text: str) -> None:
        self._names = names
        self._here = here
        self._depth = 0
        self._constants = Constants(index_module(parse(text).tree), self._of_other)

    def of(self, name: str, depth: int) -> Known | None:
        outer, self._depth = self._depth, depth
        try:
            return self._constants.of_name(name)
        finally:
            self._depth = outer

    def _of_other(self, module: str, name: str) -> Known | None:
        return self._names.value(self._here, (module, name), self._depth - 1)


def _origin_of(of: ModelClass | Holder, path: str, text: str) -> ClassOrigin:
    lines = LineIndex(text)
    model = of.facts if isinstance(of, Holder) else of

    def placed(held: _Kept) -> _Kept:
        if held.elsewhere is not None:
            return held
        start = held.definition.start
        there = Elsewhere(path, lines.line_of(start), lines.before(start), held.definition.of(text))
        return replace(held, elsewhere=there)

    init = model.method("__init__")
    passed_on = of.init if isinstance(of, Holder) else None
    parameters = init.parameters if init is not None else ()
    return ClassOrigin(
        kind=model.kind,
        name=model.name,
        path=path,
        name_span=model.name_span,
        parameters=passed_on.parameters if passed_on is not None else parameters,
        has_own_build=model.builds_itself,
        initial=model.initial,
        slots=tuple(map(placed, (*model.slots, *model.inherited))),
        setters=model.setters,
        passed=passed_on.kept if passed_on is not None else model.passed,
        weights=tuple(map(placed, model.weights)),
        templates=of.templates if isinstance(of, Holder) else (),
    )
