"""What a replay records, on real Keras: values per expression, holes, overlays, projections."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.worker.environments import TRUTH

if TYPE_CHECKING:
    from pathlib import Path

    from keras_lsp.worker.report import NodeFact, ReplayReport
    from tests.warm import WarmKeras
    from tests.worker.driver import Worker

NET = """\
import keras


class Net(keras.Model):
    def __init__(self, units=4):
        super().__init__()
        self.first = keras.layers.Dense(units)
        self.second = keras.layers.Dense(2)

    def call(self, inputs):
        x = self.first(inputs)
        return self.second(x)

"""


def node(text: str, report: ReplayReport, expression: str, occurrence: int = 0) -> NodeFact:
    start = -1
    for _ in range(occurrence + 1):
        start = text.index(expression, start + 1)
    span = (start, start + len(expression))
    return next(fact for fact in report.nodes if fact.span == span)


def shape(fact: NodeFact) -> tuple[int | None, ...]:
    assert fact.values[0].tensor is not None
    return fact.values[0].tensor.shape


def test_every_expression_of_call_has_its_shape(keras3_worker: Worker) -> None:
    text = NET + "model = Net()\nlogits = model(keras.Input((3,)))\n"
    report = keras3_worker.replay(text)
    assert shape(node(text, report, "inputs")) == (None, 3)
    assert shape(node(text, report, "x")) == (None, 4)
    assert shape(node(text, report, "self.first(inputs)")) == (None, 4)
    assert shape(node(text, report, "self.second(x)")) == (None, 2)
    assert shape(node(text, report, "logits")) == (None, 2)
    assert not any(fact.projected for fact in report.nodes)


def test_spans_count_code_points(keras3_worker: Worker) -> None:
    text = "# 🧠 größe\n" + NET + "größe = Net()(keras.Input((3,)))  # 🧠\n'🧠', größe\n"
    report = keras3_worker.replay(text)
    assert shape(node(text, report, "größe", 1)) == (None, 2)


def test_a_model_left_unbuilt_is_projected_and_its_state_is_told(keras3_worker: Worker) -> None:
    text = NET + "model = Net()\nmodel.build((None, 3))\nmodel.layers\n"
    report = keras3_worker.replay(text)
    first = next(layer for layer in report.layers if layer.name == "dense")
    assert first.projected
    assert [weight.shape for weight in first.weights] == [(3, 4), (4,)]
    assert first.projected_from == "(None, 3), from `build` on line 15"
    (build,) = [event for event in report.events if event.kind == "build"]
    assert (build.built_after, build.weights_after, build.expected_weights) == (True, 0, 4)
    assert node(text, report, "x").projected


def test_without_any_input_nothing_is_projected(keras3_worker: Worker) -> None:
    report = keras3_worker.replay(NET + "model = Net()\n")
    assert [layer.weights for layer in report.layers] == [(), (), ()]
    assert not any(layer.projected for layer in report.layers)


def test_a_class_nobody_makes_is_made_and_a_hint_builds_it(keras3_worker: Worker) -> None:
    report = keras3_worker.replay(NET, classes=("Net",), input_hints={"Net": "(None, 3)"})
    net = next(layer for layer in report.layers if layer.class_name == "Net")
    assert net.projected
    assert net.trainable_parameters == 3 * 4 + 4 + 4 * 2 + 2


def test_a_missing_package_is_a_hole_and_raises_nothing(keras3_worker: Worker) -> None:
    text = (
        "import no_such_package\n" + NET + "model = Net(no_such_package.size())\nmodel(keras.Input((3,)))\n"
        "other = Net()\nother(keras.Input((3,)))\nother.layers[7]\n"
    )
    report = keras3_worker.replay(text)
    assert [(failure.type, failure.certain) for failure in report.failures if failure.certain] == [
        ("IndexError", True)
    ]
    assert any("`no_such_package` is not installed" in hole.reason for hole in report.holes)


def test_a_failure_does_not_hide_the_next_one(keras3_worker: Worker) -> None:
    text = (
        NET + "model = Net()\n"
        "model.build((None, 3))\n"
        "a = model.layers[0].weights[0]\n"
        "b = model.layers[1].weights[0]\n"
        "a.shape\n"
    )
    certain = [failure for failure in keras3_worker.replay(text).failures if failure.certain]
    spans = [failure.span for failure in certain]
    assert [text[slice(*span)] for span in spans if span] == [
        "model.layers[0].weights[0]",
        "model.layers[1].weights[0]",
    ]


def test_unrelated_statements_are_not_run(keras3_worker: Worker) -> None:
    text = NET + "while True:\n    pass\nmodel = Net()\nlogits = model(keras.Input((3,)))\n"
    report = keras3_worker.replay(text, statement_seconds=60.0)
    assert shape(node(text, report, "logits")) == (None, 2)


def test_writes_and_downloads_are_refused_with_a_reason(keras3_worker: Worker, tmp_path: Path) -> None:
    target = tmp_path / "made.txt"
    text = (
        NET + "model = Net()\n"
        "model(keras.Input((3,)))\n"
        f"model.save({str(tmp_path / 'm.keras')!r})\n"
        f"open({str(target)!r}, 'w').write(model.name)\n"
    )
    report = keras3_worker.replay(text, path=str(tmp_path / "program.py"))
    assert not any(failure.certain for failure in report.failures)
    assert list(tmp_path.iterdir()) == []


def test_pretrained_applications_build_without_a_download(keras3_worker: Worker) -> None:
    text = (
        "import keras\n"
        "shape = (96, 96, 3)\n"
        "base = keras.applications.MobileNetV2(weights='imagenet', input_shape=shape, include_top=False)\n"
    )
    report = keras3_worker.replay(text)
    assert [failure for failure in report.failures if failure.certain] == []
    assert shape_of_output(report, "base", text) == "(None, 3, 3, 1280)"


def shape_of_output(report: ReplayReport, name: str, text: str) -> str:
    layer_id = node(text, report, name).values[0].layer
    layer = next(layer for layer in report.layers if layer.id == layer_id)
    return layer.outputs[0] if layer.outputs else ""


def test_unsaved_text_of_other_documents_counts(keras3_worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "blocks.py").write_text("UNITS = 1\n")
    text = (
        "import keras\n"
        "from blocks import UNITS\n"
        "from fresh import MORE\n"
        "layer = keras.layers.Dense(UNITS + MORE)\n"
        "out = layer(keras.Input((3,)))\n"
    )
    overlays = {str(tmp_path / "blocks.py"): "UNITS = 5\n", str(tmp_path / "fresh.py"): "MORE = 2\n"}
    report = keras3_worker.replay(
        text, path=str(tmp_path / "model.py"), roots=(str(tmp_path),), overlays=overlays
    )
    assert shape(node(text, report, "out")) == (None, 7)


def test_text_that_does_not_parse_is_no_failure_of_the_program(keras3_worker: Worker) -> None:
    report = keras3_worker.replay("import keras\nmodel = keras.Sequential([\n")
    assert [failure.certain for failure in report.failures] == [False]
    assert report.layers == ()


def test_weights_of_huge_models_take_no_memory(keras3_worker: Worker) -> None:
    text = (
        "import keras\n"
        "layer = keras.layers.Dense(200_000)\n"
        "y = layer(keras.Input((200_000,)))\n"
        "kernel = layer.kernel\n"
    )
    report = keras3_worker.replay(text)
    dense = next(layer for layer in report.layers if layer.class_name == "Dense")
    assert dense.weights[0].shape == (200_000, 200_000)
    assert dense.bytes == 4 * (200_000 * 200_000 + 200_000)


@pytest.mark.parametrize("text", ["", "\n", "x = 1\n", "import keras\n", "# 🧠\n", "\ufeffimport keras\n"])
def test_texts_without_models_give_an_empty_report(keras3_worker: Worker, text: str) -> None:
    report = keras3_worker.replay(text)
    assert report.layers == ()
    assert not any(failure.certain for failure in report.failures)


TRAINING = """\
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
optimizer = tf.keras.optimizers.Adam()


{decorator}
def train_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


loss = train_step(tf.zeros((4, 3)))
kernel = model.layers[0].kernel
"""


@pytest.mark.parametrize("decorator", ["", "@tf.function"])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_training_step_raises_nothing(
    keras3_worker: Worker, tf_keras_worker: Worker, decorator: str, legacy: bool
) -> None:
    worker = tf_keras_worker if legacy else keras3_worker
    report = worker.replay(TRAINING.format(decorator=decorator))
    assert [failure.message for failure in report.failures if failure.certain] == []


def test_attributes_are_the_users_own(keras3_worker: Worker) -> None:
    text = (
        "import keras\n\n\nclass Net(keras.Model):\n    def __init__(self):\n"
        "        inputs = keras.Input((3,))\n        outputs = keras.layers.Dense(2)(inputs)\n"
        "        super().__init__(inputs=inputs, outputs=outputs)\n"
        "        self.extra = [keras.layers.Dense(1)]\n\n\nmodel = Net()\n"
    )
    net = next(layer for layer in keras3_worker.replay(text).layers if layer.class_name == "Net")
    assert list(net.attributes) == ["extra[0]"]


IMAGES = """\
import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(8, 3)
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.head = keras.layers.Dense(5)

    def call(self, images):
        x = self.pool(self.conv(images))
        return self.head(x)


class Tokens(keras.layers.Layer):
    def __init__(self, size=100):
        super().__init__()
        self.embed = keras.layers.Embedding(size, 6)

    def call(self, ids):
        return self.embed(ids)


class Pair(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.left = keras.layers.Dense(4)

    def call(self, inputs):
        return self.left(inputs["a"]) + self.left(inputs["b"])
"""


def test_a_guessed_input_is_told_as_one(keras3_worker: Worker) -> None:
    report = keras3_worker.replay(IMAGES, classes=("Net", "Tokens", "Pair"))
    layers = {layer.class_name: layer for layer in report.layers if layer.is_user_class}
    assert layers["Net"].guessed
    assert layers["Net"].outputs == ("(None, 5)",)
    assert [weight.shape[-1] for weight in layers["Net"].weights] == [8, 8, 5, 5]
    assert layers["Tokens"].outputs[0].endswith(", 6)")
    assert layers["Pair"].guessed
    assert node(IMAGES, report, "x").guessed
    assert report.failures == ()
    assert report.events == ()


def test_a_known_input_is_no_guess(keras3_worker: Worker) -> None:
    text = IMAGES + "\n\nmodel = Net()\nmodel.build((None, 32, 32, 1))\n"
    report = keras3_worker.replay(text, classes=("Net", "Tokens", "Pair"))
    net = next(layer for layer in report.layers if layer.class_name == "Net")
    assert (net.guessed, net.weights[0].shape) == (False, (3, 3, 1, 8))


def test_data_that_is_not_known_is_no_proof_that_nothing_is_built(keras3_worker: Worker) -> None:
    text = (
        "import keras\n"
        "x, y = keras.utils.get_file('data.npz')\n"
        "model = keras.Sequential([keras.layers.Dense(3)])\n"
        "model.fit(x, y)\n"
        "model.layers[0].weights[0]\n"
    )
    report = keras3_worker.replay(text)
    assert not any(failure.certain for failure in report.failures)
    dense = next(layer for layer in report.layers if layer.class_name == "Dense")
    assert dense.built_how == "`fit` on line 4 gives it data that a replay does not know"


LOSSES = """\
import keras
import numpy as np


class Penalized(keras.layers.Layer):
    def call(self, inputs):
        self.add_loss(keras.ops.mean(inputs))
        return inputs


layer = Penalized()
layer(np.zeros((2, 3), "float32"))
layer(np.zeros((2, 3), "float32"))
layer.losses[0]
layer.losses[1]
layer(keras.Input((3,)))
layer.losses[0]
"""


def test_losses_are_those_of_the_last_call_on_data(keras3_worker: Worker, keras3: WarmKeras) -> None:
    report = keras3_worker.replay(LOSSES)
    lines = [LOSSES.count("\n", 0, f.span[0]) + 1 for f in report.failures if f.certain and f.span]
    really = json.loads(keras3.output(str(TRUTH), given=json.dumps({"losses": LOSSES})))
    assert lines == [line for _, line in really["losses"]["raised"]] == [15, 17]


SHAPED = """\
import keras
import numpy as np

model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
model.compile("sgd", "mse")
"""


GENERATED = """\
batches = (part for part in [(np.zeros((8, 5)), np.zeros((8, 4)))])
model.fit(batches, steps_per_epoch=1)
"""
DATASET = """\
import tensorflow as tf
pairs = tf.data.Dataset.from_tensor_slices((np.zeros((8, 5)), np.zeros((8, 4))))
model.fit(pairs.batch(2))
"""
BY_NUMBER = """\
class Pairs(keras.utils.Sequence):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return np.zeros((8, 5)), np.zeros((8, 4))


model.fit(Pairs())
"""
FITTED = """\
model.fit(np.zeros((8, 5)), np.zeros((8, 3)))
model.evaluate(np.zeros((8, 5)), np.ones((8, 4)))
"""


@pytest.mark.parametrize(
    ("program", "about"),
    [
        ("model.fit(np.zeros((8, 5)), np.zeros((8, 4)))", "target"),
        ("model.fit(np.zeros((8, 5)), np.zeros((7, 3)))", "samples"),
        ("model.predict(np.zeros((8, 6)))", ""),
        ("model.fit(np.zeros((8, 5)), np.zeros((8, 3)), nb_epoch=1)", ""),  # as it was in Keras 1
        (
            "model.predict(np.zeros((8, 1)))",
            "",
        ),  # an axis of size 1 may be dropped, but there is none to drop
        (GENERATED, "target"),
        (DATASET, "target"),
        (BY_NUMBER, "target"),
        (FITTED, "target"),
    ],
)
def test_what_of_the_data_a_failure_is_about(keras3_worker: Worker, program: str, about: str) -> None:
    (failure,) = keras3_worker.replay(f"{SHAPED}{program}\n").failures
    assert failure.certain
    assert failure.about == about


def test_names_of_a_star_import(keras3_worker: Worker) -> None:
    text = (
        "from keras.layers import *\nfrom numpy import *\n\n"
        "class Own(Layer):\n    def call(self, x):\n        return x\n\n\n"
        "first = Dense(4)(Own()(Input((3,))))\nsecond = Dense(2)(zeros((2, 5)))\n"
    )
    report = keras3_worker.replay(text)
    assert report.failures == ()
    assert shape(node(text, report, "first")) == (None, 4)
    assert shape(node(text, report, "second")) == (2, 2)


def test_one_sample_without_its_last_axis(keras3_worker: Worker, keras3: WarmKeras) -> None:
    """A Sequential model adds it where its input ends with 1, although the sizes before do not fit either."""
    text = (
        "import keras\nimport numpy as np\n"
        "model = keras.Sequential([keras.Input((7, 1)), keras.layers.Dense(3)])\n"
        "given = model(np.zeros((7, 1), 'float32'))\n"
    )
    report = keras3_worker.replay(text)
    really = json.loads(keras3.output(str(TRUTH), given=json.dumps({"one": text})))["one"]
    assert (report.failures, really["raised"]) == ((), [])
    assert list(shape(node(text, report, "given"))) == really["variables"]["given"]["tensor"][0]


def test_large_arrays_as_weights(keras3_worker: Worker) -> None:
    """Of 40 million numbers only the shape is made, and that does not fit."""
    text = (
        "import keras\nimport numpy as np\nvectors = np.random.random((400_000, 100))\n"
        "keras.layers.Embedding(43, 100, weights=[vectors])\n"
    )
    (failure,) = keras3_worker.replay(text).failures
    assert failure.certain
    assert failure.message.endswith("(43, 100) is not compatible with provided weight shape (400000, 100).")


OWN_LOSS = """\
def loss(y_true, y_pred):
    return float(y_pred.numpy().sum())


model.compile("sgd", loss, run_eagerly={eagerly})
model.fit(np.zeros((8, 5)), np.zeros((8, 3)))
"""


def test_a_loss_that_needs_values(keras3_worker: Worker) -> None:
    assert keras3_worker.replay(SHAPED + OWN_LOSS.format(eagerly=True)).failures == ()
    (failure,) = keras3_worker.replay(SHAPED + OWN_LOSS.format(eagerly=False)).failures
    assert (failure.type, failure.about) == ("AttributeError", "target")


def test_a_sequential_that_grows_is_not_drawn_anew(keras3_worker: Worker) -> None:
    """Keras itself calls the first of forty layers forty times; a layer of the user's own may notice."""
    text = """\
import keras
class Own(keras.layers.Layer):
    def call(self, x):
        return x
model = keras.Sequential([keras.Input((8,))])
for _ in range(40):
    model.add(keras.layers.Dense(4))
own = keras.Sequential([keras.Input((8,)), Own()])
for _ in range(3):
    own.add(keras.layers.Dense(4))
"""
    report = keras3_worker.replay(text)
    dense = [layer for layer in report.layers if layer.class_name == "Dense"]
    assert [layer.calls for layer in dense] == [1] * 40 + [3, 2, 1]
    assert next(layer for layer in report.layers if layer.class_name == "Own").calls == 4


def test_autograph_reads_the_text_in_the_editor(keras3_worker: Worker, tmp_path: Path) -> None:
    """Of the file and of what it imports: on disk both are something else, as a notebook's file always is."""
    looped = """\
import tensorflow as tf
@tf.function
def grown(values, by):
    for value in tf.range(tf.shape(values)[0]):
        values += by
    return values
"""
    program, module = tmp_path / "program.py", tmp_path / "steps.py"
    program.write_text("{}", encoding="utf-8")
    module.write_text("\n" * 20, encoding="utf-8")
    text = (
        "import keras\nimport steps\n"
        + looped
        + "here = keras.layers.Dense(2)(grown(tf.zeros((3, 4)), 1.0))\n"
        + "there = keras.layers.Dense(5)(steps.grown(tf.zeros((3, 4)), 1.0))\n"
    )
    report = keras3_worker.replay(text, str(program), roots=(str(tmp_path),), overlays={str(module): looped})
    assert report.failures == ()
    outputs = [layer.outputs for layer in report.layers if layer.class_name == "Dense"]
    assert outputs == [("(3, 2)",), ("(3, 5)",)]


def test_a_model_that_is_called_on_the_same_again_is_called_once(keras3_worker: Worker) -> None:
    """Unless it has become another one, or code of the user's own is in it."""
    text = """\
import keras
import numpy as np
class Own(keras.layers.Layer):
    def call(self, x):
        return x
plain = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
own = keras.Sequential([keras.Input((8,)), Own()])
for text in ("a", "longer"):
    first = plain.predict(np.zeros((5, 8)))
    own.predict(np.zeros((5, 8)))
plain.add(keras.layers.Dense(2))
second = plain.predict(np.zeros((5, 8)))
third = plain.predict(np.zeros((6, 8)))
"""
    report = keras3_worker.replay(text)
    calls = {layer.name: layer.calls for layer in report.layers}
    assert (calls["sequential"], calls["sequential_1"]) == (2, 2)
    shapes = [shape(node(text, report, name)) for name in ("first", "second", "third")]
    assert shapes == [(5, 4), (5, 2), (6, 2)]


def test_an_input_is_found_for_a_chain_with_a_function_in_it(keras3_worker: Worker) -> None:
    """A Lambda has no configuration to make another one from, where its function is not registered."""
    text = """\
import keras
def halved(x):
    return x / 2
preprocess = keras.Sequential([keras.layers.Resizing(8, 6), keras.layers.Lambda(halved)])
head = keras.Sequential([keras.layers.Lambda(lambda x: x[:, :2]), keras.layers.Dense(3)])
broken = keras.Sequential([keras.layers.Lambda(lambda x: x.missing), keras.layers.Dense(3)])
"""
    report = keras3_worker.replay(text)
    chains = [layer for layer in report.layers if layer.class_name == "Sequential"]
    assert [layer.outputs for layer in chains] == [("(None, 8, 6, 3)",), ("(None, 3)",), ()]
    assert [layer.guessed for layer in chains] == [True, True, False]
    assert [weight.shape for weight in chains[1].weights] == [(2, 3), (3,)]
    assert "could not automatically infer the shape of the Lambda's output" in chains[2].built_how


def test_sizes_that_are_objects_of_tensorflow_1(keras3_worker: Worker) -> None:
    text = (
        "import keras\nimport tensorflow as tf\ntf.compat.v1.disable_v2_tensorshape()\n"
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
    )
    report = keras3_worker.replay(text)
    model = next(layer for layer in report.layers if layer.class_name == "Sequential")
    assert [weight.shape for weight in model.weights] == [(4, 2), (2,)]
    assert model.outputs == ("(None, 2)",)


@pytest.mark.parametrize("line", [3, 2])
def test_weights_take_no_memory_after_a_session_is_cleared(
    keras3_worker: Worker, tf_keras_worker: Worker, line: int
) -> None:
    """Here they would take 40 gigabytes."""
    worker = keras3_worker if line == 3 else tf_keras_worker
    text = (
        f"import {'keras' if line == 3 else 'tf_keras as keras'}\nkeras.backend.clear_session()\n"
        "model = keras.Sequential([keras.Input((100_000,)), keras.layers.Dense(100_000)])\n"
    )
    report = worker.replay(text)
    model = next(layer for layer in report.layers if layer.class_name == "Sequential")
    assert [weight.shape for weight in model.weights] == [(100_000, 100_000), (100_000,)]
    assert report.failures == ()
