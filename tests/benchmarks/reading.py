"""What reading text costs without any protocol around it: edits, whole files, many files."""

from __future__ import annotations

import random
import re
import tracemalloc
from time import process_time
from typing import TYPE_CHECKING

from keras_lsp.source.extract import extract
from keras_lsp.source.incremental import LiveModule
from tests.benchmarks.measure import Series, reference
from tests.benchmarks.texts import thousand_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPED = (
    "x = self.dense1(x)",
    "self.more = layers.Dense(3, name='a')",
    'x = tf.concat([x, x], axis=-1)  # "',
)
_BODY_LINE = re.compile(r"\n {8}[^\n]*(?=\n)")
_FILES = 1000


def edits(lines: int, budget: float, rounds: int) -> Iterator[Series]:
    """Statements typed key by key in bodies of a model file, half-typed states and all; taken back whole."""
    text = thousand_lines(lines)
    module = LiveModule(text)
    shown = f"{lines:,}-line file"
    edit = Series(f"edit → parsed and read, {shown}", "ms", budget, tail=True)
    asked = Series(f"edit → all facts in their places, {shown}", "ms", 5 * budget, tail=True)
    choose = random.Random(0)  # noqa: S311  # the same places in every run
    places = [found.end() for found in _BODY_LINE.finditer(text)]
    for round_ in range(rounds):
        place, typed = choose.choice(places), f"\n        {_TYPED[round_ % len(_TYPED)]}"
        for end in range(1, len(typed) + 1):
            beside = reference()
            started = process_time()
            module.edit(text[:place] + typed[:end] + text[place:])
            edited = process_time()
            _ = module.facts.references
            _sample(edit, beside, edited - started)
            _sample(asked, beside, process_time() - started)
        module.edit(text)
    whole = Series(f"all of it read anew, {shown}", "ms", 15 * budget)
    for _ in range(3):
        beside = reference()
        started = process_time()
        extract(text)
        _sample(whole, beside, process_time() - started)
    yield from (edit, asked, whole)


def memory(lines: int, budget: float) -> Series:
    """What an open document holds on to after edits, its text included."""
    text = thousand_lines(lines)
    tracemalloc.start()
    module = LiveModule(text)
    for number in range(2):
        module.edit(text.replace("Dense(10)", f"Dense({number})", 1))
        _ = module.facts.references
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Series(f"memory of an open {lines:,}-line file", "MB", budget, samples=[held / 2**20])


def index() -> Series:
    """Many files read once each, as nobody has read them before; there is no cache on disk."""
    texts = [thousand_lines(50 + number % 50) for number in range(_FILES)]
    series = Series(f"{_FILES:,} files of 75 lines read cold", "ms", 10_000)
    beside = reference()
    started = process_time()
    for text in texts:
        extract(text)
    _sample(series, beside, process_time() - started)
    return series


def all_series() -> Iterator[Series]:
    yield from edits(1000, 5, 9)
    yield from edits(10_000, 50, 2)
    yield memory(10_000, 60)
    yield index()


def _sample(series: Series, beside: float, seconds: float) -> None:
    series.references.append(beside)
    series.samples.append(seconds * 1000)
