"""What reading text costs without any protocol around it: edits, whole files, many files."""

from __future__ import annotations

import gc
import random
import re
import sys
import tempfile
import tracemalloc
from math import log10
from pathlib import Path
from statistics import linear_regression, median
from time import process_time
from typing import TYPE_CHECKING

from keras_lsp.source.extract import extract
from keras_lsp.source.incremental import LiveModule
from keras_lsp.source.jedi_names import JediNames
from keras_lsp.source.jedi_resolver import JediResolver
from keras_lsp.source.parse import parse
from tests.benchmarks.measure import Series, reference
from tests.benchmarks.texts import classes_alone, thousand_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


def long_session() -> Series:
    """What 10,000 edits all over a text leave behind: a leak would be a block for each at least."""
    text = thousand_lines(100)
    places = [found.end() for found in _BODY_LINE.finditer(text)]
    module = LiveModule(text)
    allocated: list[int] = []
    for number in range(10_000):
        place = places[number * 7 % len(places)]
        module.edit(f"{text[:place]}  # {number}{text[place:]}" if number % 2 else text)
        if number % 100 == 0:
            _ = module.facts.references
            gc.collect()
            allocated.append(sys.getallocatedblocks())
    growth = median(allocated[-10:]) - median(allocated[1:11])
    return Series("blocks of memory that 10,000 edits leave", "", 2000, samples=[growth])


def index() -> Iterator[Series]:
    """Many files that one document imports from: as nobody has read them before, and once more.

    Nothing of it is kept on disk: the second look-up is what a session pays that has read them once.
    """
    texts = [thousand_lines(50 + number % 50) for number in range(_FILES)]
    alone = Series(f"{_FILES:,} files of 75 lines read cold", "ms", 10_000)
    _timed(alone, lambda: [extract(text) for text in texts])
    yield alone
    names = range(_FILES)
    imports = "".join(f"from module_{n} import Model0 as Model{n}\n" for n in names)
    document = parse(f"{imports}{''.join(f'model{n} = Model{n}()' + chr(10) for n in names)}")
    cold = Series(f"{_FILES:,} files that a document imports from, cold", "ms", 20_000)
    warm = Series(f"{_FILES:,} files that a document imports from, again", "ms", 1_000)
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            (Path(folder) / f"module_{number}.py").write_text(text, encoding="utf-8")
        looked_up = JediNames(_read)

        def look_up() -> None:
            resolver = JediResolver(str(Path(folder) / "document.py"), folder)
            if not looked_up.look_up(resolver, document).result():
                raise RuntimeError("nothing was found in other files")

        _timed(cold, look_up)
        for _ in range(3):
            _timed(warm, look_up)
        looked_up.close()
    yield from (cold, warm)


def growth() -> Iterator[Series]:
    """How many times as long it takes with ten times the text: 1 is no growth, 10 is in step with it."""
    by_lines = [thousand_lines(lines) for lines in (100, 1_000, 10_000)]
    by_classes = [classes_alone(count) for count in (10, 100, 500)]
    for texts, what in ((by_lines, "lines of a file"), (by_classes, "model classes")):
        sizes = [text.count("\n") for text in texts]
        edit, read = [_edit_and_read(text) for text in texts], [_whole(text) for text in texts]
        yield _growth(f"growth of an edit, ten times the {what}", 4, sizes, edit)
        yield _growth(f"growth of reading all, ten times the {what}", 15, sizes, read)


def _edit_and_read(text: str) -> float:
    """A number typed in a constructor and taken back, in the middle: in units of the reference loop."""
    place = text.index("Dense(", len(text) // 2) + len("Dense(")
    module = LiveModule(text)
    series = Series("", "ms", 0)
    for number in range(40):
        changed = f"{text[:place]}{1 + number % 9}{text[place:]}" if number % 2 else text
        _timed(series, lambda changed=changed: module.edit(changed))  # type: ignore[misc]  # bound at once
    return median(series.samples) / median(series.references)


def _whole(text: str) -> float:
    series = Series("", "ms", 0)
    for _ in range(3):
        _timed(series, lambda: extract(text))
    return median(series.samples) / median(series.references)


def _growth(what: str, budget: float, sizes: Sequence[int], times: Sequence[float]) -> Series:
    """The exponent of the power of the size that fits best, as what ten times the size costs."""
    exponent = linear_regression([*map(log10, sizes)], [*map(log10, times)]).slope
    return Series(what, "x", budget, samples=[10**exponent])


def all_series() -> Iterator[Series]:
    yield from edits(1000, 5, 9)
    yield from edits(10_000, 50, 2)
    yield memory(10_000, 60)
    yield long_session()
    yield from growth()
    yield from index()


def _sample(series: Series, beside: float, seconds: float) -> None:
    series.references.append(beside)
    series.samples.append(seconds * 1000)


def _timed(series: Series, action: Callable[[], object]) -> None:
    beside = reference()
    started = process_time()
    action()
    _sample(series, beside, process_time() - started)


def _read(path: str) -> str | None:
    return Path(path).read_text(encoding="utf-8") if Path(path).is_file() else None
