"""Bubblewrap around a worker: when it is chosen, and what a program in it can really see and do."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest

from keras_lsp.sandbox import outer
from keras_lsp.sandbox.demand import Demand
from keras_lsp.sandbox.jail import Jail
from keras_lsp.sandbox.outer import NOTHING_OUTSIDE, Outer, choose, find_bubblewrap
from keras_lsp.sandbox.process import WorkerProcess
from keras_lsp.session.settings import Settings
from keras_lsp.worker.confine import bubblewrap
from keras_lsp.worker.confine import workspace as confine_workspace
from keras_lsp.worker.confine.plan import BUBBLEWRAP
from keras_lsp.worker.confine.seen import Seen, installations, seen
from tests.processes import is_alive
from tests.unit.sandbox.conftest import FAKE, QUICK, environment, machine, processes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "THE-SECRET"  # noqa: S105  # what a program looks for
PROGRAM = find_bubblewrap()
needs_it = pytest.mark.skipif(
    PROGRAM is None or bool(bubblewrap.trial(str(PROGRAM), Seen((), (), ()), tempfile.gettempdir())),
    reason="bubblewrap does not start here",
)

# Says as one line of JSON what it found, and runs on as the interpreter it stands for.
LOOKING = """\
#!{python}
import json, os, socket, sys
def tried(action):
    try:
        return str(action())
    except OSError as error:
        return type(error).__name__
def write(path):
    with open(path, "w") as file:
        file.write("x")
    return "written"
folder = os.path.dirname(os.environ["TMPDIR"])
seen = {{
    "module": tried(lambda: open({workspace!r} + "/module.py").read()),
    "env": tried(lambda: open({workspace!r} + "/.env").read()),
    "git": tried(lambda: os.listdir({workspace!r} + "/.git")),
    "other": tried(lambda: open({other!r}).read()),
    "home": tried(lambda: os.listdir({home!r})),
    "processes": [name for name in os.listdir("/proc") if name.isdigit()],
    "interfaces": [name for _, name in socket.if_nameindex()] if {unfiltered} else [],
    "workspace": tried(lambda: write({workspace!r} + "/new")),
    "hidden": tried(lambda: write({home!r} + "/new")),
    "temporary": tried(lambda: write("/tmp/new")),
    "shared": tried(lambda: write("/dev/shm/new")),
    "own": tried(lambda: write(os.environ["TMPDIR"] + "/new")),
}}
write(os.environ["TMPDIR"] + "/seen.json")
with open(os.environ["TMPDIR"] + "/seen.json", "w") as file:
    json.dump(seen, file)
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(SECRET)
    (folder / ".env").write_text(SECRET)
    (folder / "module.py").write_text("VALUE = 1")
    (tmp_path / "other.txt").write_text(SECRET)
    return folder


@pytest.fixture
def jail(tmp_path: Path, workspace: Path) -> Iterator[Jail]:
    around = Outer(BUBBLEWRAP, str(PROGRAM), True, (str(workspace), str(FAKE.parent)))
    made = Jail.prepare(replace(environment(), outer=around), machine(tmp_path, PATH=os.defpath))
    yield made
    made.remove()


async def looked(jail: Jail, workspace: Path) -> dict[str, Any]:
    """What a program sees that stands where the interpreter of a folder is looked for."""
    python = workspace / "python"
    names = {"workspace": str(workspace), "other": str(workspace.parent / "other.txt"), "unfiltered": False}
    python.write_text(LOOKING.format(python=sys.executable, home=str(Path.home()), **names))
    python.chmod(0o755)
    worker = WorkerProcess((str(python), str(FAKE), "fine", "fine"), jail, QUICK)
    answer = await worker.start()
    assert not isinstance(answer, str), answer
    found: dict[str, Any] = json.loads((jail.folder / "tmp" / "seen.json").read_text())
    await worker.stop("done")
    return found


@needs_it
async def test_what_is_in_it_sees_the_workspace_and_little_else(jail: Jail, workspace: Path) -> None:
    found = await looked(jail, workspace)
    assert found["module"] == "VALUE = 1"
    assert found["env"] == "PermissionError"
    assert found["git"] == "[]"
    assert found["other"] == "FileNotFoundError"
    below = {Path(path).parts[2] for path in (sys.prefix, sys.base_prefix) if path.startswith("/root/")}
    assert set(json.loads(found["home"].replace("'", '"'))) <= below | {"new"}
    assert len(found["processes"]) < 5, "those of bubblewrap and its own"


@needs_it
async def test_it_can_write_in_its_own_folder_only(jail: Jail, workspace: Path) -> None:
    found = await looked(jail, workspace)
    assert found["own"] == "written"
    for place in ("workspace", "hidden", "temporary", "shared"):
        assert found[place] in ("PermissionError", "OSError", "FileNotFoundError"), place


@needs_it
def test_its_network_is_empty_without_the_filter_too(workspace: Path, tmp_path: Path) -> None:
    """The namespace alone: what a machine without seccomp has."""
    shown = seen((str(workspace),), sys.executable)
    program = "import socket; print([name for _, name in socket.if_nameindex()])"
    own = tmp_path / "own"
    own.mkdir()
    inner = bubblewrap.command(str(PROGRAM), shown, str(own), (sys.executable, "-c", program))
    assert subprocess.run(inner, capture_output=True, text=True, check=True).stdout == "['lo']\n"


@needs_it
@pytest.mark.parametrize("killed", ["stopped by the server", "bubblewrap is killed"])
async def test_nothing_of_it_stays(jail: Jail, killed: str) -> None:
    worker = WorkerProcess((sys.executable, str(FAKE), "leave-a-child", "fine"), jail, QUICK)
    answer = await worker.start()
    assert not isinstance(answer, str), answer
    processes = await asyncio.to_thread(_all_of, jail)
    assert len(processes) >= 3, "bubblewrap, the worker and its child"
    if killed == "bubblewrap is killed":
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
    await worker.stop("done")
    assert await asyncio.to_thread(_alive_of, processes) == []


def _all_of(jail: Jail) -> list[int]:
    """Bubblewrap twice, the worker and its child; one that has only just begun shows no environment yet."""
    patience = monotonic() + 10
    while len(found := processes_of(jail)) < 4 and monotonic() < patience:
        sleep(0.02)
    return found


def _alive_of(processes: list[int]) -> list[int]:
    """Those that still run after a while."""
    patience = monotonic() + 10
    while (alive := list(filter(is_alive, processes))) and monotonic() < patience:
        sleep(0.02)
    return alive


_SERVER = """
import asyncio, sys, time
from tests.unit.sandbox.test_bubblewrap import *
from tests.unit.sandbox.test_bubblewrap import _all_of
async def main(folder):
    around = Outer(BUBBLEWRAP, str(PROGRAM), True, (str(FAKE.parent),))
    jail = Jail.prepare(replace(environment(), outer=around), machine(Path(folder), PATH=os.defpath))
    worker = WorkerProcess((sys.executable, str(FAKE), "leave-a-child", "fine"), jail, QUICK)
    assert not isinstance(await worker.start(), str)
    print(*_all_of(jail), flush=True)
    time.sleep(600)
asyncio.run(main(sys.argv[1]))
"""


@needs_it
def test_nothing_of_it_stays_when_the_server_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SERVER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=FAKE.parents[3]) as server:
        assert server.stdout is not None
        processes = [int(number) for number in server.stdout.readline().split()]
        server.kill()
    assert len(processes) >= 3
    assert _alive_of(processes) == []


async def test_where_it_does_not_start_the_rest_is_used_unless_it_must(tmp_path: Path) -> None:
    for must in (False, True):
        broken = tmp_path / "bwrap"
        broken.write_text("#!/bin/sh\necho 'No permissions to create a new namespace' >&2\nexit 1\n")
        broken.chmod(0o755)
        around = Outer(BUBBLEWRAP, str(broken), must, (str(FAKE.parent),))
        jail = Jail.prepare(replace(environment(), outer=around), machine(tmp_path))
        worker = WorkerProcess((sys.executable, str(FAKE), "fine", "fine"), jail, QUICK)
        answer = await worker.start()
        await worker.stop("done")
        said = "bubblewrap, which the settings ask for, does not start here: No permissions to create a new "
        assert answer == f"{said}namespace." if must else not isinstance(answer, str), answer


class TestChoice:
    """By itself only where the kernel lacks something, and never a program of the folder's."""

    @pytest.fixture(autouse=True)
    def installed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = tmp_path / "system"
        folder.mkdir()
        (folder / "bwrap").touch(mode=0o755)
        monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path / "packages"))
        monkeypatch.setattr(outer, "_BUBBLEWRAP_FOLDERS", (str(folder),))
        return folder / "bwrap"

    @pytest.mark.parametrize(
        ("choice", "kernel", "expected"),
        [
            ("auto", ("limits", "landlock", "seccomp"), False),
            ("auto", ("limits", "seccomp"), True),
            ("auto", ("limits", "landlock"), True),
            ("auto", ("limits",), True),
            ("always", ("limits", "landlock", "seccomp"), True),
            ("never", ("limits",), False),
        ],
    )
    def test_by_setting_and_kernel(
        self,
        tmp_path: Path,
        installed: Path,
        monkeypatch: pytest.MonkeyPatch,
        choice: str,
        kernel: tuple[str, ...],
        expected: bool,
    ) -> None:
        monkeypatch.setattr(outer, "_offered_here", lambda: kernel)
        demand = Demand("/w/a.py", ("/w",), Settings(bubblewrap=choice))
        chosen = choose(demand, machine(tmp_path), environment())
        must = choice == "always"
        assert chosen == (Outer(BUBBLEWRAP, str(installed), must, ("/w",)) if expected else NOTHING_OUTSIDE)

    def test_a_program_on_path_is_not_taken(
        self, tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed.unlink()
        evil = tmp_path / ".venv" / "bin"
        evil.mkdir(parents=True)
        (evil / "bwrap").touch(mode=0o755)
        monkeypatch.setattr(outer, "_offered_here", lambda: ("limits",))
        here = machine(tmp_path, PATH=str(evil))
        roots = (str(tmp_path),)
        assert choose(Demand(None, roots, Settings()), here, environment()) == NOTHING_OUTSIDE
        refused = choose(Demand(None, roots, Settings(bubblewrap="always")), here, environment())
        assert refused == "bubblewrap, which the settings ask for, is not installed here."

    def test_a_document_of_no_folder_shows_its_own(self, tmp_path: Path) -> None:
        demand = Demand("/x/y/a.py", ("/w",), Settings(bubblewrap="always"))
        chosen = choose(demand, machine(tmp_path), environment())
        assert isinstance(chosen, Outer)
        assert chosen.folders == ("/w", "/x/y")


class TestSeen:
    """What an environment leads to is seen only where it is an installation of Python."""

    def test_an_environment_with_what_it_stands_on(self, tmp_path: Path) -> None:
        base = tmp_path / "pyenv" / "3.11"
        (base / "lib" / "python3.11").mkdir(parents=True)
        (base / "lib" / "python3.11" / "os.py").touch()
        (base / "bin").mkdir()
        (base / "bin" / "python3.11").touch()
        alias = tmp_path / "pyenv" / "current"
        alias.symlink_to(base)
        venv = tmp_path / "project" / ".venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "pyvenv.cfg").write_text(f"home = {alias}/bin\n")
        (venv / "bin" / "python").symlink_to(alias / "bin" / "python3.11")
        assert set(installations(str(venv / "bin" / "python"))) == {str(venv), str(alias), str(base)}

    def test_an_environment_that_lies(self, tmp_path: Path) -> None:
        secrets = tmp_path / "home" / ".ssh"
        secrets.mkdir(parents=True)
        (secrets / "id_rsa").touch()
        venv = tmp_path / "project" / ".venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "pyvenv.cfg").write_text(f"home = {secrets}\n")
        (venv / "bin" / "python").symlink_to(secrets / "id_rsa")
        assert installations(str(venv / "bin" / "python")) == (str(venv),)

    def test_a_home_folder_is_no_workspace(self) -> None:
        assert seen((str(Path.home()), "/"), sys.executable).folders == ()

    def test_too_many_secrets_do_not_show_any(self, tmp_path: Path) -> None:
        for number in range(1_001):
            (tmp_path / f"{number}.key").touch()
        assert seen((str(tmp_path),), sys.executable)[:2] == ((), ())

    def test_what_nobody_looked_at_is_hidden(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(confine_workspace, "_MOST_ENTRIES", 3)
        for name in ("a", "b", "c"):
            (tmp_path / name).mkdir()
            (tmp_path / name / ".env").touch()
        hidden = seen((str(tmp_path),), sys.executable).secrets
        assert set(hidden) == {str(tmp_path / name) for name in ("a", "b", "c")}
