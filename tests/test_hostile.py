"""Programs that end, hang or flood their interpreter: the server answers on, and nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import FIXTURES
from tests.processes import descendants, is_alive
from tests.protocol.client import Client

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = ("infinite_loop", "os_exit", "print_storm", "segfault", "sys_exit")
SETTLED = ("ready", "failed", "unavailable")


@dataclass
class Outcome:
    status: dict[str, Any]
    card: str  # hover on `self.dense` after the replay has ended


@dataclass
class Session:
    outcomes: dict[str, Outcome]
    good: dict[str, Any]  # status of a harmless document, opened after all of them
    processes: list[int]  # everything that was below the server at some time


def text_of(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


async def visit(root: Path, keras_python: list[str]) -> Session:
    """Opens every hostile program in one server, then a good one; at last the client hangs up."""
    options = {"trusted": True, "interpreters": {root.as_uri(): keras_python}, "replaySeconds": 4}
    client = await Client.start(options=options, root=root)
    outcomes: dict[str, Outcome] = {}
    processes: set[int] = set()
    try:
        for name in HOSTILE:
            uri, text = (root / f"{name}.py").as_uri(), text_of(f"hostile/{name}.py")
            client.open(uri, text)
            await client.wait_for_status(uri, "building", *SETTLED)
            processes.update(descendants(client.process.pid))
            status = await client.wait_for_status(uri, *SETTLED)
            hover = await client.request(
                "textDocument/hover", client.place(uri, text, text.index("dense(inputs"))
            )
            outcomes[name] = Outcome(status, hover["contents"]["value"])
        uri = (root / "good.py").as_uri()
        client.open(uri, text_of("seeds/nested.py"))
        good = await client.wait_for_status(uri, *SETTLED)
        processes.update(descendants(client.process.pid))
        client.hang_up()
        await client.exit_code()
    except BaseException:
        await client.kill()
        raise
    return Session(outcomes, good, sorted(processes))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, keras_python: list[str]) -> Session:
    return asyncio.run(visit(tmp_path_factory.mktemp("hostile").resolve(), keras_python))


def left_of(processes: list[int]) -> list[int]:
    """Those that still run after a while."""
    patience = monotonic() + 20
    while (left := list(filter(is_alive, processes))) and monotonic() < patience:
        sleep(0.05)
    return left


@pytest.mark.parametrize("name", HOSTILE)
def test_the_server_answers_on(session: Session, name: str) -> None:
    assert "Dense" in session.outcomes[name].card


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("infinite_loop", ("longer than", "stopped")),
        ("os_exit", ("exit",)),
        ("segfault", ("SIGSEGV", "crash")),
    ],
)
def test_a_replay_that_ended_says_why(session: Session, name: str, words: tuple[str, ...]) -> None:
    status = session.outcomes[name].status
    said = status["reason"] + session.outcomes[name].card
    assert any(word in said for word in words), status


def test_output_of_the_program_harms_nothing(session: Session) -> None:
    assert session.outcomes["print_storm"].status["state"] == "ready"


def test_a_harmless_program_is_replayed_afterwards(session: Session) -> None:
    assert session.good["state"] == "ready", session.good


def test_nothing_stays_when_the_client_hangs_up(session: Session) -> None:
    assert session.processes
    assert left_of(session.processes) == []


CLIENT = """
import asyncio, json, os, sys
from pathlib import Path
from tests.processes import descendants
from tests.protocol.client import Client

async def main(root, python, text):
    options = {"trusted": True, "interpreters": {root.as_uri(): [python]}}
    client = await Client.start(options=options, root=root, process_id=os.getpid())
    client.open((root / "model.py").as_uri(), text)
    await client.wait_for_status((root / "model.py").as_uri(), "ready", "failed", "unavailable")
    print(json.dumps([client.process.pid, *descendants(client.process.pid)]), flush=True)
    await asyncio.sleep(600)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
"""


def test_nothing_stays_when_the_client_is_killed(tmp_path: Path, keras_python: list[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(tmp_path.resolve()), keras_python[0], text_of("seeds/nested.py")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(FIXTURES.parent)},
    ) as client:
        assert client.stdout is not None
        processes = [int(pid) for pid in client.stdout.readline().strip("[]\n").split(",")]
        client.send_signal(signal.SIGKILL)
    assert len(processes) >= 2, "the server and its worker"
    assert left_of(processes) == []
