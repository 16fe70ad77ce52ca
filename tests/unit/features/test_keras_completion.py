"""What Keras itself offers while it is typed; the bundled catalogue answers, no Keras is needed."""

from __future__ import annotations

import pytest

from keras_lsp.features.completion import complete
from keras_lsp.features.keras_docs import documentation
from keras_lsp.features.results import Completion, CompletionKind
from tests.unit.features.views import KEY, cursor, static

IMPORTS = """\
import numpy as np
import tensorflow as tf
import tensorflow.keras as K
import keras
from tensorflow.keras import layers
from keras.layers import Conv2D as C, Dense
"""
LAYER = "class L(layers.Layer):\n  def __init__(self):\n"


def offered(marked: str, line: int = 3, imports: str = IMPORTS) -> dict[str, str]:
    """Label -> the line with the cursor as it is once the item is taken; in the order they are shown."""
    text, offset = cursor(imports + marked)
    items = sorted(complete(static(text, line), KEY, offset), key=lambda item: item.sort)
    return {item.label: taken(text, item) for item in items}


def taken(text: str, item: Completion) -> str:
    after = text[: item.replace.start] + item.insert + text[item.replace.end :]
    return after[after.rfind("\n", 0, item.replace.start) + 1 :].split("\n")[0]


@pytest.mark.parametrize(
    ("marked", "label", "result"),
    [
        ("x = tf.keras.layers.De‸", "Dense", "x = tf.keras.layers.Dense"),
        ("x = K.layers.De‸", "Dense", "x = K.layers.Dense"),
        ("x = layers.‸", "LSTM", "x = layers.LSTM"),
        ("x = layers.De‸pthwise(3)", "Dense", "x = layers.Dense(3)"),
        ("f(layers.‸)", "Dense", "f(layers.Dense)"),
        ("keras.optimizers.sch‸", "schedules", "keras.optimizers.schedules"),
        ("tf.ke‸", "keras", "tf.keras"),
        ("keras.ops.soft‸(x)", "softmax", "keras.ops.softmax(x)"),
        ("from keras.layers import De‸", "Dense", "from keras.layers import Dense"),
        ("from tensorflow.keras import (layers, op‸", "ops", "from tensorflow.keras import (layers, ops"),
        ("import tensorflow.keras.lay‸", "layers", "import tensorflow.keras.layers"),
    ],
)
def test_names(marked: str, label: str, result: str) -> None:
    assert offered(marked)[label] == result


def test_modules_come_first_at_the_root_and_second_names_last() -> None:
    names = list(offered("keras.‸"))
    assert names.index("layers") < names.index("Model")
    names = list(offered("keras.layers.‸"))
    assert names.index("Conv2D") < names.index("add") < names.index("Convolution2D")
    assert not [name for name in names if name.startswith("_")]


def test_only_modules_are_imported_by_a_dotted_name() -> None:
    assert "Model" not in offered("import keras.‸")
    assert "Model" in offered("from keras import ‸")


def test_deprecated_names_are_not_offered() -> None:
    assert "pad_sequences" in offered("keras.preprocessing.sequence.‸", line=2)
    assert "Tokenizer" not in offered("keras.preprocessing.text.‸", line=2)


def test_tensorflow_has_more_under_the_name_of_keras() -> None:
    assert "mse" in offered("tf.keras.losses.ms‸")
    assert "mse" in offered("from tensorflow.keras.losses import ms‸")
    assert "mse" in offered("losses.ms‸", imports="from tensorflow.keras import losses\n")
    assert "mse" not in offered("keras.losses.ms‸")
    assert "mse" not in offered("losses.ms‸", imports="from keras import losses\n")
    made = "tf.keras.preprocessing.image.ImageDataGenerator(rot‸)"
    assert "rotation_range" in " ".join(offered(made))
    assert "rotation_range" not in " ".join(offered(made.replace("tf.", "")))


def test_the_line_of_the_environment_counts() -> None:
    assert "ops" in offered("keras.‸", line=3)
    assert "ops" not in offered("keras.‸", line=2)
    assert "ThresholdedReLU" in offered("layers.‸", line=2)
    assert "ThresholdedReLU" not in offered("layers.‸", line=3)


@pytest.mark.parametrize(
    ("marked", "label", "result"),
    [
        ("layers.Dense(‸", "units=", "layers.Dense(units="),
        ("layers.Dense(64, ac‸", "activation=", "layers.Dense(64, activation="),
        ("layers.Dense(64, ac‸)", "activation=", "layers.Dense(64, activation=)"),
        ("layers.Dense(64, act‸=relu)", "activation=", "layers.Dense(64, activation=relu)"),
        ("layers.Dense(64, ‸name='a')", "use_bias=", "layers.Dense(64, use_bias=name='a')"),
        ("x = [\n  Dense(4,\n    use‸\n", "use_bias=", "    use_bias="),
        ("C(8, (3, 3), na‸)", "name=", "C(8, (3, 3), name=)"),
        ("keras.ops.softmax(x, ‸", "axis=", "keras.ops.softmax(x, axis="),
        ("m = keras.Sequential([Dense(2)])\nm.compile(‸", "optimizer=", "m.compile(optimizer="),
        ("m = keras.Sequential([Dense(2)])\nm.fit(x, ep‸", "epochs=", "m.fit(x, epochs="),
        ("class M(keras.Model):\n  def f(self):\n    self.compile(lo‸", "loss=", "    self.compile(loss="),
        (LAYER + "    self.add_weight(sh‸", "shape=", "    self.add_weight(shape="),
        (LAYER + "    super().__init__(na‸", "name=", "    super().__init__(name="),
        (LAYER + "    super(L, self).__init__(na‸", "name=", "    super(L, self).__init__(name="),
    ],
)  # fmt: skip
def test_keywords(marked: str, label: str, result: str) -> None:
    assert offered(marked)[label] == result


def test_arguments_that_are_there_are_not_offered_again() -> None:
    names = list(offered("layers.Dense(64, use_bias=True, ‸, name='a')"))
    assert names[0] == "activation="
    assert not {"units=", "use_bias=", "name="} & set(names)


@pytest.mark.parametrize(
    ("marked", "label", "result"),
    [
        ("Dense(3, activation=‸)", '"relu"', 'Dense(3, activation="relu")'),
        ("Dense(3, activation='‸", "relu", "Dense(3, activation='relu'"),
        ('Dense(3, activation="re‸)', "relu", 'Dense(3, activation="relu")'),
        ("Dense(3, activation='‸relu', name='x')", "tanh", "Dense(3, activation='tanh', name='x')"),
        ("Dense(3, activation='‸, name='x')", "tanh", "Dense(3, activation='tanh', name='x')"),
        ("layers.Activation('‸')", "relu", "layers.Activation('relu')"),
        ("Dense(3, kernel_initializer='‸')", "he_normal", "Dense(3, kernel_initializer='he_normal')"),
        ("Dense(3, kernel_regularizer='‸')", "l2", "Dense(3, kernel_regularizer='l2')"),
        ("C(8, 3, padding='‸')", "same", "C(8, 3, padding='same')"),
        ("C(8, 3, data_format='‸')", "channels_first", "C(8, 3, data_format='channels_first')"),
        ("m = keras.Sequential()\nm.compile('‸')", "adam", "m.compile('adam')"),
        ("m = keras.Sequential()\nm.compile(loss='‸')", "mse", "m.compile(loss='mse')"),
        ("m = keras.Sequential()\nm.compile(metrics=['‸", "accuracy", "m.compile(metrics=['accuracy'"),
        ("m = keras.Sequential()\nm.compile(metrics=[‸])", '"accuracy"', 'm.compile(metrics=["accuracy"])'),
        ("m = keras.Sequential()\nm.compile(loss={'a': '‸'})", "mse", "m.compile(loss={'a': 'mse'})"),
    ],
)  # fmt: skip
def test_strings(marked: str, label: str, result: str) -> None:
    assert offered(marked)[label] == result


def test_the_default_comes_first_then_what_is_used_most() -> None:
    names = list(offered("Dense(3, kernel_initializer='‸')"))
    assert names[0] == "glorot_uniform"
    activations = list(offered("Dense(3, activation='‸')"))
    assert activations.index("relu") < activations.index("celu")


@pytest.mark.parametrize(
    "marked",
    [
        "np.‸",
        "foo.layers.‸",
        "'keras.‸'",
        "# keras.‸",
        "np.pad(x, mode='‸')",
        "foo(activation='‸')",
        "Dense(3)(‸",
        "Dense(units=f(‸",
        "Dense(kernel_size=(3, ‸",
        "Dense(3, activation='re' + '‸')",
        "Dense(3, activation=f'‸')",
        "Dense(3, activation=['‸'])",
        "def Dense(‸",
        "m = keras.Sequential()\nm.compile(loss={'‸': 'mse'})",
        "def f(layers):\n    return layers.‸",
        "def f(a, *, layers=None):\n    return layers.‸",
        "def f(x):\n    layers = x.layers\n    return layers.‸",
        "for layers in x:\n    pass\nlayers.‸",
        "layers = [1, 2]\nlayers.‸",
        "class Dense:\n    pass\nDense(‸",
        "class M(keras.Model):\n  def compile(self, mine): ...\n  def f(self):\n    self.compile(‸",
    ],
)
def test_quiet_where_keras_is_not_meant(marked: str) -> None:
    assert offered(marked) == {}


def test_a_call_that_was_left_open_lines_before_offers_no_arguments() -> None:
    assert "activation=" in offered("x = Dense(ac‸")
    assert "activation=" not in offered("x = Dense(\n\ny = ac‸")


def test_a_name_of_another_function_is_still_keras_here() -> None:
    assert "Dense" in offered("def f(layers):\n    pass\n\ndef g():\n    return layers.‸")
    assert "Dense" in offered("y = keras.Sequential(\n    layers=[],\n)\nlayers.‸")
    assert "Dense" in offered("layers = tf.keras.layers\nlayers.‸", imports="import tensorflow as tf\n")


@pytest.mark.parametrize(
    "marked", ["layers.‸", "Dense(‸", "tf.‸", "Dense(activation='‸')", "import nothing.‸"]
)
def test_quiet_without_keras(marked: str) -> None:
    assert offered(marked, imports="import nothing\n") == {}


def test_documentation_is_made_when_it_is_asked_for() -> None:
    text, offset = cursor(IMPORTS + "layers.Dense(‸")
    snapshot = static(text)
    units = complete(snapshot, KEY, offset)[0]
    assert (units.kind, units.documentation) == (CompletionKind.ARGUMENT, "")
    assert units.topic is not None
    assert "dimensionality of the output space" in documentation(snapshot, KEY, units.topic)
    assert documentation(snapshot, "other", units.topic) == ""


COMPILED = """m = keras.Sequential([Dense(1)])
from keras.metrics import AUC
m.compile(metrics=["acc", keras.metrics.AUC(), keras.metrics.BinaryAccuracy(), mine, M(), AUC(name="q")])
n.compile(loss={"a": "mse"}, metrics={"a": [keras.losses.mean_absolute_error]})
keras.callbacks."""


@pytest.mark.parametrize(
    "call", ["EarlyStopping('‸')", "EarlyStopping(monitor='‸", "ModelCheckpoint('x', monitor=‸)"]
)
def test_what_a_callback_may_watch(call: str) -> None:
    """The names are those that `history` of `fit` has under Keras 3 and tf-keras 2."""
    names = [label.strip("\"'") for label in offered(COMPILED + call)]
    watched = ["loss", "acc", "auc", "binary_accuracy", "q", "a_loss", "a_mean_absolute_error"]
    assert names == [*(f"val_{name}" for name in watched), *watched]


@pytest.mark.parametrize("line", [2, 3])
def test_strings_beside_none(line: int) -> None:
    call = "keras.applications.ResNet50("
    assert list(offered(call + "weights='‸'", line)) == ["imagenet"]
    assert list(offered(call + "pooling='‸'", line)) == ["avg", "max"]
    assert offered("keras.applications.resnet50.decode_predictions(preds='‸'", line) == {}


HELD = """\
import tensorflow as tf
optimizer = tf.keras.optimizers.Adam(1e-3)
class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.seen = tf.keras.metrics.Mean(name="loss")
        self.dense = tf.keras.layers.Dense(3)
    def train_step(self, data):
        {}
"""


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("optimizer.‸", "apply_gradients"),
        ("optimizer.lea‸", "learning_rate"),
        ("self.seen.up‸", "update_state"),
        ("x = [self.seen.res‸", "reset_state"),
        ("tokens = tf.keras.preprocessing.text.Tokenizer()\n        tokens.fit_‸", "fit_on_texts"),
    ],
)
def test_what_an_object_of_keras_has(typed: str, label: str) -> None:
    assert label in offered(HELD.format(typed), imports="")


@pytest.mark.parametrize(
    "typed",
    [
        "optimizer = None\n        optimizer.‸",
        "for optimizer in data:\n            optimizer.‸",
        "data.‸",
        "tf.optimizer.‸",
        "self.unknown.‸",
        "optimizer.apply_gradients.‸",
        "optimizer = 1 if data else tf.keras.optimizers.SGD()\n        optimizer.‸",
    ],
)
def test_an_object_that_nobody_knows(typed: str) -> None:
    assert offered(HELD.format(typed), imports="") == {}


def test_layers_have_what_models_have() -> None:
    """And a call of an object is none of its class."""
    assert "apply_gradients" not in offered(HELD.format("self.dense.‸"), imports="")
    assert "learning_rate=" not in " ".join(offered(HELD.format("optimizer(‸"), imports=""))


def test_what_begins_with_what_is_typed_comes_first() -> None:
    names = list(offered("x = keras.layers.conv‸"))
    begins = [name.startswith("Conv") for name in names]
    assert begins == sorted(begins, reverse=True)
    assert "ContrastLimitedAdaptiveHistogramEqualization" in names[begins.index(False) :]
