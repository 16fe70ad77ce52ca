"""What TensorFlow's profiler counts: reads JSON {expression of a layer: input shapes}, writes {…: count}.

Runs under the Python that has Keras. Expressions know `keras`; shapes are without the batch axis.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def count(layer: Any, shapes: list[list[int]]) -> int:
    tensorflow: Any = importlib.import_module("tensorflow")
    constants: Any = importlib.import_module("tensorflow.python.framework.convert_to_constants")
    profiler = tensorflow.compat.v1.profiler
    specs = [tensorflow.TensorSpec((1, *shape)) for shape in shapes]
    function = tensorflow.function(lambda *inputs: layer(inputs[0] if len(inputs) == 1 else list(inputs)))
    frozen = constants.convert_variables_to_constants_v2(function.get_concrete_function(*specs))
    options = profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return int(profiler.profile(graph=frozen.graph, options=options).total_float_ops)


def main() -> None:
    keras: Any = importlib.import_module("keras")
    asked = json.load(sys.stdin)
    answers = {
        text: count(eval(text, {"keras": keras}), shapes)  # noqa: S307 - the test's own expressions
        for text, shapes in asked.items()
    }
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
