"""The worker's catalogue is what the installed Keras says of itself, on both lines."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

import pytest

from keras_lsp.knowledge.api import Kind, read_api
from keras_lsp.knowledge.bundled import bundled

if TYPE_CHECKING:
    from keras_lsp.knowledge.api import Api
    from tests.warm import WarmKeras
    from tests.worker.driver import Worker

NAMES = (
    "layers.Dense", "layers.Conv2D", "layers.LSTM", "layers.GRU", "layers.Embedding", "layers.Dropout",
    "layers.BatchNormalization", "layers.MultiHeadAttention", "layers.Bidirectional", "layers.MaxPooling2D",
    "layers.Concatenate", "layers.TextVectorization", "optimizers.Adam", "losses.BinaryCrossentropy",
    "metrics.AUC", "callbacks.EarlyStopping", "initializers.VarianceScaling", "Sequential", "Input",
    "activations.relu", "utils.pad_sequences", "models.load_model", "datasets.mnist.load_data",
    "Model.compile", "Model.fit", "Model.add_weight",
)  # fmt: skip

PROBE = """
import functools, inspect, json, os, sys
keras = __import__("tf_keras" if os.environ["TF_USE_LEGACY_KERAS"] == "1" else "keras")
found = {}
for name in json.loads(sys.argv[1]):
    thing = functools.reduce(getattr, name.split("."), keras)
    owner = functools.reduce(getattr, name.split(".")[:-1], keras)
    function = thing.__init__ if inspect.isclass(thing) else thing
    parameters = list(inspect.signature(function).parameters.values())
    if inspect.isclass(thing) or inspect.isclass(owner):
        del parameters[0]
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    first = (inspect.getdoc(thing) or "").split("\\n\\n")[0].split()
    defaults = [None if p.default is p.empty else repr(p.default) for p in named]
    found[name] = [[p.name for p in named], defaults, first]
tensor = keras.Input((5, 6))
made = {"Dense": [2], "LSTM": [2], "LayerNormalization": [], "BatchNormalization": [], "ReLU": []}
weights = {}
for name, arguments in made.items():
    layer = getattr(keras.layers, name)(*arguments)
    layer(tensor)
    weights[name] = [w.name.split(":")[0].split("/")[-1] for w in layer.weights]
taken = {}
for kind, words in json.loads(sys.argv[2]).items():
    taken[kind] = []
    for word in words:
        try:
            getattr(keras, kind).get(word)
            taken[kind].append(word)
        except Exception:
            pass
print(json.dumps([found, weights, taken]))
"""


OF_TENSORFLOW = """
import functools, json, sys, types
import keras, tensorflow as tf
found = {}
for module in json.loads(sys.argv[1]):
    ours, theirs = (functools.reduce(getattr, module.split("."), root) for root in (keras, tf.keras))
    found[module] = [
        name for name in dir(theirs)
        if name[0] != "_" and name != "legacy" and not hasattr(ours, name) and callable(getattr(theirs, name))
    ]
print(json.dumps(found))
"""


MEMBERS = """
import functools, inspect, json, os, sys, types
keras = __import__("tf_keras" if os.environ["TF_USE_LEGACY_KERAS"] == "1" else "keras")
found = {}
for name in json.loads(sys.argv[1]):
    cls = functools.reduce(getattr, name.split("."), keras)
    members = [name for name in dir(cls) if name[0] != "_"]
    kinds = types.FunctionType, property
    real = {name: inspect.getattr_static(cls, name) for name in members}
    found[name] = {n: isinstance(m, types.FunctionType) for n, m in real.items() if isinstance(m, kinds)}
print(json.dumps(found))
"""


@functools.cache
def read_by(worker: Worker) -> Api:
    return read_api(worker.catalogue())


@pytest.mark.parametrize("line", [3, 2])
def test_it_is_what_introspection_says(
    keras3_worker: Worker, tf_keras_worker: Worker, keras3: WarmKeras, tf_keras: WarmKeras, line: int
) -> None:
    api = read_by(keras3_worker if line == 3 else tf_keras_worker)
    said = {kind: list(found) for kind, found in api.strings.items()}
    real = (keras3 if line == 3 else tf_keras).output("-c", PROBE, json.dumps(NAMES), json.dumps(said))
    things, weights, taken = json.loads(real.splitlines()[-1])
    assert api.line == line
    for name, (parameters, defaults, summary) in things.items():
        entry = api.entry(f"keras.{name}")
        assert entry is not None, name
        named = [p for p in entry.parameters if p.is_named]
        assert [p.name for p in named] == parameters, name
        for parameter, default in zip(named, defaults, strict=True):
            simple = default is None or (" at 0x" not in default and "<" not in default and len(default) < 60)
            assert not simple or parameter.default == default, (name, parameter.name)
        assert entry.summary.split()[:8] == summary[:8], name
    for name, expected in weights.items():
        layer = api.entry(f"keras.layers.{name}")
        assert layer is not None
        assert list(layer.weights or ()) == expected, name
    assert taken == said


def test_the_lines_differ_where_they_differ(keras3_worker: Worker, tf_keras_worker: Worker) -> None:
    three, two = read_by(keras3_worker), read_by(tf_keras_worker)
    assert three.entry("keras.ops.softmax")
    assert two.entry("keras.ops.softmax") is None
    assert two.entry("keras.layers.ThresholdedReLU")
    assert three.entry("keras.layers.ThresholdedReLU") is None
    assert "muon" in three.strings["optimizers"]
    assert "muon" not in two.strings["optimizers"]
    dense = three.entry("keras.layers.Dense"), two.entry("keras.layers.Dense")
    assert ["lora_rank" in entry.keywords for entry in dense if entry] == [True, False]


def test_what_only_tensorflow_calls_keras(keras3_worker: Worker, keras3: WarmKeras) -> None:
    """`tf.keras` of TensorFlow 2.16 and later is Keras 3 and what people still call by older names."""
    api = read_by(keras3_worker)
    modules = ["preprocessing.image", "preprocessing.sequence", "losses", "metrics", "backend"]
    real = keras3.output("-c", OF_TENSORFLOW, json.dumps(modules))
    for module, names in json.loads(real.splitlines()[-1]).items():
        ours = api.members(f"keras.{module}")
        also = api.members(f"keras.{module}", by_tensorflow=True)
        more = {name.rpartition(".")[2] for name in set(also) - set(ours)}
        assert more == set(names), module
        assert more
    name = "keras.preprocessing.image.ImageDataGenerator"
    assert api.entry(name) is None
    found = api.entry(name, by_tensorflow=True)
    assert found is not None
    assert "rotation_range" in found.keywords


@pytest.mark.parametrize("line", [3, 2])
def test_what_objects_have(
    keras3_worker: Worker, tf_keras_worker: Worker, keras3: WarmKeras, tf_keras: WarmKeras, line: int
) -> None:
    api = read_by(keras3_worker if line == 3 else tf_keras_worker)
    classes = ["optimizers.Adam", "metrics.AUC", "losses.Huber", "callbacks.EarlyStopping", "layers.Dense"]
    real = (keras3 if line == 3 else tf_keras).output("-c", MEMBERS, json.dumps(classes))
    for name, members in json.loads(real.splitlines()[-1]).items():
        entry = api.entry(f"keras.{name}")
        assert entry is not None
        ours = api.members_of(entry)
        if name == "layers.Dense":  # models and layers are told by what they are in the text
            assert not ours
            continue
        methods = {member for member, found in ours.items() if found.kind is Kind.FUNCTION}
        assert methods == {member for member, is_method in members.items() if is_method}, name
        assert ours.keys() <= members.keys(), name


def test_a_worker_replays_as_before_after_it(keras3_worker: Worker) -> None:
    read_by(keras3_worker)
    report = keras3_worker.replay("import keras\nlayer = keras.layers.Dense(3)\n")
    assert [layer.class_name for layer in report.layers] == ["Dense"]


@pytest.mark.parametrize("line", [3, 2])
def test_the_bundled_one_is_that_of_its_version(
    keras3_worker: Worker, tf_keras_worker: Worker, line: int
) -> None:
    read, ours = read_by(keras3_worker if line == 3 else tf_keras_worker), bundled(line)
    if read.version != ours.version:
        pytest.skip(f"the bundled one is of {ours.version}, installed is {read.version}")
    # In a worker variables are made without memory, by a class of its own.
    differ = [
        name for name in ours.names() if read.entry(name) != ours.entry(name) and name != "keras.Variable"
    ]
    assert differ == []
    assert read.strings == ours.strings
