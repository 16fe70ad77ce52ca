"""Runs the search alone, under the user's Python: reads {title: program} as JSON, writes what was found."""

from __future__ import annotations

import ast
import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from keras_lsp.worker.lines.keras3 import Keras3
from keras_lsp.worker.search.call_hints import call_hints
from keras_lsp.worker.search.guess import spelling
from keras_lsp.worker.search.input_search import InputSearch


def searched(line: Keras3, program: str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(program, "program.py", "exec"), space)  # noqa: S102 - a test's own program
    search = InputSearch(line, space["Net"], call_hints(ast.parse(program), "Net"), [])
    with line.scope():
        found = search.run(30.0)
    if found is None:
        return {"reason": search.reason}
    other = spelling(found.other) if found.other is not None else None
    return {"text": found.text, "other": other, "reason": search.reason}


def main() -> None:
    warnings.simplefilter("ignore")
    line = Keras3(importlib.import_module("keras"))
    line.prepare()
    found = {title: searched(line, program) for title, program in json.load(sys.stdin).items()}
    sys.stdout.write(json.dumps(found))


main()
