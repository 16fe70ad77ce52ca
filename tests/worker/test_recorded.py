"""What a replay tells of each layer: who holds and calls it, what built it, what Keras does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from keras_lsp.worker.report import LayerReport, NodeFact, ReplayReport
    from tests.conftest import RunProgram
    from tests.worker.driver import Worker

BLOCKS = """\
import keras


class Block(keras.layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.conv = keras.layers.Conv2D(width, 3, 1, "same", kernel_initializer={initializer})
        self.norm = keras.layers.BatchNormalization()

    def call(self, x):
        return self.norm(self.conv(x))


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [Block(4) for _ in range(3)]
        self.head = keras.layers.Dense(2)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


net = Net()
y = net(keras.Input((8, 8, 3)))
count = net.count_params()
layers = len(net.layers)
""".replace("{initializer}", "keras.initializers.TruncatedNormal(stddev=0.02)")


def as_tf_keras(program: str) -> str:
    return program.replace("import keras\n", "import tf_keras as keras\n")


def layers(report: ReplayReport, class_name: str) -> list[LayerReport]:
    return [layer for layer in report.layers if layer.class_name == class_name]


def fact(text: str, report: ReplayReport, expression: str) -> NodeFact:
    start = text.index(expression)
    return next(node for node in report.nodes if node.span == (start, start + len(expression)))


@pytest.fixture(params=[False, True], ids=["keras3", "tf_keras2"])
def line(
    request: pytest.FixtureRequest, keras3_worker: Worker, tf_keras_worker: Worker
) -> tuple[Worker, bool]:
    return (tf_keras_worker if request.param else keras3_worker), request.param


def replay(line: tuple[Worker, bool], program: str) -> tuple[str, ReplayReport]:
    worker, legacy = line
    text = as_tf_keras(program) if legacy else program
    return text, worker.replay(text)


def test_each_iteration_of_a_loop_is_a_layer_of_its_own(line: tuple[Worker, bool]) -> None:
    text, report = replay(line, BLOCKS)
    blocks = layers(report, "Block")
    assert [text[slice(*block.created)] for block in blocks if block.created] == ["Block(4)"] * 3
    assert [block.occurrence for block in blocks] == [1, 2, 3]
    assert [layer.occurrence for layer in layers(report, "Net")] == [1]


def test_paths_go_down_from_the_model_that_holds_all(line: tuple[Worker, bool]) -> None:
    _, report = replay(line, BLOCKS)
    (net,) = layers(report, "Net")
    convolutions = layers(report, "Conv2D")
    assert [conv.paths for conv in convolutions] == [((net.id, f"blocks[{i}].conv"),) for i in range(3)]
    assert net.paths == ()


def test_calls_are_told_with_their_place(line: tuple[Worker, bool]) -> None:
    text, report = replay(line, BLOCKS)
    first, second, _ = layers(report, "Block")
    assert [(flow.inputs, flow.outputs, flow.count) for flow in first.flows] == [
        ("(None, 8, 8, 3)", "(None, 8, 8, 4)", 1)
    ]
    assert [text[slice(*span)] for flow in second.flows for span in flow.spans] == ["block(x)"]


def test_only_what_differs_from_the_defaults_is_configuration(line: tuple[Worker, bool]) -> None:
    text = (
        "import keras\n"
        "keras.layers.Dense(4, 'relu', True)\n"
        "keras.layers.LayerNormalization(-1, epsilon=1e-6)\n"
        "x = keras.Input((3,))\n"
        "keras.Model(x, x)\n"
        "class Two(keras.layers.Layer):\n"
        "    def __init__(self, *sizes, rate=0.5, **options):\n"
        "        super().__init__(**options)\n"
        "Two(1, 2, rate=0.5, name='two')\n"
    )
    _, report = replay(line, text)
    configurations = {layer.class_name: layer.config for layer in report.layers}
    assert configurations["Dense"] == {"units": "4", "activation": "'relu'"}
    assert configurations["LayerNormalization"] == {"epsilon": "1e-06"}
    assert configurations["Functional"] == {}
    assert configurations["Two"] == {"*sizes": "(1, 2)", "name": "'two'"}


def test_initializers_and_owners_of_weights(line: tuple[Worker, bool]) -> None:
    _, report = replay(line, BLOCKS)
    (net,) = layers(report, "Net")
    conv, norm = layers(report, "Conv2D")[0], layers(report, "BatchNormalization")[0]
    told = [(weight.name, weight.initializer, weight.owner) for weight in net.weights]
    assert told[:2] == [("kernel", "TruncatedNormal(stddev=0.02)", conv.id), ("bias", "Zeros", conv.id)]
    assert ("gamma", "Ones", norm.id) in told
    assert ("moving_variance", "Ones", norm.id) in told


def test_what_built_a_layer_and_where(line: tuple[Worker, bool]) -> None:
    text, report = replay(line, BLOCKS)
    (net,) = layers(report, "Net")
    head = layers(report, "Dense")[0]
    assert (net.built_by, net.built_at and text[slice(*net.built_at)]) == (
        "call",
        "net(keras.Input((8, 8, 3)))",
    )
    assert (head.built_by, head.built_at and text[slice(*head.built_at)]) == ("call", "self.head(x)")
    assert head.built_how == "called on (None, 8, 8, 4) on line 23, from line 27"


def test_built_by_its_constructor_or_not_at_all(line: tuple[Worker, bool]) -> None:
    text = (
        "import keras\n"
        "ready = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\n"
        "waiting = keras.Sequential([keras.layers.Dense(2)])\n"
        "late = keras.Sequential([keras.layers.Dense(2)])\n"
        "late.build((None, 3))\n"
    )
    _, report = replay(line, text)
    assert [layer.built_by for layer in layers(report, "Sequential")] == ["constructor", "", "build"]


def test_a_projection_builds_nothing(line: tuple[Worker, bool]) -> None:
    worker, legacy = line
    text = as_tf_keras(BLOCKS).split("net = Net()")[0] if legacy else BLOCKS.split("net = Net()")[0]
    report = worker.replay(text, classes=("Net",), input_hints={"Net": "(None, 8, 8, 3)"})
    head = layers(report, "Dense")[0]
    assert head.projected
    assert (head.built_by, head.built_at, head.built_how) == ("", None, "")


SHARED = """\
import keras

embed = keras.layers.Embedding(9, 4)
ids = keras.Input((5,), dtype="int32")
more = keras.Input((7,), dtype="int32")
a, b, c = embed(ids), embed(more), embed(ids)


class Pair(keras.layers.Layer):
    def call(self, pair):
        return {"sum": pair["a"] + 1, "ids": pair["b"]}


out = Pair()({"a": keras.Input((3,)), "b": ids})
"""


def test_several_calls_of_a_shared_layer(line: tuple[Worker, bool]) -> None:
    _, report = replay(line, SHARED)
    (embed,) = layers(report, "Embedding")
    assert [(flow.inputs, flow.outputs, flow.count, len(flow.spans)) for flow in embed.flows] == [
        ("(None, 5) int32", "(None, 5, 4)", 2, 2),
        ("(None, 7) int32", "(None, 7, 4)", 1, 1),
    ]


def test_nested_structures_have_dtypes(line: tuple[Worker, bool]) -> None:
    _, report = replay(line, SHARED)
    (flow,) = layers(report, "Pair")[0].flows
    assert flow.inputs == "{'a': (None, 3), 'b': (None, 5) int32}"
    assert flow.outputs == "{'sum': (None, 3), 'ids': (None, 5) int32}"


def test_numbers_that_come_out_of_models(line: tuple[Worker, bool], run_program: RunProgram) -> None:
    text, report = replay(line, BLOCKS)
    done = run_program(text + "print(count, layers)\n", line[1])
    assert done.returncode == 0, done.stderr
    told = [fact(text, report, name).values[0].text for name in ("net.count_params()", "len(net.layers)")]
    assert told == done.stdout.split()[-2:]


def test_numbers_of_the_program_itself_are_its_own_business(keras3_worker: Worker) -> None:
    report = keras3_worker.replay("import keras\nwidth = max(3, 4)\nlayer = keras.layers.Dense(width + 1)\n")
    assert not any(value.kind == "number" for node in report.nodes for value in node.values)


def test_first_and_last_value_of_a_loop(keras3_worker: Worker) -> None:
    text = (
        "import keras\n"
        "x = keras.Input((4,))\n"
        "for layer in [keras.layers.Dense(3), keras.layers.Dense(2), keras.layers.Dense(3)]:\n"
        "    x = layer(x)\n"
        "    n = x.shape[-1]\n"
    )
    node = fact(text, keras3_worker.replay(text), "x.shape[-1]")
    assert [value.text for value in node.values] == ["3", "2"]
    assert (node.count, node.last) == (3, 0)


def test_dimensions_that_keras_fills_while_tracing_are_unknown(line: tuple[Worker, bool]) -> None:
    """`tf.nn.relu` refuses Keras's symbols: Keras traces the call with tensors of the backend."""
    text = (
        "import keras\nimport tensorflow as tf\n\n\n"
        "class Net(keras.Model):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.dense = keras.layers.Dense(4)\n\n"
        "    def call(self, inputs):\n"
        "        x = tf.nn.relu(self.dense(inputs))\n"
        "        return x * 2\n\n\n"
        "y = Net()(keras.Input((None, 3)))\n"
    )
    text, report = replay(line, text)
    shapes = [value.tensor and value.tensor.shape for value in fact(text, report, "x * 2").values]
    assert shapes == [(None, None, 4)]
    assert [flow.outputs for flow in layers(report, "Dense")[0].flows] == ["(None, None, 4)"]


HIDDEN = """\
import keras
import tensorflow as tf

shared = keras.layers.Dense(3, name="in_global")


class Helper:
    def __init__(self):
        self.dense = keras.layers.Dense(3, name="in_object")


class Net(keras.Model):
    of_class = keras.layers.Dense(3, name="in_class")

    def __init__(self):
        super().__init__()
        self.plain = keras.layers.Dense(3, name="in_attribute")
        self.given_whole = [[keras.layers.Dense(3, name="in_nested_list")]]
        self.stages = []
        self.stages.append([])
        self.stages[0].append(keras.layers.Dense(3, name="in_inner_list"))
        self.by_name = {"a": keras.layers.Dense(3, name="in_dict")}
        self.in_set = {keras.layers.Dense(3, name="in_set")}
        self.helper = Helper()
        self.module = tf.Module()
        self.module.dense = keras.layers.Dense(3, name="in_module")

    def call(self, x):
        x = self.plain(self.given_whole[0][0](self.stages[0][0](self.by_name["a"](x))))
        x = list(self.in_set)[0](self.helper.dense(self.module.dense(x)))
        return shared(self.of_class(x))


net = Net()
y = net(keras.Input((3,)))
listed = [layer.name for layer in net._flatten_layers(include_self=False)]
"""


def test_layers_that_keras_does_not_see(line: tuple[Worker, bool], run_program: RunProgram) -> None:
    text, report = replay(line, HIDDEN)
    done = run_program(text + "print(*listed)\n", line[1])
    assert done.returncode == 0, done.stderr
    listed = set(done.stdout.split())
    dense = layers(report, "Dense")
    assert {layer.name for layer in dense if not layer.untracked} == {
        layer.name for layer in dense if layer.name in listed
    }
    reasons = {layer.name: layer.untracked[0].reason for layer in dense if layer.untracked}
    assert reasons["in_global"] == "`shared` is a global variable, no attribute of the object"
    assert reasons["in_class"] == "`of_class` is an attribute of the class `Net`, not of the object"
    assert reasons["in_object"] == "`helper` is a plain `Helper` object, which Keras does not look into"
    if line[1]:
        assert reasons["in_set"] == "`in_set` is a set, which Keras does not look into"
    else:
        assert reasons["in_module"] == "`module` is a tf.Module, which Keras does not look into"
        assert reasons["in_inner_list"] == (
            "it was put into `stages[0]` after `stages` was assigned, which Keras does not notice"
        )


def test_nothing_is_hidden_in_a_usual_model(line: tuple[Worker, bool]) -> None:
    _, report = replay(line, BLOCKS + "bi = keras.layers.Bidirectional(keras.layers.LSTM(3))\n")
    assert [layer.name for layer in report.layers if layer.untracked or layer.leftover_in] == []


REPLACED = """\
import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(3, name="old")
        self.head = keras.layers.Dense(2, name="new")

    def call(self, x):
        return self.head(x)


net = Net()
y = net(keras.Input((3,)))
names = [layer.name for layer in net.layers]
"""


def test_replaced_layers_that_keras_still_lists(line: tuple[Worker, bool], run_program: RunProgram) -> None:
    text, report = replay(line, REPLACED)
    done = run_program(text + "print(*names)\n", line[1])
    assert done.returncode == 0, done.stderr
    (net,) = layers(report, "Net")
    left = [layer.name for layer in layers(report, "Dense") if layer.leftover_in == (net.id,)]
    assert left == [name for name in done.stdout.split() if name == "old"]


def test_a_failure_has_the_way_to_it_through_two_classes(line: tuple[Worker, bool]) -> None:
    text = BLOCKS.replace("self.conv(x))", "self.conv(x[0]))")
    text, report = replay(line, text)
    (failure,) = report.failures
    assert failure.certain
    assert failure.span is not None
    assert text[slice(*failure.span)].endswith("self.conv(x[0])")
    assert [text[slice(*span)] for span in failure.chain] == ["net(keras.Input((8, 8, 3)))", "block(x)"]
