"""Runs under the Python that has Keras: a line of JSON in (a text, and whether to run it for real), one out.

A forked child per text, so that no text sees what another one made, and none waits for the import of Keras.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from keras_lsp.worker import wire
from keras_lsp.worker.process import warm
from keras_lsp.worker.program.replay import replay

if TYPE_CHECKING:
    from keras_lsp.worker.lines.symbolic import KerasLine


def _replayed(text: str, line: KerasLine) -> Any:
    classes = tuple(node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef))
    request = wire.ReplayRequest(1, "/nowhere/program.py", text, "program", classes=classes)
    warm.prepare(line)
    return wire.encode(replay(request, line))


def _really_run(text: str) -> str:
    """Name of the exception the program ends with, "" when it runs to its end."""
    try:
        exec(compile(text, "program.py", "exec"), {"__name__": "__main__"})  # noqa: S102 - a test's own program
    except Exception as error:  # noqa: BLE001 - which one it is, is the answer
        return type(error).__name__
    return ""


def _run_before(text: str) -> None:
    """A program that leaves files, in a process of its own."""
    child = os.fork()
    if not child:
        os._exit(bool(_really_run(text)))
    os.waitpid(child, 0)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    line = warm.load(legacy=os.environ.get("TF_USE_LEGACY_KERAS") == "1")
    for message in sys.stdin:
        child = os.fork()
        if not child:
            asked = json.loads(message)
            if asked["before"]:
                os.chdir(tempfile.mkdtemp(dir=asked["folder"]))
                _run_before(asked["before"])
            answer = _really_run(asked["text"]) if asked["real"] else _replayed(asked["text"], line)
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            answers.write("null\n")  # the child has said on stderr why; who asks must not wait
            answers.flush()


if __name__ == "__main__":
    main()
