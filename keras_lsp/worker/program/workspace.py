"""Modules of the workspace, as a replay imports them.

The editor's unsaved texts count before the files; what defines things is run, what does things is not; and a
statement that fails costs its names, not the module.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
import tokenize
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Set

from ..record.failures import brief, missing_module
from ..record.instrument import CALLEE, LOOP, WHILE, attend
from ..unknown.hole import Hole, named
from . import slice as slicing
from . import sources
from .libraries import harmless_names

if TYPE_CHECKING:
    import types

    from ..unknown.loops import Loops
    from .callee import Callees

# An `if` or `try` may hold a fallback for an import that only its branches bind.
DEFINING = (ast.If, ast.Try)
SPEAKS_OF_KERAS = re.compile(r"\b(?:keras|tensorflow|tf_keras)\b")
INSTALLED = re.compile(r"[/\\](?:site-packages|dist-packages)[/\\]")


class WorkspaceFinder:
    """Finds the workspace's modules, also those that have no file yet. Installed modules come first."""

    def __init__(
        self, roots: Sequence[str], overlays: Dict[str, str], callees: Callees, loops: Loops
    ) -> None:
        self.roots = list(roots)
        self.overlays = {os.path.normcase(path): text for path, text in overlays.items()}
        self.callees = callees
        self.loops = loops
        self.read: List[str] = []  # files that modules were read from

    def install(self) -> None:
        sys.path.extend(root for root in self.roots if root not in sys.path)
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: Optional[Sequence[str]] = None, target: Any = None) -> Any:  # noqa: ARG002 - importlib's signature
        if path is None and self._is_elsewhere(name):
            return None
        folders = list(self.roots if path is None else path)
        return self._unsaved(name, folders) or self._saved(name, folders)

    def _is_elsewhere(self, name: str) -> bool:
        """A user's `json.py` must not hide Python's."""
        if name in sys.builtin_module_names or name in getattr(sys, "stdlib_module_names", ()):
            return True
        elsewhere = [folder for folder in sys.path if folder not in self.roots]
        return importlib.machinery.PathFinder.find_spec(name, elsewhere) is not None

    def _unsaved(self, name: str, folders: List[str]) -> Any:
        tail = name.rpartition(".")[2]
        for folder in folders:
            package = os.path.join(folder, tail, "__init__.py")
            for candidate, is_package in ((package, True), (os.path.join(folder, tail + ".py"), False)):
                text = self.overlays.get(os.path.normcase(candidate))
                if text is not None:
                    return self._spec(name, candidate, text, is_package)
        return None

    def _saved(self, name: str, folders: List[str]) -> Any:
        spec = importlib.machinery.PathFinder.find_spec(name, folders)
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            return spec
        origin = spec.origin
        if not self._is_the_users(origin):
            return spec
        try:
            with tokenize.open(origin) as stream:
                text = stream.read()
        except (OSError, SyntaxError, UnicodeError):
            return spec
        finally:
            self.read.append(origin)
        return self._spec(name, origin, text, spec.submodule_search_locations is not None)

    def _is_the_users(self, path: str) -> bool:
        return not INSTALLED.search(path) and any(path.startswith(root + os.sep) for root in self.roots)

    def _spec(self, name: str, path: str, text: str, is_package: bool) -> Any:
        return importlib.util.spec_from_file_location(
            name,
            path,
            loader=TolerantLoader(path, text, self.callees, self.loops),
            submodule_search_locations=[os.path.dirname(path)] if is_package else None,
        )


class TolerantLoader(importlib.abc.Loader):
    """Runs what a module defines, statement by statement."""

    def __init__(self, path: str, text: str, callees: Callees, loops: Loops) -> None:
        self.path = path
        self.text = text
        self.callees = callees
        self.loops = loops

    def create_module(self, spec: Any) -> Optional[types.ModuleType]:  # noqa: ARG002 - importlib's signature
        return None

    def get_source(self, name: str) -> str:  # noqa: ARG002 - importlib's signature
        return self.text

    def exec_module(self, module: types.ModuleType) -> None:
        """Raises SyntaxError, as any import of such a file does."""
        tree = ast.parse(self.text, self.path)
        sources.keep(self.path, self.text)
        tree.body = [statement for statement in tree.body if not slicing.is_main_guard(statement)]
        tree.body = _what_defines(tree.body)
        if SPEAKS_OF_KERAS.search(self.text):
            tree = attend(tree)
            module.__dict__.update(self._instruments())
        for statement in tree.body:
            self._run(statement, module.__dict__)

    def _instruments(self) -> Dict[str, Any]:
        """Nothing is recorded of other files, but holes and loops are met as in the replayed one."""
        return {
            LOOP: lambda iterable, _index: self.loops.rounds(iterable),
            WHILE: lambda test, index: self.loops.goes_on(test, (self.path, index)),
            CALLEE: self.callees.stand_in,
        }

    def _run(self, statement: ast.stmt, space: Dict[str, Any]) -> None:
        harmless = harmless_names(statement)
        if harmless:
            space.update(harmless)
            return
        code = compile(ast.Module([statement], []), self.path, "exec", dont_inherit=True)
        try:
            exec(code, space)  # noqa: S102 - the user's module, inside the sandbox
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's module raises
            reason = self._reason(statement, error)
            for name in set(slicing.bound_names(statement)):
                space.setdefault(name, Hole(reason, text=name))
        for name in slicing.bound_names(statement):
            if name in space:
                space[name] = named(space[name], name)

    def _reason(self, statement: ast.stmt, error: BaseException) -> str:
        place = f"line {statement.lineno} of {os.path.basename(self.path)}"
        return missing_module(error) or f"{place} raised {brief(error)}"


def _what_defines(body: List[ast.stmt]) -> List[ast.stmt]:
    """Statements that bind names, and those that change what they bound. The rest is the module at work."""
    imported = {
        name for statement in body if _is_import(statement) for name in slicing.bound_names(statement)
    }
    bound: Set[str] = set()
    kept = []
    for statement in body:
        binds = set(slicing.bound_names(statement))
        changes = set(slicing.changed_names(statement)) & bound
        # `plt.show()`, `np.random.seed(0)`: what an imported module does, not what this one makes.
        if isinstance(statement, DEFINING) or binds or changes - imported:
            kept.append(statement)
        bound |= binds
    return kept


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Import, ast.ImportFrom))
