"""A replay that misbehaves dies alone: the worker answers the next one, and nothing is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keras_lsp.worker import wire
from keras_lsp.worker.report import ReplayReport
from tests.processes import children, is_alive
from tests.worker.driver import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GOOD = "import keras\nmodel = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])\n"

ENDLESS = "any(iter(int, 1))"  # in C: neither a loop's budget nor a statement's deadline ends it

PATIENCE = 60.0  # seconds until a test that waits in vain is ended; not a measure of anything

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def misbehaving(action: str) -> str:
    """A model whose constructor does `action`, so that it lies on the way of every replay."""
    return (
        "import ctypes, os, sys, time\nimport keras\n\n\nclass Net(keras.Model):\n    def __init__(self):\n"
        + (
            "        super().__init__()\n"
            + textwrap.indent(textwrap.dedent(action), " " * 8)
            + "\n\nmodel = Net()\n"
            + GOOD[13:]
        )
    )


@pytest.fixture
def worker(keras_python: list[str]) -> Iterator[Worker]:
    with Worker(keras_python) as started:
        yield started


@LINUX
@pytest.mark.parametrize(
    ("action", "kind", "words"),
    [
        ("exec('while True: pass')", None, "ran longer than 0.5 s"),
        (ENDLESS, "deadline", "took longer than 2 s"),
        ("os._exit(3)", "exited", "exit status 3"),
        ("sys.exit(2)", None, "calls `sys.exit()`"),
        ("ctypes.string_at(0)", "crashed", "SIGSEGV"),
        ("os.abort()", "crashed", "SIGABRT"),
        ("exec('while True: print(1000 * chr(120))')", None, "ran longer than 0.5 s"),
        ("def again(n):\n    return again(n + 1)\nagain(0)", None, "RecursionError"),
        ("os.kill(os.getppid(), 9)", None, "NotInAReplayError"),
        ("os.fork()", None, "NotInAReplayError"),
    ],
    ids=[
        "loop",
        "stubborn loop",
        "_exit",
        "exit",
        "segfault",
        "abort",
        "prints",
        "recursion",
        "kill",
        "fork",
    ],
)
def test_misbehaviour_ends_with_a_reason_and_the_next_replay_works(
    keras3_worker: Worker, action: str, kind: str | None, words: str
) -> None:
    # Only what nothing else ends is to meet the deadline, on a busy machine, too.
    wall_seconds = 2.0 if kind == "deadline" else PATIENCE
    keras3_worker.send(misbehaving(action), wall_seconds=wall_seconds, statement_seconds=0.5)
    answer = keras3_worker.answer()
    if kind is None:
        assert not isinstance(answer, wire.ReplayEnded), answer
        assert any(words in hole.reason for hole in answer.holes), answer.holes
    else:
        assert isinstance(answer, wire.ReplayEnded)
        assert answer.kind == kind
        assert words in answer.reason
    report = keras3_worker.replay(GOOD)
    assert [layer.class_name for layer in report.layers if layer.class_name == "Dense"] == ["Dense"]


def test_a_cancelled_replay_ends_and_the_next_one_answers(worker: Worker) -> None:
    number = worker.send(misbehaving(ENDLESS), wall_seconds=600.0, statement_seconds=600.0)
    worker.cancel(number)
    answer = worker.answer()
    assert isinstance(answer, wire.ReplayEnded)
    assert answer.kind == "cancelled"
    assert worker.replay(GOOD).failures == ()


def wait_until_gone(processes: list[int], seconds: float = PATIENCE) -> list[int]:
    deadline = time.monotonic() + seconds
    alive = processes
    while alive and time.monotonic() < deadline:
        alive = [number for number in alive if is_alive(number)]
        time.sleep(0.02)
    return alive


def wait_for_child(process: int) -> list[int]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = children(process)
        if found:
            return found
        time.sleep(0.01)
    return []


@LINUX
@pytest.mark.parametrize("how", ["end of input", "SIGKILL of the worker"])
def test_children_end_with_the_worker(keras_python: list[str], how: str) -> None:
    worker = Worker(keras_python)
    worker.send(misbehaving(ENDLESS), wall_seconds=600.0, statement_seconds=600.0)
    children = wait_for_child(worker.process.pid)
    assert children
    if how == "end of input":
        worker.requests.close()
    else:
        worker.process.kill()
    worker.process.wait(timeout=PATIENCE)
    assert wait_until_gone(children) == []


@LINUX
def test_the_worker_ends_with_its_killed_parent(keras_python: list[str], tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        "import sys, time\n"
        f"sys.path[:0] = {[str(Path(__file__).parents[2])]!r}\n"
        "from tests.worker.driver import Worker\n"
        f"worker = Worker({keras_python!r})\n"
        f"worker.send({misbehaving(ENDLESS)!r}, wall_seconds=600.0, statement_seconds=600.0)\n"
        "print(worker.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([*keras_python, str(program)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    zygote = int(parent.stdout.readline())
    children = wait_for_child(zygote)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert wait_until_gone([zygote, *children]) == []


@LINUX
@pytest.mark.parametrize("legacy", [False, True], ids=["keras3", "tf_keras2"])
def test_many_replays_leave_nothing_in_the_worker(
    keras3_worker: Worker, tf_keras_worker: Worker, legacy: bool
) -> None:
    worker = tf_keras_worker if legacy else keras3_worker
    process = worker.process.pid

    def count(folder: str) -> int:
        return len(list(Path(f"/proc/{process}", folder).iterdir()))

    def state() -> tuple[int, int]:
        """Threads and descriptors once they stay: a report is sent before its child is cleared away."""
        seen = [(0, 0)]
        deadline = time.monotonic() + PATIENCE
        while seen[-5:] != [seen[-1]] * 5 and time.monotonic() < deadline:
            time.sleep(0.02)
            seen.append((count("task"), count("fd")))
        return seen[-1]

    worker.replay(GOOD)
    assert wait_until_gone(children(process)) == []  # which may take a while where others work, too
    before = state()
    for _ in range(40):
        worker.replay(GOOD)
    assert wait_until_gone(children(process)) == []
    assert state() == before
    assert before[0] <= 2, "a worker with more threads has run an operation: its children may hang"


THREADS = """\
import os, threading, time

def start():  # with the thread it is in there are four: their number only grows, up to five with the first
    for _ in range(3):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    time.sleep(600)

def start_later():
    while not os.path.exists({late!r}):
        time.sleep(0.01)
    start()

threading.Thread(target={when}, daemon=True).start()
"""


@pytest.fixture
def with_threads(keras_python: list[str], tmp_path: Path) -> Iterator[Callable[[str], Worker]]:
    """A worker whose Python starts threads: "start", or "start_later", when a file `late` is there."""
    workers = []

    def make(when: str) -> Worker:
        text = THREADS.format(when=when, late=str(tmp_path / "late"))
        (tmp_path / "sitecustomize.py").write_text(text)
        workers.append(Worker(keras_python, env={"PYTHONPATH": str(tmp_path)}))
        return workers[-1]

    yield make
    for worker in workers:
        worker.close()


def threads(process: int) -> int:
    return len(list(Path(f"/proc/{process}/task").iterdir()))


@LINUX
def test_a_worker_with_threads_does_not_fork_and_replays_in_itself(
    with_threads: Callable[[str], Worker],
) -> None:
    worker = with_threads("start")
    assert worker.hello is not None
    assert not worker.hello.fork
    assert worker.replay(GOOD).failures == ()
    assert children(worker.process.pid) == []


@LINUX
def test_a_worker_that_got_threads_ends_instead_of_forking(with_threads: Callable[[str], Worker]) -> None:
    worker = with_threads("start_later")
    assert worker.hello is not None
    assert worker.hello.fork, "one thread more is not enough"
    assert worker.replay(GOOD).failures == ()
    (Path(worker.environment["PYTHONPATH"]) / "late").touch()
    give_up = time.monotonic() + PATIENCE
    while threads(worker.process.pid) < 5:
        assert time.monotonic() < give_up
        time.sleep(0.01)
    worker.send(GOOD)
    answer = worker.answer()
    assert isinstance(answer, wire.ReplayEnded)
    assert answer.kind == "unfit"
    assert "5 threads" in answer.reason
    assert worker.process.wait(timeout=PATIENCE) == 0


@LINUX
def test_writing_into_every_descriptor_reaches_no_pipe(keras3_worker: Worker) -> None:
    write = "try:\n    os.write({}, b'x' * 64)\nexcept OSError:\n    pass"
    text = misbehaving("\n".join(write.format(number) for number in range(3, 20)))
    keras3_worker.send(text)
    assert isinstance(keras3_worker.answer(), ReplayReport)
    assert keras3_worker.replay(GOOD).failures == ()


@LINUX
def test_writing_into_the_pipe_on_purpose_ends_only_the_replay(keras3_worker: Worker) -> None:
    """Who knows how it is hidden finds it in the table of the thread that has it."""
    find = (
        "for task in range(os.getpid(), os.getpid() + 9):\n    for number in range(3, 20):\n"
        "        try:\n            os.write(os.open(f'/proc/self/task/{task}/fd/{number}', 1), b'x' * 64)\n"
        "        except OSError:\n            pass\n"
    )
    keras3_worker.send(misbehaving(f"exec({find!r}, {{'os': os}})"))
    answer = keras3_worker.answer()
    if isinstance(answer, wire.ReplayEnded):
        assert "wrote into a pipe" in answer.reason
    assert keras3_worker.replay(GOOD).failures == ()


@LINUX
def test_temporary_folders_are_removed(keras_python: list[str], tmp_path: Path) -> None:
    with Worker(keras_python, env={"TMPDIR": str(tmp_path)}) as worker:
        worker.replay(GOOD)
        worker.send(misbehaving("os._exit(1)"))
        worker.answer()
        assert list(tmp_path.iterdir()) == []


def test_no_keras_is_said_at_the_start(bare_python: list[str]) -> None:
    with Worker(bare_python) as worker:
        assert worker.failed is not None
        assert worker.failed.missing == "keras"


def test_the_users_files_neither_break_nor_feed_the_worker(keras3_worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise RuntimeError('the worker imported this')")
    (tmp_path / "wire.py").write_text("WIDTH = 7\n")
    text = (
        "import json\n"
        "import keras\n"
        "import wire\n"
        "\n"
        "layer = keras.layers.Dense(wire.WIDTH)\n"
        "y = layer(keras.Input((json.loads('3'),)))\n"
    )
    report = keras3_worker.replay(text, path=str(tmp_path / "model.py"), roots=(str(tmp_path),))
    dense = next(layer for layer in report.layers if layer.class_name == "Dense")
    assert dense.weights[0].shape == (3, 7)
