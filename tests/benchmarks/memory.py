"""Memory of processes, from /proc (Linux)."""

from __future__ import annotations

import threading
from pathlib import Path
from time import sleep

from tests.processes import children, read


def pss_megabytes(pid: int) -> float:
    """Memory of a process with its share of what it shares; 0 when it has ended."""
    lines = read(Path(f"/proc/{pid}/smaps_rollup")).splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


class PeakBelow(threading.Thread):
    """Watches a process and its children; `peak` is the most they used together, in megabytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0.0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            below = children(self.pid)
            if below:
                self.peak = max(self.peak, pss_megabytes(self.pid) + sum(map(pss_megabytes, below)))
            sleep(0.003)

    def stop(self) -> float:
        self._done.set()
        self.join()
        return self.peak
