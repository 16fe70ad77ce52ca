"""The notebook that the suites of VS Code open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

CELLS = (
    ("code", "%matplotlib inline\nimport keras\nfrom keras import layers"),
    ("markdown", "## The model"),
    (
        "code",
        """\
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.out = layers.Dense(10)

    def call(self, x):
        return self.out(self.hidden(x))""",
    ),
    ("code", "model = Net()\nprint(model.layers[0].weights[0].shape)"),
    ("code", "%%time\nlogits = model(keras.Input((32,)))\nmodel.layers[0]"),
)


def write_notebook(file: Path) -> None:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": kind,
            "id": f"cell{number}",
            "metadata": {},
            "source": text.splitlines(keepends=True),
            **({"execution_count": None, "outputs": []} if kind == "code" else {}),
        }
        for number, (kind, text) in enumerate(CELLS)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    data = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(data, indent=1), encoding="utf-8")
