"""Memory of processes, from /proc (Linux)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from time import sleep

from tests.processes import children, read


def pss_megabytes(pid: int) -> float:
    """Memory of a process with its share of what it shares; 0 when it has ended."""
    return _megabytes(pid, "smaps_rollup", "Pss:")


def keras_megabytes() -> float:
    """Memory of a Python that has imported what the zygote imports, and done nothing else."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    program = [sys.executable, "-c", "import tensorflow, keras; print(flush=True); input()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        program, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment
    ) as alone:
        if alone.stdout is None or not alone.stdout.readline():
            raise RuntimeError("Keras could not be imported")
        megabytes = pss_megabytes(alone.pid)
        alone.kill()
    return megabytes


def private_megabytes(pid: int) -> float:
    """What a process shares with no other: of a forked child, what it costs on top of its parent."""
    return sum(_megabytes(pid, "smaps_rollup", name) for name in ("Private_Clean:", "Private_Dirty:"))


def rss_megabytes(pid: int) -> float:
    """Memory of a process with all that it shares; the same whether a child is alive or not."""
    return _megabytes(pid, "status", "VmRSS:")


def _megabytes(pid: int, file: str, name: str) -> float:
    lines = read(Path(f"/proc/{pid}/{file}")).splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)


class PeakBelow(threading.Thread):
    """Watches the children of a process; `peak` is the most they cost together, in megabytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0.0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            self.peak = max(self.peak, sum(map(private_megabytes, children(self.pid))))
            sleep(0.003)

    def stop(self) -> float:
        self._done.set()
        self.join()
        return self.peak
