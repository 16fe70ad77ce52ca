"""Completions while typing, with and without a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.completion import complete
from tests.unit.features.views import KEY, current, cursor, stale, static

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.features.results import Completion
    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import Replayed


def typing(snapshot_of: Callable[[str], Snapshot], marked: str) -> tuple[str, tuple[Completion, ...]]:
    text, offset = cursor(marked)
    return text, complete(snapshot_of(text), KEY, offset)


def result(text: str, item: Completion) -> str:
    return text[: item.replace.start] + item.insert + text[item.replace.end :]


def labels(items: tuple[Completion, ...]) -> list[str]:
    return [item.label for item in items]


def test_layer_indices(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("functional")
    text, items = typing(lambda t: stale(t, replayed(old), old), old + "\nmodel.layers[‸")
    assert labels(items) == ["0", "1", "2", "3", "-1", "-2", "-3", "-4", "1:", ":-1", "-2:"]
    assert items[3].detail == items[4].detail == "head  Dense  (None, 16) → (None, 10)"
    assert [item.detail for item in items[-3:]] == ["3 layers", "3 layers", "2 layers"]
    assert result(text, items[4]).endswith("model.layers[-1")
    assert sorted(items, key=lambda item: item.sort) == list(items)


def test_layer_indices_of_a_nested_path(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("functional")
    for path in ("model.layers[1].layers[‸]", 'model.get_layer("encoder").layers[‸]', "encoder.layers[‸]"):
        _, items = typing(lambda t: stale(t, replayed(old), old), f"{old}\nprint({path})")
        details = [item.detail.split()[0] for item in items]
        assert details[:6] == ["features", "widen", "narrow", "narrow", "widen", "features"]


def test_layer_indices_from_the_text_alone(seed: Callable[[str], str]) -> None:
    _, items = typing(static, seed("subclassed") + "\nmodel.layers[‸")
    assert labels(items) == ["0", "1", "-1", "-2"]
    assert items[0].detail.startswith("dense1  Dense(")
    sequential = (
        "import keras\n"
        'm = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="one"), keras.layers.ReLU()])\n'
        "m.layers[‸]\n"
    )
    _, items = typing(static, sequential)
    assert labels(items) == ["0", "1", "-1", "-2"]


def test_text_stops_where_it_is_not_sure(seed: Callable[[str], str]) -> None:
    _, items = typing(static, seed("nested") + "\nmodel.layers[‸")
    assert items == ()
    start = "import keras\ni = keras.Input((3,))\n"
    for made in (
        "m = keras.Model(i, keras.layers.Dense(2)(i))\n",  # its input is a layer, too
        "m = keras.Sequential([keras.layers.Dense(2)])\nfor _ in range(n):\n    m.add(keras.layers.ReLU())\n",
        "m = keras.Sequential([keras.layers.Dense(2), *more])\n",
    ):
        assert typing(static, f"{start}{made}m.layers[‸]\n")[1] == ()


def test_slots_below_self(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("subclassed")
    marked = old.replace("return self.dense2(x)", "y = self.de‸\n        return self.dense2(x)")
    for snapshot_of in (static, lambda t: stale(t, replayed(old), old)):
        text, items = typing(snapshot_of, marked)
        assert labels(items) == ["dense1", "dense2"]
        assert "y = self.dense2\n" in result(text, items[1])
    assert items[0].detail == "Dense  (None, 32) → (None, 64)"


def test_slots_at_the_end_of_an_unfinished_class() -> None:
    marked = (
        "import keras\n\n\nclass M(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.head = keras.layers.Dense(3)\n\n    def call(self, x):\n        return self.‸"
    )
    _, items = typing(static, marked)
    assert labels(items) == ["head"]
    assert items[0].detail == "Dense(units=3)"


def test_slots_of_a_model_that_an_unfinished_class_keeps() -> None:
    text = (
        "import keras\n\nclass Net(keras.Model):\n    def __init__(self):\n"
        "        super().__init__()\n        self.dense = keras.layers.Dense(1)\n\n"
        "class Trainer:\n    def __init__(self):\n        self.net = Net()\n\n"
        "    def run(self):\n        self.net."
    )
    assert labels(complete(static(text), KEY, len(text)))[:2] == ["dense", "weights"]
    behind = text.replace("        self.net.", "        pass\n\nself.net.")
    assert labels(complete(static(behind), KEY, len(behind))) == []


def test_slots_in_the_middle_of_a_word(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("subclassed")
    text, items = typing(
        lambda t: current(t, replayed(t)), old.replace("self.dense1(inputs)", "self.de‸nse1(inputs)")
    )
    assert "self.dense2(inputs)" in result(text, items[1])


def test_slots_below_a_variable(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("nested")
    _, items = typing(lambda t: stale(t, replayed(old), old), old + "\nmodel.‸")
    assert labels(items)[:3] == ["blocks", "head", "weights"]
    _, items = typing(lambda t: stale(t, replayed(old), old), old + "\nmodel.blocks[0].‸")
    assert labels(items)[:3] == ["dense", "norm", "weights"]
    assert items[0].detail == "Dense  (None, 16) → (None, 64)"


def test_layer_names(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("functional")
    for typed, finished in (
        ('model.get_layer("‸', 'model.get_layer("head"'),
        ('model.get_layer("‸")', 'model.get_layer("head")'),
        ("model.get_layer('‸norm')", "model.get_layer('head')"),
        ("model.get_layer(‸)", 'model.get_layer("head")'),
        ('model.get_layer("‸).weights["a"]', 'model.get_layer("head").weights["a"]'),
    ):
        text, items = typing(lambda t: stale(t, replayed(old), old), f"{old}\n{typed}")
        assert labels(items) == ["input_layer", "encoder", "norm", "head"]
        assert result(text, items[3]).endswith(finished)


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ('model.get_layer("he‸', ["head"]),
        ('model.get_layer("no‸rm")', ["encoder", "norm"]),
        ('model.get_layer("NM‸', ["norm"]),
        ('model.get_layer("x‸', []),
        ("model.layers[-‸", ["-1", "-2", "-3", "-4", ":-1", "-2:"]),
        (
            "tf.keras.layers.Conv2‸",
            ["Conv2D", "Conv2DTranspose", "ConvLSTM2D", "DepthwiseConv2D", "SeparableConv2D"],
        ),
    ],
)
def test_only_what_goes_with_what_is_typed(
    seed: Callable[[str], str], replayed: Replayed, typed: str, left: list[str]
) -> None:
    old = seed("functional")
    _, items = typing(lambda t: stale(t, replayed(old), old), f"{old}\n{typed}")
    assert [label for label in labels(items) if "olution" not in label] == left


def test_given_names_from_the_text_alone(seed: Callable[[str], str]) -> None:
    _, items = typing(static, seed("nested") + '\nmodel.get_layer("‸')
    assert labels(items) == ["head"]


def test_weight_indices(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("functional")
    _, items = typing(lambda t: stale(t, replayed(old), old), old + "\nmodel.layers[-1].weights[‸]")
    assert labels(items) == ["0", "1", "-1", "-2"]
    assert items[0].detail == "kernel (16, 10)  float32"


def test_weights_that_do_not_exist_yet_say_so(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("subclassed")
    _, items = typing(lambda t: stale(t, replayed(old), old), old + "\nmodel.layers[0].weights[‸]")
    assert items[0].detail == "kernel (32, 64)  float32"
    assert "No weights here yet" in items[0].documentation


def test_loop_variable(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("functional")
    marked = old.replace("print(layer.name)", "print(layer.layers[‸")
    _, items = typing(lambda t: stale(t, replayed(old), old), marked)
    assert [item.detail.split()[0] for item in items][:4] == ["features", "widen", "narrow", "narrow"]


def test_quiet_in_text_and_where_there_is_no_keras(seed: Callable[[str], str]) -> None:
    text = seed("subclassed")
    for marked in ('\n"model.layers[‸', "\n# model.layers[‸", "\nnumbers.‸", "\nfoo.layers[‸"):
        assert typing(static, text + marked)[1] == ()
    for marked in ("model.layers[‸", "class A:\n    def f(self):\n        self.‸", 'model.get_layer("‸'):
        assert typing(static, marked)[1] == ()


LISTS = """import keras

class Net(keras.Model):
    def __init__(self, depth):
        super().__init__()
        self.blocks = [keras.layers.Dense(8) for _ in range(3)]
        self.tail = [keras.layers.ReLU(), keras.layers.Flatten()]
        self.many = [keras.layers.Dense(8) for _ in range(depth)]
        self.sizes = [1, 2]

    def call(self, x):
        return self.blocks[0](x)

net = Net(5)
net(keras.Input((4,)))
"""


def test_indices_of_a_list_from_the_text_alone() -> None:
    _, items = typing(static, LISTS + "net.blocks[‸")
    assert labels(items) == ["0", "1", "2", "-1", "-2", "-3"]
    assert items[2].detail == "Dense(units=8)"
    _, items = typing(static, LISTS + "net.tail[‸]\n")
    assert [item.detail for item in items] == ["ReLU()", "Flatten()", "Flatten()", "ReLU()"]
    half_typed = LISTS.replace("self.blocks[0](x)", "self.blocks[‸")
    _, items = typing(static, half_typed)
    assert labels(items) == ["0", "1", "2", "-1", "-2", "-3"]
    for path in ("net.many[‸", "net.sizes[‸", "net.nothing[‸", "net[‸", "other.blocks[‸"):
        assert typing(static, LISTS + path)[1] == ()


def test_indices_of_a_list_as_replayed(replayed: Replayed) -> None:
    _, items = typing(lambda t: stale(t, replayed(LISTS), LISTS), LISTS + "net.many[‸")
    assert labels(items) == ["0", "1", "2", "3", "4", "-1", "-2", "-3", "-4", "-5"]
    assert "Dense" in items[0].detail


def test_a_long_list_is_counted_from_its_end_once_that_is_asked_for(replayed: Replayed) -> None:
    old = LISTS.replace("Net(5)", "Net(15)")
    _, items = typing(lambda t: stale(t, replayed(old), old), old + "net.many[‸")
    assert labels(items)[-2:] == ["14", "-1"]
    text, items = typing(lambda t: stale(t, replayed(old), old), old + "net.many[-‸")
    assert labels(items)[-1] == "-15"
    assert result(text, items[-1]).endswith("net.many[-15")


HEADS = """import keras

class Net(keras.Model):
    def __init__(self, names):
        super().__init__()
        self.heads = {"a b": keras.layers.Dense(8), "c": keras.layers.Dense(9)}
        self.more = {name: keras.layers.ReLU() for name in names}
        self.sizes = {"a": 1}

    def call(self, x):
        return [head(x) for head in self.heads.values()]

net = Net(["x", "y"])
net(keras.Input((4,)))
"""


def test_keys_of_a_dict(replayed: Replayed) -> None:
    for typed, taken in (
        ("net.heads['‸", "net.heads['a b'"),
        ('net.heads["‸"]', 'net.heads["a b"]'),
        ("net.heads[‸]", 'net.heads["a b"]'),
    ):
        text, items = typing(static, HEADS + typed)
        assert labels(items) == ["a b", "c"]
        assert items[1].detail == "Dense(units=9)"
        assert result(text, items[0]).endswith(f"\n{taken}")
    _, items = typing(lambda t: stale(t, replayed(HEADS), HEADS), HEADS + "net.more['‸")
    assert labels(items) == ["x", "y"]
    assert items[0].detail.startswith("ReLU")
    for path in ("net.more['‸", "net.sizes['‸", "net.nothing['‸", "net['‸", "x = ['‸", "net.heads[f'‸"):
        assert typing(static, HEADS + path)[1] == ()


def test_what_a_layer_and_a_model_have_of_keras(seed: Callable[[str], str], replayed: Replayed) -> None:
    old = seed("functional")
    _, items = typing(lambda t: stale(t, replayed(old), old), old + "\nmodel.layers[-1].‸")
    assert labels(items)[:4] == ["kernel", "bias", "weights", "variables"]
    assert [item.detail for item in items][:3] == ["(16, 10)  float32", "(10,)  float32", "2 weights"]
    assert "fit" not in labels(items)
    _, items = typing(lambda t: stale(t, replayed(old), old), old + "\nmodel.‸")
    assert {"get_weights()", "fit", "compile", "summary"} <= {*labels(items)}
    assert "kernel" not in labels(items)
    alone = "import keras\nd = keras.layers.Dense(3)\nm = keras.Sequential([d])\n"
    _, items = typing(static, alone + "d.‸")
    assert labels(items)[:3] == ["kernel", "bias", "weights"]
    assert "fit" not in labels(items)
    _, items = typing(static, alone + "m.‸")
    assert "fit" in labels(items)
    _, items = typing(static, alone + "x = 1\nx.‸")
    assert items == ()


KEPT = """import keras
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4)
    def call(self, x):
        return self.dense(x)
class Trainer:
    def __init__(self):
        self.model = Net()
        self.parts = [keras.layers.Dense(1), keras.layers.ReLU()]
class Chain(keras.Sequential):
    def __init__(self):
        super().__init__([keras.layers.Dense(3, name="first"), keras.layers.ReLU()])
trainer = Trainer()
models = [Net()]
models.append(keras.Sequential([keras.layers.ReLU()]))
named = {"a": Net(), "b": keras.layers.Dense(2)}
chain = Chain()
"""


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("trainer.‸", ["model", "parts"]),
        ("trainer.model.‸", ["dense", "weights"]),
        ("trainer.parts[‸", ["0", "1"]),
        ("models[‸", ["0", "1"]),
        ("models[0].‸", ["dense", "weights"]),
        ("models[1].layers[‸", []),
        ("named[‸", ["a", "b"]),
        ("named['a'].‸", ["dense", "weights"]),
        ("named['b'].‸", ["kernel", "bias"]),
        ("chain.layers[‸", ["0", "1"]),
        ("named.‸", []),
        ("models = 3\nmodels[‸", []),
        ("trainer = other()\ntrainer.‸", []),
        ("nothing[‸", []),
    ],
)
def test_what_objects_and_containers_keep(typed: str, first: list[str]) -> None:
    _, items = typing(static, KEPT + typed)
    assert labels(items)[: max(len(first), 1)] == first


def test_what_an_object_keeps_as_replayed(replayed: Replayed) -> None:
    text = KEPT + "trainer.model(keras.Input((5,)))\n"
    _, items = typing(lambda t: stale(t, replayed(text), text), text + "trainer.model.‸")
    assert labels(items)[0] == "dense"
    assert items[0].detail == "Dense  (None, 5) → (None, 4)"


SHAPED = """import keras
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4)
    def call(self, x):
        return self.dense(x)
net = Net()
net.build((None, 32))
"""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("# k‸", ["keras-lsp: input=", "keras-lsp: ignore["]),
        ("x = 3  # keras-lsp:‸", ["keras-lsp: input=", "keras-lsp: ignore["]),
        ("# keras-lsp: ‸", ["input=", "ignore["]),
        ("# keras-lsp: ig‸", ["ignore["]),
        ("# keras-lsp: input=‸", ["(None, 32)", "(None, )"]),
        ("# keras-lsp: input=(‸", ["(None, 32)", "(None, )"]),
        ("# ‸", []),
        ("# known‸", []),
        ("# see keras-lsp: input=(3, ‸", []),
        ("'# keras-lsp: ‸'", []),
    ],
)
def test_in_a_comment_of_ours(typed: str, offered: list[str]) -> None:
    assert labels(typing(static, SHAPED + typed)[1]) == offered


def test_a_shape_takes_the_place_of_brackets() -> None:
    text, items = typing(static, SHAPED + "# keras-lsp: input=(‸)\nx = 3\n")
    assert result(text, items[0]).endswith("# keras-lsp: input=(None, 32)\nx = 3\n")


def test_rules_that_a_comment_may_silence() -> None:
    text, items = typing(
        lambda t: static(t, 3), SHAPED + "net.layers[0].weights[0]  # keras-lsp: ignore[KL305, ‸]"
    )
    first = min(items, key=lambda item: item.sort)
    assert (first.label, first.detail) == ("weights-before-build", "KL101")
    assert result(text, first).endswith("ignore[KL305, weights-before-build]")


def test_indices_of_weights_say_whose_they_are(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("functional")
    report = replayed(text)

    def details(marked: str) -> list[str]:
        typed, offset = cursor(text + marked)
        return [item.detail for item in complete(current(typed, report), KEY, offset)]

    assert details("model.weights[‸")[0].startswith("encoder/widen  kernel (")
    assert details('model.get_layer("head").weights[‸')[0].startswith("kernel (")
