"""The parent of one attempt, with its victim: `python -m tests.sandbox.stage NAME LEVEL FOLDER [TERMINAL]`.

Leads a session of its own. Every signal is held up in it and in the victim, so that one which was sent can be
seen there. Says on its output how the attempt ended, and stays until its input is closed.
"""

from __future__ import annotations

import os
import signal
import sys

from tests.sandbox import harness


def main(name: str, level: str, folder: str, terminal: str | None = None) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    victim = os.spawnv(os.P_NOWAIT, "/bin/sleep", ["sleep", "300"])  # noqa: S606  # no shell is the point
    # Of a session's leader it becomes the terminal, which the attempt then has as one on its own would.
    stdin = os.open(terminal or os.devnull, os.O_RDWR)
    os.write(1, f"VICTIM {victim}\n".encode())
    child = os.fork()
    if child == 0:
        _become_attempt(victim, stdin)
        harness.main(name, level, folder)
    os.close(stdin)
    _, status = os.waitpid(child, 0)
    ended = f"SIGNAL {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"EXIT {os.WEXITSTATUS(status)}"
    os.write(1, f"{ended}\n".encode())
    os.read(0, 1)


def _become_attempt(victim: int, stdin: int) -> None:
    """As a worker's replay is: what was open for the parent is not for it."""
    os.dup2(1, harness.ANSWER)
    os.dup2(stdin, 0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.closerange(harness.ANSWER + 1, 256)
    os.environ["VICTIM"] = str(victim)


if __name__ == "__main__":
    main(*sys.argv[1:])
