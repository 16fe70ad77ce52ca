"""Confines itself and makes one attempt: `python -m tests.sandbox.harness NAME LEVEL FOLDER`.

Answers with one line of JSON on descriptor 3. Standard library only, as the worker that is tested.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys

from keras_lsp.worker.confine import Allowed, enforce, landlock
from keras_lsp.worker.confine.policy import system_paths
from keras_lsp.worker.confine.workspace import Workspace
from tests.sandbox.attempts import attempt_of
from tests.sandbox.guard import Unconfined
from tests.sandbox.registry import AROUND, LEVELS, Absent, Attempt, Refused, landlock_at
from tests.sandbox.scene import MEMORY_BYTES, Scene

ANSWER = 3  # the descriptor of the answer
# What a system says that does not let one. Any other error means that the attempt itself went wrong.
_REFUSALS = (
    *(errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.EFBIG),
    *(errno.EXDEV, errno.EROFS),
)
# What is not there where bubblewrap hides it: files, processes, and who listens.
_HIDDEN = (errno.ENOENT, errno.ESRCH, errno.ECONNREFUSED)


def main(name: str, level: str, folder: str) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    attempt, scene = attempt_of(name), Scene.of(folder)
    os.chdir(scene.workspace)
    _answer(*_confined(attempt, level, scene))


def _confined(attempt: Attempt, level: str, scene: Scene) -> tuple[str, str]:
    workspace = Workspace().readable([str(scene.workspace)])
    allowed = Allowed(
        read=(*system_paths(), str(scene.environment), *filter(None, [sys.pycache_prefix]), *workspace.read),
        write=(str(scene.own),),
        memory_bytes=MEMORY_BYTES,
        cpu_seconds=attempt.cpu,
        listed=workspace.listed,
    )
    try:
        parts = tuple(part for part in LEVELS[level] if part != AROUND)
        enforce(allowed, parts, landlock_at(level, landlock.version()))
    except OSError as error:
        return "unconfined", f"enforce: {error!r}"
    return _tried(attempt, level, scene)


def _tried(attempt: Attempt, level: str, scene: Scene) -> tuple[str, str]:
    refusals = (*_REFUSALS, *(_HIDDEN if AROUND in LEVELS[level] else ()))
    try:
        return "achieved", attempt.perform(scene, level)
    except Unconfined as reason:
        return "unconfined", str(reason)
    except Absent as reason:
        return "absent", str(reason)
    except (Refused, MemoryError) as reason:
        return "refused", repr(reason)
    except OSError as error:
        return "refused" if error.errno in refusals else "broken", repr(error)
    except RuntimeError as error:
        return "refused" if "start new thread" in str(error) else "broken", repr(error)
    except Exception as error:  # noqa: BLE001  # the attempt is a program like any
        return "broken", repr(error)


def _answer(outcome: str, detail: str) -> None:
    """And end, whatever threads there are."""
    os.write(ANSWER, json.dumps({"outcome": outcome, "detail": detail[:500]}).encode() + b"\n")
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
