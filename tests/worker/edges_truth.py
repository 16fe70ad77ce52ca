"""What feeds what in real Keras: reads JSON {title: program}, writes {title: edges}, one forked process each.

Runs under the user's Python, unpatched. A program binds `model`, and `data` where it is no functional model:
NumPy arrays that the model is then called on, while eager tensors are followed by their identity from one
layer to the next. An edge is [name of the source, name of the target, shape without the batch axis].
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from typing import Any


def leaves(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, list | tuple):
        return [leaf for item in structure for leaf in leaves(item)]
    return [structure] if hasattr(structure, "shape") else []


def drawn(model: Any, legacy: bool) -> list[list[Any]]:
    """The edges of a functional model's own graph."""
    inner = getattr(model, "_functional", None) or model
    found: list[list[Any]] = []
    for nodes in inner._nodes_by_depth.values():
        for node in nodes:
            target = node.layer if legacy else node.operation
            tensors = [] if node.is_input else node.keras_inputs if legacy else node.arguments.keras_tensors
            for tensor in tensors:
                history = tensor._keras_history
                source = history.layer if legacy else history.operation
                found.append([source.name, target.name, list(tensor.shape)[1:]])
    return found


def followed(model: Any, data: Any, layer_class: Any) -> list[list[Any]]:
    """The edges between the layers that the model's own `call` calls, when it really runs."""
    original = layer_class.__call__
    running: list[Any] = []
    makers: dict[int, str] = {}
    alive: list[Any] = []
    found: list[list[Any]] = []

    def __call__(layer: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807 - in the place of Keras's own
        below = len(running) == 1
        if below:
            found.extend(
                [makers[id(tensor)], layer.name, list(tensor.shape)[1:]]
                for tensor in leaves([args, kwargs])
                if id(tensor) in makers
            )
        running.append(layer)
        try:
            result = original(layer, *args, **kwargs)
        finally:
            running.pop()
        if below:
            for tensor in leaves(result):
                makers[id(tensor)] = layer.name
                alive.append(tensor)
        return result

    layer_class.__call__ = __call__
    model(data)
    return found


def edges(text: str, keras: Any, legacy: bool) -> list[list[Any]]:
    space: dict[str, Any] = {}
    exec(compile(text, "program.py", "exec"), space)  # noqa: S102 - a test's own program
    model = space["model"]
    if "data" in space:
        return sorted(followed(model, space["data"], keras.layers.Layer))
    return sorted(drawn(model, legacy))


def main() -> None:
    legacy = os.environ.get("TF_USE_LEGACY_KERAS") == "1"
    keras: Any = importlib.import_module("tf_keras" if legacy else "keras")
    answers = {}
    for title, text in json.load(sys.stdin).items():
        with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
            child = os.fork()
            if not child:
                json.dump(edges(text, keras, legacy), answer)
                answer.flush()
                os._exit(0)
            os.waitpid(child, 0)
            answer.seek(0)
            answers[title] = json.load(answer)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
