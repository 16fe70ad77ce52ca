"""What real Keras makes of programs: run under the user's Python, unpatched, one forked process a program.

Reads a JSON object {title: program} from standard input, writes {title: facts}. A program runs statement by
statement and goes on after an exception, as a replay does, so that one mistake does not hide the next.
"""

from __future__ import annotations

import ast
import importlib
import json
import math
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any


def spec(value: Any) -> list[Any] | None:
    shape = getattr(value, "shape", None)
    if shape is None or callable(shape) or not hasattr(value, "dtype"):
        return None
    dtype = getattr(value.dtype, "name", value.dtype)
    return [[None if size is None else int(size) for size in shape], str(dtype).replace("torch.", "")]


def weight(variable: Any) -> list[Any]:
    path = getattr(variable, "path", None) or variable.name.split(":")[0]
    dtype = getattr(variable.dtype, "name", variable.dtype)
    return [path, list(variable.shape), str(dtype), bool(variable.trainable)]


def parameters(variables: list[Any]) -> int:
    return sum(math.prod(variable.shape) for variable in variables)


def facts(layer: Any) -> dict[str, Any]:
    try:
        weights = list(layer.weights)
        counts = [parameters(layer.trainable_weights), parameters(layer.non_trainable_weights)]
    except ValueError:  # tf-keras 2, unbuilt
        weights, counts = [], [0, 0]
    members = layer.layers if hasattr(type(layer), "layers") else ()  # a user's own attribute may be anything
    return {
        "class": type(layer).__name__,
        "name": layer.name,
        "built": bool(layer.built),
        "weights": [weight(variable) for variable in weights],
        "parameters": counts,
        "layers": [[type(member).__name__, member.name] for member in members],
    }


def described(space: dict[str, Any], layer_class: Any) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    for name, value in space.items():
        if name == "_" or name.startswith("__"):
            continue
        if isinstance(value, layer_class):
            try:
                below = [facts(inner) for inner in value._flatten_layers(include_self=False)]
                variables[name] = {"layer": {**facts(value), "below": below}}
            except AttributeError:  # its constructor did not run to the end
                variables[name] = {"broken": True}
        elif hasattr(value, "trainable") and hasattr(value, "shape"):
            variables[name] = {"weight": weight(value)}
        elif spec(value) is not None:
            variables[name] = {"tensor": spec(value)}
    return variables


def of_the_machine(error: Exception) -> bool:
    """Whether it is about files or packages, or follows from an earlier one: never certain in a replay."""
    if isinstance(error, ImportError):
        return isinstance(error, ModuleNotFoundError) or not error.name
    return isinstance(error, (NameError, OSError))


def run(program: str, layer_class: Any) -> dict[str, Any]:
    # A real file: tf-keras 2 rewrites `call` from its source, and does not where it finds none.
    path = str(Path(tempfile.mkdtemp()) / "program.py")
    with Path(path).open("w") as stream:
        stream.write(program)
    space = {"__name__": "__main__"}
    sys.modules["__main__"].__dict__.update(space)
    raised = []
    for statement in ast.parse(program, path).body:
        code = compile(ast.Module([statement], []), path, "exec")
        try:
            exec(code, space)  # noqa: S102 - running programs is what this file is for
        except Exception as error:  # noqa: BLE001 - whatever the program raises is the answer
            line = statement.lineno
            trace = error.__traceback__
            while trace is not None:
                if trace.tb_frame.f_code.co_filename == path:
                    line = trace.tb_lineno
                trace = trace.tb_next
            if not of_the_machine(error):
                raised.append([type(error).__name__, line])
    return {"raised": raised, "variables": described(space, layer_class)}


def main() -> None:
    name = "tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") == "1" else "keras"
    keras: Any = importlib.import_module(name)
    # A program's own TensorFlow, imported once here instead of in each process.
    if os.environ.get("KERAS_BACKEND") == "tensorflow":
        importlib.import_module("tensorflow")

    results = {}
    for title, program in json.load(sys.stdin).items():
        read_end, write_end = os.pipe()
        process = os.fork()
        if process == 0:
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - lives as long as the process
            try:
                data = json.dumps(run(program, keras.layers.Layer)).encode()
                with os.fdopen(write_end, "wb") as stream:
                    stream.write(data)
            except BaseException:  # noqa: BLE001 - a forked child must not go on as its parent
                traceback.print_exc()
            os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as stream:
            data = stream.read()
        os.waitpid(process, 0)
        results[title] = json.loads(data) if data else None
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
