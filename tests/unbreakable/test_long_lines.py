"""A line that is very long: what is asked about its file takes time by its length, not by the square."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

import pytest

from tests.unbreakable.every_feature import ask_all
from tests.unit.features.views import static

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

LENGTH = 100_000
SECONDS = 20  # of this process's own time; the square of the length takes minutes
PROGRAM = """import keras
from keras import layers

model = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
{long}
model.layers[0].weights
keras.layers.Dense(3)
"""
LONG = {
    "a comment": "# " + "-" * LENGTH,
    "a string": f"data = '{'A' * LENGTH}'",
    "an open string": f"data = '{'A' * LENGTH}",
    "blanks": " " * LENGTH,
    "open brackets": "(" * (LENGTH // 5),
    "a dotted name": "keras." * (LENGTH // 6),
}


@contextlib.contextmanager
def own_time(seconds: float) -> Iterator[None]:
    def late(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # as `signal` calls it
        pytest.fail(f"took longer than {seconds} seconds of its own time")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.skipif(not hasattr(signal, "ITIMER_VIRTUAL"), reason="the limit is one of POSIX")
@pytest.mark.parametrize("long", LONG.values(), ids=LONG.keys())
def test_a_long_line(long: str) -> None:
    text = PROGRAM.format(long=long)
    behind = text.index(long) + len(long)
    with own_time(SECONDS):
        ask_all(static(text), {behind, text.index("keras.Seq") + 3, text.rindex("Dense") + 6})
