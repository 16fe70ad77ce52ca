"""The bundled snapshot is what Keras says."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from keras_lsp.knowledge import catalogue

if TYPE_CHECKING:
    from tests.warm import WarmKeras

PROBE = """
import inspect, json, keras
names = [n for n in dir(keras.layers) if inspect.isclass(getattr(keras.layers, n))
         and issubclass(getattr(keras.layers, n), keras.layers.Layer)]
signatures = {}
for name in names:
    found = inspect.signature(getattr(keras.layers, name).__init__).parameters.values()
    signatures[name] = [[p.name, None if p.default is p.empty else repr(p.default)] for p in found
                        if p.name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
print(json.dumps([keras.__version__, signatures]))
"""


def test_parameters_and_defaults_are_those_of_keras(keras3: WarmKeras) -> None:
    version, signatures = json.loads(keras3.output("-c", PROBE).splitlines()[-1])
    snapshot = resources.files("keras_lsp.knowledge").joinpath("catalogue.json").read_text(encoding="utf-8")
    same_version = json.loads(snapshot)["keras"] == version
    names = signatures if same_version else ["Dense", "Conv2D", "LSTM", "Embedding", "Dropout"]
    for name in names:
        info = catalogue.layer(f"keras.layers.{name}")
        assert info is not None, name
        known = [[p.name, p.default] for p in info.parameters]
        assert known == signatures[name] if same_version else known[:2] == signatures[name][:2], name


def test_dense() -> None:
    dense = catalogue.layer("keras.layers.Dense")
    assert dense is not None
    assert [p.name for p in dense.parameters[:3]] == ["units", "activation", "use_bias"]
    assert dense.default("use_bias") == "True"
    assert dense.default("units") is None
    assert dense.summary == "Just your regular densely-connected NN layer."


def test_what_is_a_layer() -> None:
    assert catalogue.is_layer("keras.layers.Conv2D")
    assert catalogue.is_layer("keras.layers.ThresholdedReLU")  # Keras 2 only
    assert not catalogue.is_layer("keras.Model")
    assert not catalogue.is_layer("keras.Input")
    assert not catalogue.is_layer("keras.layers.add")
    assert not catalogue.is_layer("keras.layers.Densee")
    assert catalogue.layer("keras.layers.Densee") is None
    assert catalogue.layer("keras.Sequential") is not None
