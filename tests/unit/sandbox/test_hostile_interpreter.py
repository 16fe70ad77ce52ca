"""An interpreter may be the folder's own: what it does before it is Python happens in the sandbox, too."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.jail import Jail
from keras_lsp.sandbox.process import WorkerProcess
from tests.unit.sandbox.conftest import FAKE, QUICK, environment, machine

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux starts it in a sandbox"
)

HOSTILE = """\
#!{python}
import os, socket, sys
def tried(action):
    try:
        action()
        return "done"
    except OSError as error:
        return type(error).__name__
seen = [
    tried(lambda: open({evil!r}, "w").write("x")),
    tried(lambda: socket.create_connection(("127.0.0.1", {port}), 2)),
    tried(lambda: os.remove({victim!r})),
    tried(lambda: open(os.path.join(os.environ["TMPDIR"], "allowed"), "w").write("x")),
]
open(os.path.join(os.environ["TMPDIR"], "seen"), "w").write(" ".join(seen))
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


async def test_it_can_write_only_where_it_may_and_has_no_network(tmp_path: Path) -> None:
    victim, evil = tmp_path / "victim", tmp_path / "evil"
    victim.write_text("x")
    python = tmp_path / "python"
    # Port 9 refuses a connection where there is a network, which is another error than no network at all.
    python.write_text(HOSTILE.format(python=sys.executable, evil=str(evil), victim=str(victim), port=9))
    python.chmod(0o755)
    jail = Jail.prepare(environment(), machine(tmp_path))
    worker = WorkerProcess((str(python), str(FAKE), "fine", "fine"), jail, QUICK)
    answer = await worker.start()
    assert not isinstance(answer, str), answer
    seen = (jail.folder / "tmp" / "seen").read_text(encoding="utf-8")
    await worker.stop("done")
    assert seen == "PermissionError PermissionError PermissionError done"
    assert not isinstance(answer, str), answer
    assert victim.exists()
    assert not evil.exists()


async def test_a_start_that_fails_is_told_plainly(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("no program")
    jail = Jail.prepare(environment(), machine(tmp_path))
    worker = WorkerProcess((str(python), str(FAKE)), jail, QUICK)
    assert await worker.start() == f"{python} could not be started: Permission denied."


def test_a_launcher_of_the_users_own_starts_as_it_is(tmp_path: Path) -> None:
    own = replace(environment(), command=("uv", "run", "python"))
    jail = Jail.prepare(own, machine(tmp_path))
    assert jail.wrapped(("uv", "run", "python", "boot.py")) == ("uv", "run", "python", "boot.py")
    jail.remove()
