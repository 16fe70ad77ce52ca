"""Who makes the attempts: whoever runs the tests, and where that is root an ordinary user as well."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from typing import Any

from keras_lsp.sandbox.outer import find_bubblewrap
from tests.sandbox.attempts import GROUPS
from tests.sandbox.runs import REPOSITORY

_NOBODY = 65534
_PROBE = "import sys, keras_lsp.worker.confine; assert sys.version_info >= (3, 10); print(sys.prefix)"
_TRIAL = (
    "from keras_lsp.worker.confine import bubblewrap, seen; "
    "print(bubblewrap.trial({program!r}, seen.Seen((), (), ()), {own!r}))"
)
_IMPORTED = ", ".join(
    (
        *("tests.sandbox.stage", "tests.sandbox.wrapped", *(f"tests.sandbox.{group}" for group in GROUPS)),
        *("asyncio", "concurrent.futures.thread", "decimal", "logging", "multiprocessing.context"),
        *("multiprocessing.shared_memory", "platform", "shutil", "sqlite3", "subprocess", "tempfile"),
        *("urllib.request", "xml.dom.minidom", "zipfile", "zoneinfo"),
    )
)


@dataclass(frozen=True)
class User:
    name: str
    python: str
    prefix: str
    compiled: str  # where its Python keeps what it compiled: all that attempts import is there already
    number: int | None = None  # other than that of the tests
    options: dict[str, Any] = field(default_factory=dict, hash=False)

    def imports(self, module: str) -> bool:
        return _imports(self, module)


@functools.cache
def _imports(found: User, module: str) -> bool:
    return _output(found.python, f"import {module}", found.options) is not None


def _output(python: str, program: str, options: dict[str, Any]) -> str | None:
    try:
        ran: subprocess.CompletedProcess[str] = subprocess.run(
            [python, "-c", program],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
            **{"env": {"PYTHONDONTWRITEBYTECODE": "1"}, **options},
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return ran.stdout.strip()


@functools.cache
def without_bubblewrap(found: User) -> str:
    """Why it does not start for that user; "" when it does."""
    program = find_bubblewrap()
    if program is None:
        return "bubblewrap is not installed"
    said = _output(found.python, _TRIAL.format(program=str(program), own=found.compiled), found.options)
    return f"bubblewrap does not start for {found.name}: {said}" if said else ""


@functools.cache
def user(name: str) -> User | None:
    """None where no interpreter can be started for that user."""
    number = _NOBODY if name == "nobody" else None
    options = {} if number is None else {"user": number, "group": number, "extra_groups": []}
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        prefix = _output(python, _PROBE, options)
        if prefix is not None:
            compiled = tempfile.mkdtemp(prefix="escape-compiled-")
            atexit.register(shutil.rmtree, compiled, ignore_errors=True)
            if number is not None:
                os.chown(compiled, number, number)
            _output(python, f"import {_IMPORTED}", {**options, "env": {"PYTHONPYCACHEPREFIX": compiled}})
            return User(name, python, prefix, compiled, number, options)
    return None


NAMES = ("root", "nobody") if os.name == "posix" and os.geteuid() == 0 else ("user",)
