"""Runs under the Python that has Keras: `load_data` of Keras itself, on files of the right size, all zeros.

Writes {call: [what Keras gives, what the stand-in gives]} as shapes and dtypes.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from keras_lsp.worker.unknown import datasets

CALLS: dict[str, list[dict[str, Any]]] = {
    "mnist": [{}],
    "boston_housing": [{}, {"test_split": 0.5}],
    "california_housing": [{}, {"version": "small"}, {"test_split": 0.1}],
    "imdb": [{}, {"num_words": 100}],
    "reuters": [{}, {"test_split": 0.3}],
    "cifar100": [{}, {"label_mode": "coarse"}],
}


def files(np: Any, folder: Path) -> dict[str, Path]:
    def texts(count: int) -> Any:
        array = np.empty((count,), object)
        for place in range(count):
            array[place] = [1] * (1 + place % 2)
        return array

    def saved(name: str, **arrays: Any) -> Path:
        path = folder / f"{name}.npz"
        np.savez(path, **arrays)
        return path

    images = {"x_train": np.zeros((60_000, 28, 28), "uint8"), "y_train": np.zeros(60_000, "uint8")}
    images |= {"x_test": np.zeros((10_000, 28, 28), "uint8"), "y_test": np.zeros(10_000, "uint8")}
    words = {"x_train": texts(25_000), "y_train": np.zeros(25_000, "int64")}
    words |= {"x_test": texts(25_000), "y_test": np.zeros(25_000, "int64")}
    return {
        "mnist": saved("mnist", **images),
        "boston_housing": saved("boston", x=np.zeros((506, 13)), y=np.zeros(506)),
        "california_housing": saved(
            "california", x=np.zeros((20_640, 8), "float32"), y=np.zeros(20_640, "float32")
        ),
        "imdb": saved("imdb", **words),
        "reuters": saved("reuters", x=texts(11_228), y=np.zeros(11_228, "int64")),
        "cifar100": folder,
    }


def described(data: Any) -> Any:
    return [[[list(array.shape), str(array.dtype)] for array in part] for part in data]


def main() -> None:
    np, keras = importlib.import_module("numpy"), importlib.import_module("keras")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in files(np, Path(folder)).items():
            module = importlib.import_module(f"keras.src.datasets.{name}")
            vars(module)["get_file"] = lambda *_, path=path, **__: str(path)
            if name == "cifar100":
                vars(module)["load_batch"] = lambda path, **_: (
                    np.zeros((50_000 if path.endswith("train") else 10_000, 3, 32, 32), "uint8"),
                    [0] * (50_000 if path.endswith("train") else 10_000),
                )
            stand_in = datasets.loader(name, module.load_data, keras.config.image_data_format)
            for options in CALLS[name]:
                results[f"{name} {options}"] = [
                    described(module.load_data(**options)),
                    described(stand_in(**options)),
                ]
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
