"""The import rules of keras_lsp/ARCHITECTURE.md, checked from the source tree, with no list of exceptions.

Each check takes a module's dotted name and its tree, so that the tests can show it breaking.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "keras_lsp"

WIRE_AND_REPORT = ("keras_lsp.worker.wire", "keras_lsp.worker.report")
# What a system offers, and how a start is handed over: decided on one side, done on the other.
CONFINEMENT = tuple(f"keras_lsp.worker.confine.{name}" for name in ("plan", "offered", "LANDLOCK", "SECCOMP"))
KERAS_FAMILY = ("keras", "tensorflow", "tf_keras", "numpy", "jax", "torch", "h5py")

# room -> what of keras_lsp its modules may import, beside the room itself
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "text": (),
    "knowledge": ("keras_lsp.text",),
    "source": ("keras_lsp.text", "keras_lsp.knowledge"),
    "worker": (),
    "sandbox": (*WIRE_AND_REPORT, *CONFINEMENT),
    "session": (
        "keras_lsp.text",
        "keras_lsp.source",
        "keras_lsp.knowledge",
        "keras_lsp.sandbox",
        *WIRE_AND_REPORT,
    ),
    "features": (
        "keras_lsp.text",
        "keras_lsp.source",
        "keras_lsp.knowledge",
        "keras_lsp.session.snapshot",
        "keras_lsp.worker.report",
    ),
    "lsp": (
        "keras_lsp.text",
        "keras_lsp.source",
        "keras_lsp.features",
        "keras_lsp.session",
        "keras_lsp.sandbox",
        *WIRE_AND_REPORT,
    ),
    "cli": ("keras_lsp",),
    "__main__": ("keras_lsp.cli",),
    "__init__": (),
}

# outside module -> the only module or room that may import it
OWNERS = {
    "pygls": "keras_lsp.lsp",
    "lsprotocol": "keras_lsp.lsp",
    "jedi": "keras_lsp.source.jedi_definitions",
}

SERIALISERS = ("pickle", "marshal", "shelve", "dill", "cloudpickle")

CLOCK_AND_DISK_ROOMS = ("keras_lsp.sandbox", "keras_lsp.lsp.lifecycle", "keras_lsp.cli", "keras_lsp.worker")
CLOCK_AND_DISK_MODULES = (
    "datetime", "glob", "platformdirs", "shutil", "socket", "subprocess", "tempfile", "time",
)  # fmt: skip
ENVIRONMENT_OR_DISK_IN_OS = {
    "access", "chdir", "chmod", "chown", "environ", "environb", "getcwd", "getenv", "link", "listdir",
    "lstat", "makedirs", "mkdir", "open", "putenv", "readlink", "remove", "removedirs", "rename",
    "replace", "rmdir", "scandir", "stat", "symlink", "truncate", "unlink", "unsetenv", "utime", "walk",
}  # fmt: skip
PURE_IN_OS_PATH = {
    "basename", "commonpath", "dirname", "isabs", "join", "normcase", "normpath", "relpath", "sep", "split",
    "splitext",
}  # fmt: skip


@dataclass(frozen=True)
class Import:
    target: str  # dotted, with the imported name where it may be a module: "keras_lsp.worker.wire.Hello"
    line: int
    lazy: bool  # inside a function


def is_within(name: str, parent: str) -> bool:
    return name == parent or name.startswith(parent + ".")


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_of(module: str, tree: ast.Module) -> Iterator[Import]:
    """Every import of a module, relative ones made absolute. TYPE_CHECKING does not excuse any."""
    package = module.rpartition(".")[0]
    lazy_lines = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, node.lineno in lazy_lines)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *filter(None, [base])])
            for alias in node.names:
                yield Import(f"{base}.{alias.name}", node.lineno, node.lineno in lazy_lines)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                yield Import(str(node.args[0].value), node.lineno, node.lineno in lazy_lines)


def direction(module: str, tree: ast.Module) -> Iterator[str]:
    """Rule 1 and "only cli imports lsp": each room imports only what is below it."""
    room = room_of(module)
    allowed = (*MAY_IMPORT[room], f"keras_lsp.{room}", "keras_lsp.__version__")
    for item in imports_of(module, tree):
        if item.target == "keras_lsp":  # the version alone is there
            continue
        if is_within(item.target, "keras_lsp") and not any(is_within(item.target, name) for name in allowed):
            yield f"{module}:{item.line} imports {item.target}"


def owners(module: str, tree: ast.Module) -> Iterator[str]:
    """Rule 2: one importer for each protocol and inference library; Keras never in the server."""
    for item in imports_of(module, tree):
        top = item.target.split(".")[0]
        if top in OWNERS and not is_within(module, OWNERS[top]):
            yield f"{module}:{item.line} imports {top}, which is {OWNERS[top]}'s"
        if top in KERAS_FAMILY and room_of(module) != "worker":
            yield f"{module}:{item.line} imports {top} into the server process"


def worker_is_standalone(module: str, tree: ast.Module) -> Iterator[str]:
    """Rule 2: the worker imports the standard library and itself, and Keras inside functions only."""
    if room_of(module) != "worker":
        return
    for item in imports_of(module, tree):
        top = item.target.split(".")[0]
        if top in sys.stdlib_module_names or is_within(item.target, "keras_lsp.worker"):
            continue
        if not (item.lazy and top in KERAS_FAMILY):
            yield f"{module}:{item.line} imports {item.target}"


WORKER_ROOMS = ("confine", "unknown", "lines", "catalogue", "record", "search", "program", "process")


def worker_direction(module: str, tree: ast.Module) -> Iterator[str]:
    """Rule 2, inside the worker: each of its rooms imports those before it, `report` and `wire`."""
    parts = module.split(".")
    if parts[1:2] != ["worker"] or len(parts) < 4:
        return
    allowed = [f"keras_lsp.worker.{room}" for room in WORKER_ROOMS[: WORKER_ROOMS.index(parts[2]) + 1]]
    for item in imports_of(module, tree):
        if is_within(item.target, "keras_lsp.worker") and not any(
            is_within(item.target, name) for name in (*allowed, *WIRE_AND_REPORT)
        ):
            yield f"{module}:{item.line} imports {item.target}"


def no_serialiser(module: str, tree: ast.Module) -> Iterator[str]:
    """Rule 3: JSON both ways, never a format that runs code when it is read."""
    for item in imports_of(module, tree):
        if item.target.split(".")[0] in SERIALISERS:
            yield f"{module}:{item.line} imports {item.target}"


def touches_the_world(module: str, tree: ast.Module) -> Iterator[str]:
    """Each use of clock, environment or disk in a module; the null device is neither."""
    for item in imports_of(module, tree):
        parts = item.target.split(".")
        if parts[0] in CLOCK_AND_DISK_MODULES or item.target == "pathlib.Path" or is_impure_os(parts):
            yield f"{module}:{item.line} imports {item.target}"
    null_device = {
        node.func for node in ast.walk(tree) if isinstance(node, ast.Call) and opens_null_device(node)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and node not in null_device
            and is_impure_os(attribute_chain(node))
        ):
            yield f"{module}:{node.lineno} uses {'.'.join(attribute_chain(node))}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield f"{module}:{node.lineno} opens a file"


def opens_null_device(call: ast.Call) -> bool:
    first = attribute_chain(call.args[0]) if call.args else []
    return attribute_chain(call.func) == ["os", "open"] and first == ["os", "devnull"]


def is_impure_os(parts: list[str]) -> bool:
    """Whether a dotted name is a part of `os` that reads or changes environment or disk."""
    if parts[:2] == ["os", "path"]:
        return len(parts) > 2 and parts[2] not in PURE_IN_OS_PATH
    return parts[:1] == ["os"] and len(parts) > 1 and parts[1] in ENVIRONMENT_OR_DISK_IN_OS


def attribute_chain(node: ast.expr) -> list[str]:
    """["os", "path", "join"] for `os.path.join`; [] for an attribute of anything but a name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []


def modules() -> list[tuple[str, Path]]:
    """Dotted names, packages as `keras_lsp.text.__init__`, with their files."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return [(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts), path) for path in paths]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


Check = Callable[[str, ast.Module], Iterator[str]]
CHECKS: tuple[Check, ...] = (direction, owners, worker_is_standalone, worker_direction, no_serialiser)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_rule_holds_everywhere(check: Check) -> None:
    assert [broken for module, path in modules() for broken in check(module, tree_of(path))] == []


def test_clock_environment_and_disk_have_their_places() -> None:
    uses = {module: list(touches_the_world(module, tree_of(path))) for module, path in modules()}
    outside = {
        module: broken
        for module, broken in uses.items()
        if broken and not any(is_within(module, place) for place in CLOCK_AND_DISK_ROOMS)
    }
    loaders = [module for module in outside if room_of(module) == "session"]
    elsewhere = [line for module, broken in outside.items() if module not in loaders for line in broken]
    assert elsewhere == []
    assert len(loaders) <= 1, f"one loader in session, not {loaders}"


def test_every_room_is_known() -> None:
    rooms = {room_of(module) for module, _ in modules()}
    assert rooms <= MAY_IMPORT.keys(), "a new room needs its place in the import rules"


@pytest.mark.parametrize(
    ("check", "module", "text"),
    [
        (direction, "keras_lsp.text.span", "from keras_lsp.source import facts"),
        (direction, "keras_lsp.text.span", "from ..source import facts"),
        (direction, "keras_lsp.source.extract", "import keras_lsp.features.hover"),
        (direction, "keras_lsp.sandbox.pool", "from keras_lsp.worker import zygote"),
        (direction, "keras_lsp.sandbox.pool", "from keras_lsp.session.settings import Settings"),
        (direction, "keras_lsp.features.hover", "from keras_lsp.session.session import Session"),
        (direction, "keras_lsp.session.session", "def f():\n    from keras_lsp.lsp import server"),
        (direction, "keras_lsp.worker.boot", "from keras_lsp.text.span import Span"),
        (owners, "keras_lsp.features.hover", "from lsprotocol import types"),
        (owners, "keras_lsp.session.session", "import pygls.lsp.server"),
        (owners, "keras_lsp.source.extract", "def f():\n    import jedi"),
        (owners, "keras_lsp.cli", "def f():\n    import tensorflow as tf"),
        (owners, "keras_lsp.cli", "def f():\n    importlib.import_module('keras')"),
        (worker_is_standalone, "keras_lsp.worker.record.describe", "import keras"),
        (worker_is_standalone, "keras_lsp.worker.record.describe", "def f():\n    import rich"),
        (worker_direction, "keras_lsp.worker.lines.keras3", "from ..record.observe import Seen"),
        (worker_direction, "keras_lsp.worker.unknown.hole", "from ..program import replay"),
        (no_serialiser, "keras_lsp.worker.wire", "import pickle"),
        (touches_the_world, "keras_lsp.features.hover", "import time"),
        (touches_the_world, "keras_lsp.features.hover", "from pathlib import Path"),
        (touches_the_world, "keras_lsp.features.hover", "import os\nos.path.exists('x')"),
        (touches_the_world, "keras_lsp.features.hover", "import os\nos.environ['HOME']"),
        (touches_the_world, "keras_lsp.features.hover", "from os import getenv"),
        (touches_the_world, "keras_lsp.features.hover", "open('x')"),
    ],
)
def test_a_broken_rule_is_found(check: Check, module: str, text: str) -> None:
    assert list(check(module, ast.parse(text)))


@pytest.mark.parametrize(
    ("check", "module", "text"),
    [
        (direction, "keras_lsp.features.hover", "from keras_lsp.session.snapshot import Snapshot"),
        (direction, "keras_lsp.sandbox.pool", "from keras_lsp.worker.wire import Hello"),
        (worker_is_standalone, "keras_lsp.worker.lines.symbolic", "def f():\n    import keras"),
        (touches_the_world, "keras_lsp.session.session", "import os\nos.path.join('a', 'b')"),
        (touches_the_world, "keras_lsp.lsp.transport", "import os\nos.open(os.devnull, os.O_RDWR)"),
    ],
)
def test_what_the_rules_allow_is_quiet(check: Check, module: str, text: str) -> None:
    assert list(check(module, ast.parse(text))) == []


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("keras_lsp", ("jedi", "pygls", "lsprotocol", "rich", *KERAS_FAMILY)),
        ("keras_lsp.cli", ("jedi", "pygls", "lsprotocol", *KERAS_FAMILY)),
        ("keras_lsp.lsp.server", KERAS_FAMILY),
    ],
)
def test_importing_loads_no_library_it_does_not_need(module: str, unwanted: tuple[str, ...]) -> None:
    program = f"import sys, {module}; print([name for name in {unwanted!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_the_worker_is_written_for_python_3_9() -> None:
    for module, path in modules():
        if room_of(module) == "worker":
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))
