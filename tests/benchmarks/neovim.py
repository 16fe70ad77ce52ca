"""A cold start in a real Neovim: from its start to the first card, and to the first with real shapes."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Series, reference
from tests.benchmarks.memory import pss_megabytes
from tests.editors.neovim import ROOT, Journey
from tests.processes import descendants, read

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 3
SEED = "subclassed.py"


def all_series() -> Iterator[Series]:
    static = Series("Neovim: start → first card, from the text", "ms", 2000)
    exact = Series("Neovim: start → first card with weights", "ms", 10_000)
    memory = Series("Neovim: peak of editor, server and worker", "MB", 900)
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="keras-lsp-bench-") as folder:
            beside = reference()
            cold = _cold_start(Path(folder).resolve() / "work", memory)
        for series, name in ((static, "card"), (exact, "weights")):
            series.samples.append(cold[name])
            series.references.append(beside)
    yield from (static, exact, memory)


def _cold_start(folder: Path, memory: Series) -> dict[str, float]:
    folder.mkdir()
    file = folder / SEED
    file.write_text((ROOT / "fixtures" / "seeds" / SEED).read_text(encoding="utf-8"), encoding="utf-8")
    journey = Journey(file, [sys.executable], trusted_roots=[str(folder)])
    journey.do("attached", "encoding")
    journey.do("card", "hover", needle="self.dense1(inputs)", after=6, contains="Dense")
    journey.do("weights", "hover", needle="self.dense1(inputs)", after=6, contains="kernel")
    watch = PeakOfAll()
    watch.start()
    journey.run()
    memory.samples.append(watch.stop())
    return journey.milliseconds


class PeakOfAll(threading.Thread):
    """The most that all processes below this one cost together, in megabytes; `only` those so called."""

    def __init__(self, only: str = "") -> None:
        super().__init__(daemon=True)
        self._only = only
        self.peak = 0.0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            found = descendants(os.getpid())
            if self._only:
                found = [pid for pid in found if self._only in read(Path(f"/proc/{pid}/cmdline"))]
            self.peak = max(self.peak, sum(map(pss_megabytes, found)))
            sleep(0.05)

    def stop(self) -> float:
        self._done.set()
        self.join()
        return self.peak


if __name__ == "__main__":
    for each in all_series():
        print(each.what, [round(sample) for sample in each.samples], each.unit)  # noqa: T201  # a look by hand
