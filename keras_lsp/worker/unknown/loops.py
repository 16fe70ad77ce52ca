"""How often a replay runs a loop: enough to see what it makes, not to do its work.

A loop over data needs a round or two for its shapes; a loop that goes on without making layers is training,
or waiting.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Hashable, Iterator, List

from .arrays import is_array
from .hole import ANSWERS, Touches
from .progress import Bar

MAX_DATA_ROUNDS = 2
MAX_ARRAY_ROUNDS = 64
# A loop is stopped when it has run this long in all and its last round made no layer.
IDLE_SECONDS = 0.3
# Once such loops took so long together, the next ones get less: a text may have dozens.
IDLE_IN_ALL, IDLE_SECONDS_THEN = 2.0, 0.05
MAX_WHILE_ROUNDS = 10_000


class Loops:
    """Bounds the loops of one replay; `layers_made` tells how many layers there are."""

    def __init__(self, layers_made: Callable[[], int]) -> None:
        self.layers_made = layers_made
        self.cut: Dict[int, str] = {}  # index of a `for`'s targets -> why it was stopped before its end
        self.cut_whiles: Dict[int, str] = {}  # index of a test's span -> why
        self._whiles: Dict[Hashable, List[Any]] = {}
        self._idled = 0.0  # seconds that stopped loops took

    def rounds(self, iterable: Any, index: int = -1) -> Iterator[Any]:
        """What a loop goes over. `index` tells the replayed text's loops apart."""
        limit = _limit(iterable)
        started, layers = time.perf_counter(), self.layers_made()
        for number, value in enumerate(iterable, 1):
            yield value
            if number == limit:
                self._stop(index, "goes over data that a replay does not know to its end")
                return
            idle = self.layers_made() == layers and self._is_long(started)
            if idle and number >= MAX_DATA_ROUNDS:
                self._idled += time.perf_counter() - started
                self._stop(index, f"was stopped after {number} rounds that made no layers")
                return
            layers = self.layers_made()

    def _is_long(self, started: float) -> bool:
        patience = IDLE_SECONDS if self._idled < IDLE_IN_ALL else IDLE_SECONDS_THEN
        return time.perf_counter() - started > patience

    def _stop(self, index: int, why: str) -> None:
        Touches.count += 1
        if index >= 0:
            self.cut[index] = why

    def goes_on(self, test: Any, index: Hashable) -> Any:
        """The value of a `while`'s test, False once the loop has had its time."""
        state = self._whiles.get(index)
        if state is None:
            state = self._whiles[index] = [0, time.perf_counter(), self.layers_made()]
        if not test:
            del self._whiles[index]
            return test
        state[0] += 1
        made = self.layers_made()
        idle = made == state[2] and self._is_long(state[1])
        state[2] = made
        if idle or state[0] > MAX_WHILE_ROUNDS:
            self._idled += time.perf_counter() - state[1]
            Touches.count += 1
            if isinstance(index, int):
                self.cut_whiles[index] = f"was stopped after {state[0]} rounds that made no layers"
            del self._whiles[index]
            return False
        return test


def _limit(iterable: Any) -> int:
    """How many rounds at most; 0 for all."""
    if type(iterable) is Bar:
        return _limit(iterable.iterable)
    if type(iterable) is range and ANSWERS.is_answer(len(iterable)):
        return ANSWERS.ROUNDS[ANSWERS.sample]
    return MAX_DATA_ROUNDS if _is_data(iterable) else 0


def _is_data(iterable: Any) -> bool:
    """Datasets, and arrays of many samples."""
    if hasattr(iterable, "element_spec") or type(iterable).__module__.startswith("torch.utils.data"):
        return True
    return is_array(iterable) and iterable.ndim > 0 and len(iterable) > MAX_ARRAY_ROUNDS
