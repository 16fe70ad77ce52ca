"""A worker's life with a peer that hangs, floods, dies or talks nonsense in each phase."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.process import WorkerProcess, WorkerState
from keras_lsp.worker.wire import MAX_FRAME, CatalogueRequest, Hello
from tests.unit.sandbox.conftest import PATIENT, QUICK, processes_of, request

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import MakeWorker


async def started(worker: WorkerProcess) -> WorkerProcess:
    assert isinstance(await worker.start(), Hello)
    return worker


def assert_gone(worker: WorkerProcess) -> None:
    assert worker.state is WorkerState.DEAD
    assert processes_of(worker._jail) == []
    assert not worker._jail.folder.exists()


async def test_a_worker_greets_replays_and_ends(make_worker: MakeWorker) -> None:
    worker = make_worker()
    hello = await worker.start()
    assert isinstance(hello, Hello)
    assert (hello.keras_line, worker.state) == (3, WorkerState.READY)
    for text in ("first = 1", "second = 2"):
        outcome = await worker.replay(request(text))
        assert outcome.report is not None
        assert json.loads(outcome.report.versions.backend)["text"] == text
    await worker.stop("done")
    assert_gone(worker)


@pytest.mark.parametrize(
    ("at_start", "words"),
    [
        ("exit", "exit code 3: something is wrong here"),
        ("segfault", "SIGSEGV"),
        ("garbage", "over the limit"),
        ("not-json", "not JSON"),
        ("huge-frame", "over the limit"),
        ("flood", "the first message is 'progress'"),
        ("start-failed", "`keras` is not installed"),
        ("old-protocol", "protocol 99, expected 1"),
    ],
)
async def test_a_start_that_fails_has_a_reason_and_leaves_nothing(
    make_worker: MakeWorker, at_start: str, words: str
) -> None:
    worker = make_worker(at_start)
    answer = await worker.start()
    assert isinstance(answer, str)
    assert words in answer
    assert worker.reason == answer
    assert_gone(worker)


async def test_a_start_that_hangs_is_ended(make_worker: MakeWorker) -> None:
    worker = make_worker("hang", deadlines=dataclasses.replace(QUICK, start=0.5))
    assert await worker.start() == "Keras was not imported within 0.5 seconds."
    assert_gone(worker)


async def test_an_interpreter_that_cannot_be_started_is_named(make_worker: MakeWorker) -> None:
    worker = make_worker()
    worker._command = ("/no/such/python",)
    assert await worker.start() == "/no/such/python could not be started: No such file or directory."
    assert_gone(worker)


@pytest.mark.parametrize(
    ("at_replay", "words"),
    [
        ("hang", "no answer after 0.6 seconds"),
        ("exit", "exit code 3"),
        ("segfault", "SIGSEGV"),
        ("garbage", "over the limit"),
        ("huge-frame", "over the limit"),
        ("flood", "no answer after 0.6 seconds"),
        ("no-such-request", "answers no request"),
        ("bad-span", "has the span 0..9999999"),
        ("wrong-type", "expected int, got str"),
    ],
)
async def test_a_worker_that_misbehaves_in_a_replay_is_ended(
    make_worker: MakeWorker, at_replay: str, words: str
) -> None:
    worker = await started(make_worker("fine", at_replay))
    # Only one that never answers is to meet the deadline, on a busy machine, too.
    seconds = 0.3 if "no answer" in words else 60.0
    outcome = await worker.replay(request(seconds=seconds))
    assert outcome.report is None
    assert words in outcome.reason
    assert outcome.terminal
    await worker.stop("the test ends")
    assert words in worker.reason, "the first reason is the one that counts"
    assert_gone(worker)


async def test_the_end_of_one_replay_is_not_the_end_of_the_worker(make_worker: MakeWorker) -> None:
    worker = await started(make_worker())
    outcome = await worker.replay(request("# crashed"))
    assert (outcome.reason, outcome.terminal) == ("The replay ended early: crashed with SIGSEGV.", True)
    assert (await worker.replay(request())).report is not None
    await worker.stop("done")


async def test_a_storm_on_stderr_is_drained_and_only_its_end_kept(make_worker: MakeWorker) -> None:
    worker = await started(make_worker("stderr-storm", "stderr-storm"))
    assert (await worker.replay(request())).report is not None
    assert worker.stderr_tail().rstrip().endswith("the end of the storm")
    assert len(worker.stderr_tail()) <= 8 * 1024
    await worker.stop("done")


async def test_a_cancelled_replay_leaves_the_worker_ready(make_worker: MakeWorker) -> None:
    worker = await started(make_worker(deadlines=PATIENT))
    running = asyncio.create_task(worker.replay(request("# obedient")))
    await asyncio.sleep(0)
    assert worker.state is WorkerState.BUSY
    worker.cancel()
    outcome = await running
    assert (outcome.reason, outcome.terminal) == ("The replay ended early: stopped for a newer text.", False)
    assert (await worker.replay(request())).report is not None
    await worker.stop("done")


async def test_cancelling_the_task_cancels_the_replay(make_worker: MakeWorker) -> None:
    worker = await started(make_worker(deadlines=PATIENT))
    running = asyncio.create_task(worker.replay(request("# obedient")))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await worker.replay(request())).report is not None, "the next one waits until that has ended"
    await worker.stop("done")


async def test_a_worker_that_ignores_a_cancel_is_ended(make_worker: MakeWorker) -> None:
    worker = await started(make_worker("fine", "hang"))
    running = asyncio.create_task(worker.replay(request(seconds=60)))
    await asyncio.sleep(0)
    worker.cancel()
    outcome = await running
    assert (outcome.reason, outcome.terminal) == ("A cancelled replay did not end.", False)
    await worker.stop("the test ends")
    assert_gone(worker)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("fine", {"keras": "3.15.1"}),
        ("terminal", {
            "keras": "3\ufffd]0;evil\ufffd",
            "entries": {"a\ufffdb": [{"summary": "x\ufffd\ufffdy\n\tz"}]},
        }),
        ("nothing", None),
    ],
)  # fmt: skip
async def test_a_catalogue_is_cleaned_of_what_is_no_text(
    make_worker: MakeWorker, kind: str, expected: object
) -> None:
    worker = await started(make_worker("fine", kind))
    outcome = await worker.catalogue(CatalogueRequest(0))
    await worker.stop("done")
    assert outcome.catalogue == expected


async def test_a_catalogue_without_an_end_ends_its_worker(make_worker: MakeWorker) -> None:
    worker = await started(make_worker("fine", "deep"))
    outcome = await worker.catalogue(CatalogueRequest(0))
    assert "nested too deeply" in outcome.reason
    await worker.stop("done")


async def test_a_process_that_left_the_group_is_ended_too(make_worker: MakeWorker) -> None:
    worker = await started(make_worker("leave-a-child"))
    patience = monotonic() + 10  # a program that has only just begun shows no environment yet
    while len(processes_of(worker._jail)) < 2 and monotonic() < patience:  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.02)
    assert len(processes_of(worker._jail)) == 2
    await worker.stop("done")
    assert_gone(worker)


async def test_a_child_that_outlives_a_dead_worker_is_ended_too(make_worker: MakeWorker) -> None:
    worker = await started(make_worker("leave-a-child"))
    assert worker.pid is not None
    assert worker._child is not None
    os.kill(worker.pid, signal.SIGKILL)
    await worker._child.ended()
    await asyncio.sleep(QUICK.stop * 2)
    await worker.stop("the test ends")
    assert worker.reason == "The worker ended unexpectedly (signal SIGKILL)."
    assert_gone(worker)


async def test_stopping_while_starting_and_twice_at_once(make_worker: MakeWorker) -> None:
    for wait in (0.0, 0.3):
        worker = make_worker("hang")
        starting = asyncio.create_task(worker.start())
        await asyncio.sleep(wait)
        await asyncio.gather(worker.stop("one"), worker.stop("two"))
        assert await starting == "one"
        assert_gone(worker)


async def test_stopping_before_starting(make_worker: MakeWorker) -> None:
    worker = make_worker()
    await worker.stop("never needed")
    assert_gone(worker)
    assert (await worker.replay(request())).reason == "never needed"


async def test_a_text_too_large_for_a_frame_is_refused_and_the_worker_stays(make_worker: MakeWorker) -> None:
    worker = await started(make_worker())
    outcome = await worker.replay(request("#" * MAX_FRAME))
    assert "too large" in outcome.reason
    assert outcome.terminal
    assert (await worker.replay(request())).report is not None
    await worker.stop("done")


async def test_the_worker_has_pipes_and_a_session_of_its_own(make_worker: MakeWorker) -> None:
    worker = await started(make_worker())
    assert worker.pid is not None
    assert os.getsid(worker.pid) == worker.pid != os.getsid(0)
    for descriptor in (0, 1, 2):
        theirs, ours = (Path(f"/proc/{process}/fd/{descriptor}") for process in (worker.pid, "self"))
        assert theirs.readlink() != ours.readlink()
    await worker.stop("done")


async def test_a_worker_that_must_be_replaced_says_so_and_is_gone(make_worker: MakeWorker) -> None:
    worker = await started(make_worker())
    outcome = await worker.replay(request("# unfit"))
    assert (outcome.report, outcome.terminal) == (None, False), "no fault of the text"
    assert worker.unfit
    await worker.stop("the test ends")
    assert_gone(worker)


class TestSingleUse:
    """A worker that replays in its own process: the server does what a zygote would do for its child."""

    async def test_its_first_replay_is_its_last(self, make_worker: MakeWorker) -> None:
        worker = await started(make_worker("single-use"))
        assert worker.single_use
        assert (await worker.replay(request())).report is not None
        assert not worker.alive
        assert (await worker.replay(request())).report is None
        await worker.stop("the test ends")
        assert_gone(worker)

    @pytest.mark.parametrize(
        ("how", "words", "terminal"),
        [
            ("exit", "ended the process (exit status 3) before the replay was done", True),
            ("segfault", "crashed with SIGSEGV", True),
            ("hang", "took longer than 0.3 s and was stopped", True),
            ("unfit", "the warm process has 6 threads", False),
        ],
    )
    async def test_how_a_replay_ended_is_told_in_a_zygotes_words(
        self, make_worker: MakeWorker, how: str, words: str, terminal: bool
    ) -> None:
        worker = await started(make_worker("single-use", how))
        outcome = await worker.replay(request(seconds=0.3 if how == "hang" else 60.0))
        assert (outcome.reason, outcome.terminal) == (f"The replay ended early: {words}.", terminal)
        await worker.stop("the test ends")
        assert_gone(worker)

    async def test_nonsense_is_no_end_of_a_replay(self, make_worker: MakeWorker) -> None:
        worker = await started(make_worker("single-use", "garbage"))
        outcome = await worker.replay(request())
        assert "did not keep to the protocol" in outcome.reason
        assert outcome.terminal
        await worker.stop("the test ends")
        assert_gone(worker)

    async def test_a_cancelled_replay_takes_the_worker_with_it(self, make_worker: MakeWorker) -> None:
        worker = await started(make_worker("single-use", "hang"))
        running = asyncio.create_task(worker.replay(request(seconds=60)))
        await asyncio.sleep(0)
        worker.cancel()
        outcome = await running
        words = "The replay ended early: stopped for a newer text."
        assert (outcome.reason, outcome.terminal) == (words, False)
        await worker.stop("the test ends")
        assert_gone(worker)

    async def test_one_that_dies_unused_is_no_replays_end(self, make_worker: MakeWorker) -> None:
        worker = await started(make_worker("single-use"))
        assert worker.pid is not None
        assert worker._child is not None
        os.kill(worker.pid, signal.SIGKILL)
        await worker._child.ended()
        await asyncio.sleep(QUICK.stop * 2)
        assert (await worker.replay(request())).reason == "The worker ended unexpectedly (signal SIGKILL)."
        await worker.stop("the test ends")
        assert_gone(worker)
