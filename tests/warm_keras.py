"""Runs programs for real, each in a fork of a Python that has imported Keras already.

Runs under the Python that has Keras; `warm.py` is its peer. A line of JSON asks for a program, one says the
status it ended with. Nothing of Keras is patched, and no operation runs before the fork: each program finds
Keras as it is right after its import.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import sys
import threading
import traceback
import types
from typing import Any


def run(asked: dict[str, Any]) -> int:
    """As `python ARGUMENTS` would, in this process."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY
        os.dup2(os.open(asked[name], flags), number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(0, encoding="utf-8", closefd=False),  # noqa: SIM115 - lives as long as the process
        open(1, "w", encoding="utf-8", closefd=False),  # noqa: SIM115
        open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False),  # noqa: SIM115
    )
    signal.alarm(asked["seconds"])
    os.chdir(asked["folder"])
    os.environ.update(asked["variables"])
    try:
        _main(asked["arguments"])
        threading._shutdown()  # type: ignore[attr-defined]  # as an interpreter does: waits for the program's own
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            return left.code or 0
        print(left.code, file=sys.stderr)  # noqa: T201
        return 1
    except BaseException:  # noqa: BLE001 - whatever the program raises ends it
        traceback.print_exc()
        return 1
    return 0


def _main(arguments: list[str]) -> None:
    first, *rest = arguments
    if first == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[1:]], ""
        module = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), module.__dict__)  # noqa: S102 - a test's own program
    else:
        sys.argv, sys.path[0] = arguments, os.path.dirname(first)  # noqa: PTH120 - as the interpreter does
        runpy.run_path(first, run_name="__main__")


def main() -> None:
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    importlib.import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") == "1" else "keras")
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        importlib.import_module("tensorflow")
    for request in requests:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = run(json.loads(request))
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(ended)}\n")
        answers.flush()


if __name__ == "__main__":
    main()
