"""What a replay does not know is told by name, and the names are right: as real values say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from keras_lsp.sandbox.samples import merged

if TYPE_CHECKING:
    from keras_lsp.worker.report import LayerReport, ReplayReport, TensorSpec, WeightReport
    from tests.worker.driver import Worker
    from tests.worker.environments import Bench

# In each, `n` comes from a file that is not there. For real it is NUMBER.
NUMBER = 24
PROGRAMS = {
    "units": "layer = keras.layers.Dense(n)\ny = layer(keras.Input((5,)))\n",
    "units after arithmetic": "layer = keras.layers.Dense(n // 2 + 1)\ny = layer(keras.Input((5,)))\n",
    "vocabulary": (
        "layer = keras.layers.Embedding(n + 2, 8)\nemb = layer(keras.Input((7,), dtype='int32'))\n"
        "y = keras.layers.LSTM(4)(emb)\n"
    ),
    "input size": (
        "model = keras.Sequential([keras.Input((n,)), keras.layers.Dense(3)])\ny = model.outputs[0]\n"
    ),
    "flattened": (
        "inputs = keras.Input((n, 6))\nx = keras.layers.Flatten()(inputs)\nlayer = keras.layers.Dense(2)\n"
        "y = layer(x)\n"
    ),
    "joined": (
        "inputs = keras.Input((5,))\na = keras.layers.Dense(n)(inputs)\n"
        "b = keras.layers.Dense(3)(inputs)\ny = keras.layers.Concatenate()([a, b])\n"
    ),
    "strided": (
        "inputs = keras.Input((n, n, 3))\ny = keras.layers.Conv2D(4, 3, 2, padding='same')(inputs)\n"
    ),
    "heads": (
        "inputs = keras.Input((9, n))\nlayer = keras.layers.MultiHeadAttention(4, n // 4)\n"
        "y = layer(inputs, inputs)\n"
    ),
    "through a function": (
        "def head(classes):\n"
        "    return keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(classes)])\n"
        "model = head(n)\ny = model(keras.Input((4,)))\n"
    ),
    "length": "names = ['a'] * n\nlayer = keras.layers.Dense(len(names))\ny = layer(keras.Input((5,)))\n",
    "reshaped": "inputs = keras.Input((n * 4,))\ny = keras.layers.Reshape((n, 4))(inputs)\n",
    "array": (
        "import numpy as np\nmatrix = np.zeros((n, 6))\n"
        "layer = keras.layers.Dense(matrix.shape[0])\ny = layer(keras.Input((5,)))\n"
    ),
}


def unknown_program(body: str, number: str = "int(open('n.txt').read())") -> str:
    return f"import keras\nn = {number}\n{body}"


def known(worker: Worker, text: str, classes: tuple[str, ...] = ()) -> ReplayReport:
    first = worker.replay(text, classes=classes)
    assert first.unknowns
    return merged(first, worker.replay(text, classes=classes, sample=1))


def sizes(of: TensorSpec | WeightReport) -> list[int | None]:
    """The shape with its names worked out for the real number."""
    values = {"n": NUMBER, "len": len, "names": ["a"] * NUMBER, "open": None, "int": int}
    names = dict(of.named)
    return [
        eval(names[axis], dict(values)) if axis in names else size  # noqa: S307 - our own names for sizes
        for axis, size in enumerate(of.shape)
    ]


def at_end(text: str, report: ReplayReport, name: str) -> Any:
    nodes = [node for node in report.nodes if text[slice(*node.span)] == name]
    return nodes[-1].values[-1]


@pytest.mark.parametrize("title", PROGRAMS)
def test_names_of_sizes_are_right(title: str, bench: Bench) -> None:
    real = {name: unknown_program(body, str(NUMBER)) for name, body in PROGRAMS.items()}
    truth = bench.truth(real)[title]
    text = bench.spelled(unknown_program(PROGRAMS[title]))
    report = known(bench.worker, text)
    by_id = {layer.id: layer for layer in report.layers}
    assert truth["raised"] == []
    for name, expected in truth["variables"].items():
        value = at_end(text, report, name)
        if "tensor" in expected:
            assert sizes(value.tensor) == expected["tensor"][0], name
        elif "layer" in expected:
            weights = by_id[value.layer].weights
            wanted = [weight[1] for weight in expected["layer"]["weights"]]
            assert [sizes(weight) for weight in weights] == wanted, name


def by_class(report: ReplayReport, name: str) -> list[LayerReport]:
    return [layer for layer in report.layers if layer.class_name == name]


def test_how_many_layers_an_unknown_loop_makes_is_not_known(keras3_worker: Worker) -> None:
    text = unknown_program(
        "blocks = []\nfor _ in range(n):\n    blocks.append(keras.layers.Dense(4))\n"
        "after = keras.layers.Dense(2)\nblocks\n"
    )
    report = known(keras3_worker, text)
    assert at_end(text, report, "blocks").kind == "hole"
    assert by_class(report, "Dense")[-1].name == "dense_?"


def test_a_layer_behind_an_unknown_condition_is_told_with_the_condition(keras3_worker: Worker) -> None:
    text = unknown_program(
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n"
        "flag = open('flag').read()\nif flag:\n    model.add(keras.layers.Dense(n))\n"
    )
    (model,) = by_class(known(keras3_worker, text), "Sequential")
    assert model.weights == ()
    assert model.trainable_parameters is None
    assert model.depends_on


def test_a_failure_that_hangs_on_the_unknown_is_no_certain_one(keras3_worker: Worker) -> None:
    text = unknown_program(
        "x = keras.layers.Dense(n)(keras.Input((3,)))\ny = keras.layers.Reshape((5, 5))(x)\n"
    )
    assert not any(failure.certain for failure in known(keras3_worker, text).failures)


@pytest.mark.parametrize(("run", "certain"), [("step()", True), ("strategy.run(step)", False)])
def test_what_fails_in_a_strategy_is_not_certain(keras3_worker: Worker, run: str, certain: bool) -> None:
    text = (
        "import keras\nimport tensorflow as tf\n\n"
        "strategy = tf.distribute.OneDeviceStrategy('/cpu:0')\n"
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n"
        "def step():\n    return model(keras.Input((5,)))\n\n"
        f"{run}\n"
    )
    (failure,) = keras3_worker.replay(text).failures
    assert (failure.type, failure.certain) == ("ValueError", certain)


def test_a_failure_that_does_not_is_certain(keras3_worker: Worker) -> None:
    text = unknown_program(
        "a = keras.layers.Dense(n)\nconv = keras.layers.Conv2D(2, 3)\ny = conv(keras.Input((5,)))\n"
    )
    (failure,) = (failure for failure in known(keras3_worker, text).failures if failure.certain)
    assert failure.type == "ValueError"


UNUSED = """\
import keras

class Block(keras.layers.Layer):
    def __init__(self, width, rate=0.1):
        super().__init__()
        self.expand = keras.layers.Dense(4 * width)
        self.project = keras.layers.Dense(width)

    def call(self, inputs):
        return self.project(self.expand(inputs))

def build_model(input_dim, classes):
    inputs = keras.Input((input_dim,))
    x = keras.layers.Dense(64)(inputs)
    outputs = keras.layers.Dense(classes)(x)
    return keras.Model(inputs, outputs)
"""


def test_what_nobody_uses_is_made_with_its_parameters_by_name(keras3_worker: Worker) -> None:
    report = known(keras3_worker, UNUSED, classes=("Block",))
    (block,) = by_class(report, "Block")
    assert block.guessed
    kernels = [dict(weight.named) for weight in block.weights if weight.name == "kernel"]
    assert kernels[0][1] == "4 * width"
    assert kernels[1] == {0: "4 * width", 1: "width"}
    (model,) = by_class(report, "Functional")
    assert (model.inputs, model.outputs) == (("(None, input_dim)",), ("(None, classes)",))
    assert not report.failures


def test_why_an_unused_function_tells_nothing_is_said(keras3_worker: Worker) -> None:
    text = "import keras\n\ndef build(config):\n    keras.layers.Dense(4)\n    return config.missing + []()\n"
    first = keras3_worker.replay(text)
    (hole,) = first.holes
    assert hole.names == ("build",)
    assert "nobody in this file uses `build`" in hole.reason
    assert not first.failures


def test_loops_over_data_and_training_loops_end_early(keras3_worker: Worker) -> None:
    text = """\
import keras
import numpy as np
(x, y), _ = keras.datasets.mnist.load_data()
rounds = 0
for image in x:
    rounds += 1
while True:
    rounds += 1
layer = keras.layers.Dense(3)
out = layer(keras.Input((rounds,)))
"""
    report = keras3_worker.replay(text)
    assert by_class(report, "Dense")[0].outputs == ("(None, 3)",)
    assert not any(failure.certain for failure in report.failures)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_loop_that_calls_a_model_on_data_ends_early(
    legacy: bool, keras3_worker: Worker, tf_keras_worker: Worker
) -> None:
    """What a call on data makes for it is none of the layers that a loop goes on for; what it adds is one."""
    package = "tf_keras" if legacy else "keras"
    text = f"""\
import {package} as keras
import numpy as np
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
for epoch in range(1_000_000):
    model.predict(np.zeros((8, 3)))
layers = []
for number in range(5):
    for wait in range(40_000):
        pass
    layers.append(keras.layers.Dense(number + 1))
last = layers[4](keras.Input((2,)))
"""
    report = (tf_keras_worker if legacy else keras3_worker).replay(text)
    assert [hole.names for hole in report.holes] == [()]
    assert "rounds that made no layers" in report.holes[0].reason
    assert by_class(report, "Dense")[-1].outputs == ("(None, 5)",)


def test_dozens_of_training_loops_leave_time_for_what_follows(keras3_worker: Worker) -> None:
    """Each for itself may idle for a third of a second, of seven."""
    text = (
        """\
import keras
import numpy as np
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
def train():
    for epoch in range(1_000_000):
        model.predict(np.zeros((8, 3)))
    steps = 0
    while steps < 1_000_000_000:
        model.predict(np.zeros((8, 3)))
        steps += 1
"""
        + "train()\n" * 20
        + "last = keras.layers.Dense(5)(keras.Input((2,)))\n"
    )
    report = keras3_worker.replay(text)
    assert by_class(report, "Dense")[-1].outputs == ("(None, 5)",)
    assert "the time of a replay was over" not in str(report.holes)


def test_tensors_of_made_up_sizes_take_no_memory(keras3_worker: Worker) -> None:
    """Eight of them would take nine gigabytes; a small one has its values."""
    text = """\
import keras
import tensorflow as tf
n = len(open("words").read())
large = [tf.zeros((n, n, 64)) for _ in range(8)]
small = tf.ones((n, 4)).numpy()
of_large = keras.layers.Dense(3)(large[7])
of_small = keras.layers.Dense(int(small[0, 0]) + 1)(small)
"""
    report = keras3_worker.replay(text)
    (size,) = (unknown.value for unknown in report.unknowns if unknown.text == "n")
    first, second = by_class(report, "Dense")
    assert first.outputs == (f"({size}, {size}, 3)",)
    assert second.outputs == (f"({size}, 2)",)


def test_what_a_call_gives_has_its_shape_however_large(keras3_worker: Worker) -> None:
    text = """\
import keras
import numpy as np
import tensorflow as tf
given = keras.layers.Dense(3)(np.zeros((2000, 2000, 8)))
again = keras.layers.Dense(5)(tf.nn.relu(given) + 1)
array = again.numpy()
"""
    report = keras3_worker.replay(text)
    shapes = [layer.outputs for layer in by_class(report, "Dense")]
    assert shapes == [("(2000, 2000, 3)",), ("(2000, 2000, 5)",)]
    assert report.failures == ()


def test_a_class_derived_from_something_unknown_is_unknown_for_the_same_reason(keras3_worker: Worker) -> None:
    """And so is what it makes; a class of plain logging stays harmless."""
    text = """\
import keras
import missing_tuner
import wandb
class Logs(wandb.Callback):
    pass
logs = Logs()
class Tuned(missing_tuner.HyperModel, object, tuned=True):
    def build(self, hp):
        return keras.Sequential([keras.layers.Dense(3)])
tuned = Tuned()
model = tuned.build(None)
model.layers[5]
known = keras.Sequential([keras.layers.Dense(3)])
known.layers[5]
"""
    report = keras3_worker.replay(text)
    reasons = {name: hole.reason for hole in report.holes for name in hole.names}
    missing = "`missing_tuner` is not installed in this environment"
    assert {name: reasons[name] for name in ("Tuned", "tuned", "model")} == dict.fromkeys(
        ("Tuned", "tuned", "model"), missing
    )
    assert [(failure.type, failure.certain) for failure in report.failures] == [("IndexError", True)]


def test_the_reason_names_first_what_the_model_is_made_from(keras3_worker: Worker) -> None:
    text = """\
import keras
a = open("a")
b = open("b")
c = open("c")
d = open("d")
shape = open("shape")
many = [bool(a), bool(b), bool(c)]
keras.config.set_floatx("float64" if bool(a) and many[1] and many[2] else "float32")
first = keras.layers.Normalization(input_shape=shape.sizes)
model = keras.Sequential([first, keras.layers.Dense(2)])
other = keras.Sequential([keras.Input((5,))] + [keras.layers.Dense(2) for _ in d])
"""
    samples = [keras3_worker.replay(text, sample=sample) for sample in (0, 1)]
    report = merged(*samples)
    reasons = {layer.name: layer.depends_on for layer in report.layers if layer.class_name == "Sequential"}
    one, two = reasons.values()
    assert one.startswith("depends on `shape.sizes`")
    assert two.startswith("depends on `d`")
    assert all(reason.endswith(" and more, which a replay does not know") for reason in reasons.values())


def test_a_question_may_hold_any_text(keras3_worker: Worker) -> None:
    text = (
        "import keras\nflags = open('flags').read()\nunits = 4\n"
        "if '{x}' in flags:\n    units = 3\nlayer = keras.layers.Dense(units)\n"
    )
    first = keras3_worker.replay(text)
    assert "'{x}' in flags" in [unknown.text for unknown in first.unknowns]
    assert not first.failures


def test_what_a_with_could_not_enter_is_told_once_and_by_the_users_names(keras3_worker: Worker) -> None:
    text = "import keras\nwith unknown_thing() as scope:\n    layer = keras.layers.Dense(2)\n"
    report = keras3_worker.replay(text)
    (hole,) = report.holes
    assert hole.names == ()
    assert by_class(report, "Dense")


SCRIPT = """\
import argparse
import json
import os
import keras
import numpy as np

def load_data(path):
    with open(os.path.join(path, "data.json")) as f:
        data = json.load(f)
    x = np.array([item["tokens"] for item in data])
    y = np.array([item["label"] for item in data])
    return x, y, data["vocab"]

def build_model(vocab_size, num_classes):
    inputs = keras.Input((128,), dtype="int32")
    x = keras.layers.Embedding(vocab_size, 64)(inputs)
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, keras.layers.Dense(num_classes)(x))

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    args = parser.parse_args()
    x, y, vocab = load_data(args.data)
    model = build_model(len(vocab), CLASSES)
    model.fit(x, y)
    return model

if __name__ == "__main__":
    result = main()
"""


@pytest.mark.parametrize("classes", ["len(set(y))", "len(np.unique(y))", "int(y.max()) + 1", "y.shape[-1]"])
def test_the_number_of_classes_in_a_file_is_not_known(classes: str, keras3_worker: Worker) -> None:
    report = known(keras3_worker, SCRIPT.replace("CLASSES", classes))
    (model,) = by_class(report, "Functional")
    assert dict(model.weights[0].named) == {0: "len(vocab)"}
    kernel, bias = model.weights[1:]
    assert (kernel.shape, bias.shape) == ((64, None), (None,))
    assert model.built
    assert not any(failure.certain for failure in report.failures)


def test_what_nobody_calls_has_its_weights_when_it_is_made(keras3_worker: Worker) -> None:
    model = by_class(known(keras3_worker, UNUSED, classes=("Block",)), "Functional")[0]
    assert (model.built, model.projected) == (True, False)


@pytest.mark.parametrize(
    "made", ["np.array([n, 2])", "np.asarray([[n], [2]])", "np.stack([n, n])", "keras.ops.stack([n, n])"]
)
def test_no_number_of_ours_is_in_data(made: str, keras3_worker: Worker) -> None:
    text = (
        f"import keras, numpy as np\nn = open('n.txt').read()\ndata = {made}\nkeras.layers.Dense(data[0])\n"
    )
    report = keras3_worker.replay(text)
    assert at_end(text, report, "data").kind == "hole"


SCALE = """\
import keras

class Scale(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense = keras.layers.Dense(units)

    def call(self, x):
        return self.dense(x)

"""


@pytest.mark.parametrize("data", ["[0]", "['state'][0]", ""])
def test_a_graph_is_what_it_was_drawn_for_whatever_it_is_called_on(data: str, keras3_worker: Worker) -> None:
    text = (
        "import keras\nimport tensorflow as tf\nimport no_such_package\ninputs = keras.Input((4,))\n"
        "model = keras.Model(inputs, keras.layers.Dense(2)(inputs))\n"
        f"y = model(tf.convert_to_tensor(no_such_package.state(){data}))\n"
    )
    (model,) = by_class(known(keras3_worker, text), "Functional")
    assert (model.inputs, model.outputs) == (("(None, 4)",), ("(None, 2)",))


def test_what_a_class_is_called_on_is_not_known_where_that_is_not(keras3_worker: Worker) -> None:
    text = SCALE + (
        "import tensorflow as tf\nimport no_such_package\nlayer = Scale(2)\n"
        "y = layer(tf.convert_to_tensor(no_such_package.state()))\n"
    )
    (layer,) = by_class(known(keras3_worker, text), "Scale")
    assert layer.outputs == ()


CHAINS = {
    "images": ("[keras.layers.Conv2D(8, 3), keras.layers.Flatten(), Scale(5)]", ("(None, 5)",)),
    "tokens": ("[keras.layers.Embedding(100, 6), keras.layers.LSTM(4)]", ("(None, 4)",)),
    "within": ("[keras.Sequential([keras.layers.LSTM(4), Scale(2)]), keras.layers.Dense(3)]", ("(None, 3)",)),
    "added to": ("[keras.layers.Dense(7)])\nchain.add(keras.layers.Dense(3)", ("(None, 3)",)),
    "of nothing": ("[]", ()),
    "of what does not fit": ("[keras.layers.Flatten(), keras.layers.Conv2D(8, 3)]", ()),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_what_a_chain_that_nobody_calls_gives_is_a_guess(chain: str, keras3_worker: Worker) -> None:
    layers, outputs = CHAINS[chain]
    report = keras3_worker.replay(f"{SCALE}chain = keras.Sequential({layers})\n", classes=("Scale",))
    sequential = by_class(report, "Sequential")[-1 if chain == "within" else 0]
    assert sequential.outputs == outputs
    assert sequential.guessed == bool(outputs)
    assert bool(sequential.built_how) == (not outputs)


def test_what_a_chain_is_called_on_is_no_guess(keras3_worker: Worker) -> None:
    text = "import keras\nchain = keras.Sequential([keras.layers.Dense(2)])\nchain(keras.Input((5,)))\n"
    (chain,) = by_class(keras3_worker.replay(text), "Sequential")
    assert (chain.inputs, chain.guessed) == (("(None, 5)",), False)


@pytest.mark.parametrize("mode", ["multi_hot", "tf_idf"])
def test_a_vocabulary_of_any_kind_may_come_from_data(mode: str, keras3_worker: Worker) -> None:
    text = (
        f"import keras\nlayer = keras.layers.TextVectorization(max_tokens=50, output_mode='{mode}')\n"
        "layer.adapt(open('none.txt').read())\nlayer.adapt(no_such_name)\n"
        "y = layer(keras.Input((1,), dtype='string'))\n"
    )
    report = known(keras3_worker, text)
    assert at_end(text, report, "y").kind == "tensor"
    assert not any(failure.certain for failure in report.failures if failure.type != "NameError")


DECORATED = """\
import keras
{}

@keras.saving.register_keras_serializable(package="mine")
class Layer(Base):
    pass
"""


@pytest.mark.parametrize(
    ("base", "raised"), [("from no_such_package import Base", []), ("Base = 3", ["TypeError"])]
)
def test_a_class_of_something_unknown_is_no_failure(
    base: str, raised: list[str], keras3_worker: Worker
) -> None:
    report = keras3_worker.replay(DECORATED.format(base))
    certain = [failure.type for failure in report.failures if failure.certain]
    assert certain == [] if not raised else [f.type for f in report.failures] == raised


def test_an_object_whose_constructor_raises_says_so(keras3_worker: Worker) -> None:
    text = unknown_program(
        "base = keras.applications.VGG16(weights=None, input_shape=(32, 32, 3), include_top=False)\n"
        "model = keras.Model(base.input, open('layer').read())\n"
        "other = keras.Model(base.input, [])\n"
    )
    report = keras3_worker.replay(text)
    reasons = [layer.built_how for layer in report.layers if layer.kind == "functional" and not layer.outputs]
    assert reasons[0] == (
        "line 4 is given something that is not known: FileNotFoundError: "
        "[Errno 2] No such file or directory: 'layer'"
    )


UNMADE = """\
import keras

class Plain(keras.layers.Layer):
    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)

    def __init__(self, width):
        super().__init__()
        self.dense = keras.layers.Dense(width)

    def call(self, x):
        return self.dense(x)

class Broken(keras.Model):
    def __init__(self, kind):
        super().__init__()
        self.dense = {"small": keras.layers.Dense(2)}[kind]

    def call(self, x):
        return self.dense(x)
"""


def test_arguments_are_those_of_the_initializer(keras3_worker: Worker) -> None:
    (layer,) = by_class(known(keras3_worker, UNMADE, classes=("Plain",)), "Plain")
    assert layer.outputs == ("(None, width)",)


def test_what_an_unused_function_could_not_make_says_why(keras3_worker: Worker) -> None:
    text = (
        "import keras\n\ndef build():\n    inputs = keras.Input((3,))\n"
        "    model = keras.Model(input=inputs, output=keras.layers.Dense(2)(inputs))\n    return model\n"
    )
    report = keras3_worker.replay(text)
    (model,) = by_class(report, "Model")
    assert model.built_how.startswith("nobody in this file uses `build`, and calling it raised ValueError")
    assert not report.failures


def test_what_could_not_be_made_is_not_called(keras3_worker: Worker) -> None:
    (model,) = by_class(keras3_worker.replay(UNMADE, classes=("Broken",)), "Broken")
    assert model.built_how.startswith("nobody in this file uses `Broken`, and making one raised KeyError")


def test_sequences_of_something_unknown_end(keras3_worker: Worker) -> None:
    """TensorFlow goes down in a sequence until it meets something that is none."""
    text = (
        "import keras\nimport tensorflow as tf\ntext = open('none.txt').read()\n"
        "data = tf.data.Dataset.from_tensor_slices([text[i : i + 9] for i in range(0, len(text), 9)])\n"
        "model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\nmodel.fit(data)\n"
    )
    report = keras3_worker.replay(text)
    assert [hole.reason.split(":")[0] for hole in report.holes if "data" in hole.names] == [
        "FileNotFoundError"
    ]


def test_a_preset_is_not_downloaded(keras3_worker: Worker) -> None:
    text = (
        "import keras\nimport sys, types\nkeras_hub = types.ModuleType('keras_hub')\n"
        "class Backbone:\n    @classmethod\n    def from_preset(cls, preset):\n        return 3\n"
        "Backbone.__module__ = Backbone.from_preset.__func__.__module__ = 'keras_hub.models'\n"
        "backbone = Backbone.from_preset('bert')\nkeras.layers.Dense(2)(backbone)\n"
    )
    report = keras3_worker.replay(text)
    (reason,) = (hole.reason for hole in report.holes if "backbone" in hole.names)
    assert reason == "`from_preset` downloads 'bert', which a replay does not do"


LEARNED = """\
import keras
import numpy as np
import types

class Estimator:
    def __init__(self, width):
        self.width = width

    def fit_transform(self, x):
        return np.zeros((len(x), self.width))

Estimator.__module__ = "{}"
x = Estimator(2).fit_transform(np.zeros((9, 4)))
y = keras.layers.Dense(3)(x)
"""


@pytest.mark.parametrize(
    ("module", "kind"), [("sklearn.manifold._t_sne", "hole"), ("sklearn.preprocessing", "tensor")]
)
def test_what_only_values_can_teach_is_not_learned(module: str, kind: str, keras3_worker: Worker) -> None:
    text = LEARNED.format(module)
    assert at_end(text, keras3_worker.replay(text), "x").kind == kind


def test_a_table_among_the_weights_of_tf_keras_2(tf_keras_worker: Worker) -> None:
    """Its handler has neither a name nor a shape; real tf-keras lists it and counts no parameters."""
    text = (
        "import tensorflow as tf\nimport tf_keras as keras\n\n"
        "table = keras.layers.TextVectorization()\n"
        "model = keras.Sequential([keras.Input((1,), dtype='string'), table, keras.layers.Embedding(4, 2)])\n"
    )
    report = tf_keras_worker.replay(text)
    model = next(layer for layer in report.layers if layer.class_name == "Sequential")
    assert sorted(weight.name for weight in model.weights) == ["embeddings", "table"]
    assert (model.trainable_parameters, model.non_trainable_parameters) == (8, 0)
