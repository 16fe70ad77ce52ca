"""Whether this process may fork a child for a replay.

A child forked from a process with threads may hang in a lock that one of them held, and a process that ran
one operation eagerly may have threads. Measured on Linux with Keras 3.15, each child building and calling a
small model for real:

| parent | threads | TensorFlow 2.21 | JAX 0.10 | Torch 2.13 |
|---|---|---|---|---|
| has imported Keras | 1 | 0 of 200 hang | 0 of 200 | 0 of 200, with `fit` too |
| has run one operation | 6, 16, 1 | 6 of 8 hang | 6 of 6 | 0 of 12 |

NumPy's backend has no threads of its own (60 replays, no hang). Others were not measured and do not fork.
"""

from __future__ import annotations

import os
import sys
import threading

FORK_VARIABLE = "KERAS_LSP_FORK"  # "0": replay without forking, as on systems that cannot
FORK_SAFE_BACKENDS = ("tensorflow", "jax", "torch", "numpy")
MOST_THREADS = 2  # a symbolic warm-up leaves one beside the main thread: 40 forks, no hang


def possible(backend: str) -> bool:
    """Whether a worker with this backend may serve by forking, as things stand once Keras is imported."""
    # macOS frameworks do not survive a fork.
    able = hasattr(os, "fork") and sys.platform != "darwin" and os.environ.get(FORK_VARIABLE) != "0"
    return able and backend in FORK_SAFE_BACKENDS and threads() <= MOST_THREADS


def threads() -> int:
    """Threads of this process, those of C libraries too where Linux lists them."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()
