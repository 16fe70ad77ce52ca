"""One build at a time for a document, the newest wish only, after a quiet time."""

from __future__ import annotations

import asyncio

import pytest

from keras_lsp.session.budget import FailureBudget
from keras_lsp.session.build_queue import BuildQueue


class Recorder:
    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.errors: list[BaseException] = []
        self.gate = asyncio.Event()
        self.queue = BuildQueue(self.build, lambda _key, error: self.errors.append(error))

    async def build(self, key: str) -> None:
        self.begun.append(key)
        if key == "bad":
            raise ValueError(key)
        await self.gate.wait()
        self.ended.append(key)

    async def idle(self) -> None:
        while self.queue._waiting or self.queue._running:  # noqa: ASYNC110  # lets the loop turn, waits for no time
            await asyncio.sleep(0)


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


async def test_wishes_in_a_row_are_one_build(recorder: Recorder) -> None:
    recorder.gate.set()
    for _ in range(5):
        recorder.queue.want("a", 0.0)
    recorder.queue.want("b", 0.0)
    await recorder.idle()
    assert sorted(recorder.ended) == ["a", "b"]


async def test_a_new_wish_ends_the_build_that_runs(recorder: Recorder) -> None:
    recorder.queue.want("a", 0.0)
    while not recorder.begun:  # noqa: ASYNC110  # lets the loop turn, waits for no time
        await asyncio.sleep(0)
    recorder.queue.want("a", 0.0)
    recorder.gate.set()
    await recorder.idle()
    assert (recorder.begun, recorder.ended) == (["a", "a"], ["a"])


async def test_a_quiet_time_is_kept(recorder: Recorder) -> None:
    recorder.queue.want("a", 3600.0)
    for _ in range(10):
        await asyncio.sleep(0)
    assert recorder.begun == []
    recorder.queue.drop("a")
    await recorder.idle()
    assert recorder.begun == []


async def test_an_exception_is_told_and_the_queue_goes_on(recorder: Recorder) -> None:
    recorder.gate.set()
    recorder.queue.want("bad", 0.0)
    recorder.queue.want("a", 0.0)
    await recorder.idle()
    assert [str(error) for error in recorder.errors] == ["bad"]
    assert recorder.ended == ["a"]


async def test_closing_ends_what_waits_and_what_runs(recorder: Recorder) -> None:
    recorder.queue.want("a", 0.0)
    while not recorder.begun:  # noqa: ASYNC110  # lets the loop turn, waits for no time
        await asyncio.sleep(0)
    recorder.queue.want("b", 3600.0)
    await recorder.queue.close()
    recorder.gate.set()
    await recorder.idle()
    assert (recorder.begun, recorder.ended) == (["a"], [])


class TestBudget:
    def test_two_failures_of_the_same_code_are_enough(self) -> None:
        budget = FailureBudget()
        budget.fail("k", "code", "It crashed.")
        assert budget.verdict("k", "code") == ""
        budget.fail("k", "code", "It crashed.")
        assert budget.verdict("k", "code").startswith("It crashed.")
        assert (budget.verdict("k", "other"), budget.verdict("l", "code")) == ("", "")
        budget.forgive("k")
        assert budget.verdict("k", "code") == ""

    def test_code_that_keeps_failing_while_it_is_edited_is_replayed_less_often(self) -> None:
        budget = FailureBudget()
        assert budget.quiet_time("k", 0.25) == 0.25
        budget.fail("k", "one", "It hung.")
        assert budget.quiet_time("k", 0.25) == 0.25
        budget.fail("k", "two", "It hung.")
        assert budget.quiet_time("k", 0.25) == 2.0
        budget.forgive("k")
        assert budget.quiet_time("k", 0.25) == 0.25
