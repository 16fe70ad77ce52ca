"""Arrays of shapes only give what NumPy gives, and `keras.datasets` the shapes that Keras gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.warm import WarmKeras

SHAPES = [
    "x",
    "x.astype('float32') / 255",
    "x / 255.0",
    "255 - x",
    "(x - x.mean(axis=(0, 1, 2))) / 2",
    "np.mean(x, axis=0)",
    "np.std(x, axis=(1, 2), keepdims=True)",
    "x.reshape(-1, 60)",
    "x.reshape(len(x), -1)",
    "np.reshape(x, (6, 20, 3))",
    "x[:4]",
    "x[..., np.newaxis]",
    "x[:, :, :, 0]",
    "x[0]",
    "x[np.array([3, 1, 1])]",
    "x[[0, 2], :2]",
    "x[np.random.permutation(len(x))]",
    "np.expand_dims(x, -1)",
    "np.squeeze(x[:1], axis=0)",
    "x.T",
    "np.transpose(x, (0, 3, 1, 2))",
    "x.swapaxes(1, 2)",
    "np.concatenate([x, x], axis=0)",
    "np.concatenate((x, np.zeros((2, 4, 5, 3))))",
    "np.vstack([x, x])",
    "np.stack([x] * 3, axis=-1)",
    "np.repeat(x, 3, axis=-1)",
    "np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))",
    "np.where(x < 3, 0, 1)",
    "x > 3",
    "np.argmax(x, axis=-1)",
    "x.argmax(axis=1)",
    "np.zeros_like(x)",
    "np.ones_like(x, dtype='float32')",
    "x.flatten()",
    "x.copy()",
    "np.asarray(x)",
    "np.array(x, dtype='float64')",
    "np.clip(x, 0, 1)",
    "np.log(x + 1)",
    "x @ np.zeros((3, 7))",
    "np.dot(x, np.zeros((3, 7), 'float32'))",
    "x.shape[1:]",
    "np.prod(x.shape[1:])",
]
VALUES = ["x.max()", "np.mean(x)", "x[0, 0, 0, 0]", "x.sum() / 2", "np.unique(x)", "np.median(x, axis=0)"]
WRONG = [
    "x.reshape(7, -1)",
    "x + np.zeros((6, 4, 5, 2))",
    "np.concatenate([x, np.zeros((2, 4, 5))])",
    "np.stack([x, x[:2]])",
    "x @ np.zeros((4, 7))",
    "x.__itruediv__(2)",
]


def run(keras: WarmKeras, script: str, given: object = None) -> Any:
    return json.loads(keras.output(str(Path(__file__).with_name(script)), given=json.dumps(given)))


@pytest.fixture(scope="module")
def outcomes(keras3: WarmKeras) -> dict[str, Any]:
    expressions = [*SHAPES, *VALUES, *WRONG]
    return dict(zip(expressions, run(keras3, "array_truth.py", expressions), strict=True))


@pytest.mark.parametrize("expression", SHAPES)
def test_shapes_and_types_are_those_of_numpy(expression: str, outcomes: dict[str, Any]) -> None:
    ours, numpy = outcomes[expression]
    assert ours == numpy


@pytest.mark.parametrize("expression", VALUES)
def test_values_are_not_known(expression: str, outcomes: dict[str, Any]) -> None:
    assert outcomes[expression][0] == "unknown"


@pytest.mark.parametrize("expression", WRONG)
def test_what_numpy_refuses_is_refused(expression: str, outcomes: dict[str, Any]) -> None:
    ours, numpy = outcomes[expression]
    assert isinstance(numpy, str)
    assert (ours == "unknown") or isinstance(ours, str)


def test_datasets_have_the_shapes_that_keras_gives_them(keras3: WarmKeras) -> None:
    for call, (keras, ours) in run(keras3, "dataset_truth.py").items():
        assert ours == keras, call
