"""A fix is good when the finding goes and the fixed program runs, under both Keras lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.actions import all_fixes, code_actions, fixes_of_a_kind
from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.rules.build_fix import input_text
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, applied, current, static, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.session.snapshot import Snapshot
    from tests.conftest import RunProgram
    from tests.unit.features.conftest import RaisedBy, Replayed

EMBEDDING = """from tensorflow import keras
from tensorflow.keras import layers


class Words(keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding = layers.Embedding(100, 8)
        self.head = layers.Dense(2)

    def call(self, tokens):
        return self.head(self.embedding(tokens))


def main():
    model = Words()
    model.build((8, 20))
    print(model.embedding.embeddings.shape)


model = Words()
model.build(input_shape=(8, 20))
print(model.embedding.embeddings.shape, model.layers[1].weights[0].shape)
"""
NAMED_SIZE = """import keras

WIDTH = 12


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(2)

    def call(self, x):
        return self.out(x)


if True:
    net = Net()
    net.build((None, WIDTH))
    print(net.out.weights[0].shape)
"""


def fixed(snapshot: Snapshot) -> str:
    """All fixes of the document applied, each once."""
    text = snapshot.views[KEY].document.text
    edits = {edit for _, fix in code_actions(snapshot, KEY, whole(text)) for edit in fix.edits}
    return applied(text, tuple(edits))


@pytest.mark.parametrize("name", ["subclassed", "reading_weights"])
def test_founding_examples_run_once_fixed(
    seed: Callable[[str], str], replayed: Replayed, run_program: RunProgram, name: str
) -> None:
    text = seed(name)
    for snapshot in (current(text, replayed(text)), static(text, 3)):
        repaired = fixed(snapshot)
        assert repaired == text.replace("model.build((None, 32))", "model(tf.keras.Input((32,)))")
    assert diagnostics(current(repaired, replayed(repaired)), KEY) == ()
    assert diagnostics(static(repaired, 3), KEY) == ()
    assert run_program(text, legacy=False).returncode != 0
    for legacy in (False, True):
        run = run_program(repaired, legacy=legacy)
        assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("text", "call"),
    [
        (EMBEDDING, "model(keras.Input((20,), batch_size=8"),
        (NAMED_SIZE, "    net(keras.Input((WIDTH,)))\n"),
    ],
)
def test_other_shapes_of_programs(replayed: Replayed, raised_by: RaisedBy, text: str, call: str) -> None:
    repaired = fixed(current(text, replayed(text)))
    assert call in repaired
    assert diagnostics(current(repaired, replayed(repaired)), KEY) == ()
    assert raised_by(text) in ("AttributeError", "IndexError")
    for line in (3, 2):
        assert raised_by(repaired, line) == ""


LATER = """import tensorflow as tf


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.out = tf.keras.layers.Dense(2)

    def call(self, x):
        return self.out(x)


def first(model):
    if True:
        return model.layers[0].weights[0]


net = Net()
print(net.out.weights[0].shape); variables = net.trainable_variables
net(tf.zeros((5, 3)))
print([v.shape for v in variables])
"""


def test_call_before_the_first_reading(replayed: Replayed, raised_by: RaisedBy) -> None:
    assert raised_by(LATER) == "IndexError"
    snapshot = current(LATER, replayed(LATER))
    offset = LATER.index("net.out.weights") + 5
    ((finding, fix),) = code_actions(snapshot, KEY, Span(offset, offset))
    assert finding.code == "KL101"
    repaired = applied(LATER, fix.edits)
    assert repaired == LATER.replace("print(net.out", "net(tf.keras.Input((3,)))\nprint(net.out")
    assert diagnostics(current(repaired, replayed(repaired)), KEY) == ()
    for line in (3, 2):
        assert raised_by(repaired, line) == ""


OWN_STEP = """import keras
import numpy as np


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)
{call}
    def train_step(self, data):
        x, y = data
        return {{"loss": keras.ops.mean({used}(x))}}


net = Net()
net.compile("sgd")
print(net.dense.weights[0].shape)
net.fit(np.zeros((8, 4)), np.zeros((8, 3)))
"""
CALL = "\n    def call(self, x):\n        return self.dense(x)\n"


def test_no_call_is_offered_where_a_step_alone_makes_the_weights(
    replayed: Replayed, raised_by: RaisedBy
) -> None:
    """What `fit` gives the step is no input of the model, and this one cannot even be called."""
    text = OWN_STEP.format(call="", used="self.dense")
    snapshot = current(text, replayed(text))
    assert [finding.code for finding in diagnostics(snapshot, KEY)] == ["KL101"]
    assert code_actions(snapshot, KEY, whole(text)) == ()
    assert raised_by(text) == "IndexError"


def test_a_call_as_the_step_makes_it_is_offered(replayed: Replayed, raised_by: RaisedBy) -> None:
    text = OWN_STEP.format(call=CALL, used="self")
    repaired = fixed(current(text, replayed(text)))
    assert repaired == text.replace("print(net", "net(keras.Input((4,)))\nprint(net")
    assert diagnostics(current(repaired, replayed(repaired)), KEY) == ()
    assert "IndexError" not in raised_by(repaired)


def test_fix_is_offered_at_the_cursor_only(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("subclassed")
    snapshot = current(text, replayed(text))
    offset = text.index("layer.weights[0]") + 3
    ((finding, fix),) = code_actions(snapshot, KEY, Span(offset, offset))
    assert finding.code == "KL101"
    assert fix.title == "Make the weights with a call: `model(tf.keras.Input((32,)))`"
    assert code_actions(snapshot, KEY, Span(0, 0)) == ()


def test_name_fix_keeps_the_quotes(replayed: Replayed, raised_by: RaisedBy) -> None:
    text = (
        "import tensorflow as tf\n"
        "model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2, name='head')])\n"
        "print(model.get_layer('haed').kernel.shape)\n"
    )
    repaired = fixed(current(text, replayed(text)))
    assert repaired == text.replace("'haed'", "'head'")
    assert raised_by(repaired) == ""


def test_no_fix_where_the_input_is_not_known(seed: Callable[[str], str]) -> None:
    text = seed("reading_weights")
    assert fixed(static(text.replace("(None, 32)", "shape"), 3)) == text.replace("(None, 32)", "shape")
    two = text.replace("call(self, inputs)", "call(self, inputs, other)")
    assert fixed(static(two, 3)) == two


@pytest.mark.parametrize(
    ("shape", "dtype", "structures", "expected"),
    [
        ("(None, 32)", "", False, "Input((32,))"),
        ("[None, 8, 8, 3]", "", False, "Input((8, 8, 3))"),
        ("(8, 32)", "int32", False, 'Input((32,), batch_size=8, dtype="int32")'),
        ("(BATCH, n + 1)", "", False, "Input((n + 1,), batch_size=BATCH)"),
        ("(None,)", "", False, "Input(())"),
        ("[(None, 3), (None, 4)]", "", True, "[Input((3,)), Input((4,))]"),
        ("{'a': (None, 3)}", "", True, "{'a': Input((3,))}"),
        ("[(None, 3), (None, 4)]", "", False, None),
        ("{'a': (None, 3)}", "", False, None),
        ("shape", "", True, None),
        ("(None, *rest)", "", True, None),
        ("()", "", True, None),
        ("(None, ", "", True, None),
    ],
)
def test_inputs_for_shapes(shape: str, dtype: str, structures: bool, expected: str | None) -> None:
    assert input_text("Input", shape, dtype, structures) == expected


SEVERAL = """from tensorflow import keras
import numpy as np

first = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activaton="relu")])
second = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activaton="tanh")])
third = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
third.layers.pop()
print(third.get_layer("nobody"))
"""


def test_all_of_a_kind(replayed: Replayed) -> None:
    """Wherever one of them is asked about; others stay as they are."""
    snapshot = current(SEVERAL, replayed(SEVERAL))
    offset = SEVERAL.index("activaton")
    ((findings, fix),) = fixes_of_a_kind(snapshot, KEY, Span(offset, offset))
    assert [finding.code for finding in findings] == ["KL501", "KL501"]
    assert (fix.title, fix.preferred) == ("Fix all `wrong-argument` in this file", False)
    repaired = applied(SEVERAL, fix.edits)
    assert repaired == SEVERAL.replace("activaton", "activation")
    assert [f.code for f in diagnostics(current(repaired, replayed(repaired)), KEY)] == ["KL305", "KL301"]
    pop = SEVERAL.index("layers.pop")
    assert fixes_of_a_kind(snapshot, KEY, Span(pop, pop)) == ()  # there is only one


def test_everything_that_has_an_obvious_fix(replayed: Replayed, raised_by: RaisedBy) -> None:
    text = SEVERAL.replace('"nobody"', '"layer_2"').replace("Dense(3)])", 'Dense(3, name="layer_2")])')
    text = text.replace("third.layers.pop()\nprint(third", "print(third") + "third.layers.pop()\n"
    together = all_fixes(current(text, replayed(text)), KEY)
    assert together is not None
    assert [finding.code for finding in together.findings] == ["KL501", "KL501", "KL305"]
    repaired = applied(text, together.fix.edits)
    assert diagnostics(current(repaired, replayed(repaired)), KEY) == ()
    assert raised_by(repaired) == ""


@pytest.mark.parametrize(
    "text", ["", "import keras\nmodel = keras.Seq", "import keras\nlayer = keras.layers.Dense(3)\n"]
)
def test_nothing_to_fix(text: str) -> None:
    assert all_fixes(static(text, 3), KEY) is None
    assert fixes_of_a_kind(static(text, 3), KEY, whole(text)) == ()


def test_fixes_in_each_others_way_are_not_made_together(replayed: Replayed) -> None:
    """Two calls are to go before the same line: one is made now, the other is still offered after that."""
    text = (
        "import keras\n\n\nclass Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.d = keras.layers.Dense(3)\n\n    def call(self, x):\n        return self.d(x)\n\n\n"
        "one, two = Net(), Net()\none.build((None, 5))\ntwo.build((None, 7))\n"
        "print(one.d.kernel, two.d.kernel)\n"
    )
    for _ in range(3):
        together = all_fixes(current(text, replayed(text)), KEY)
        if together is None:
            break
        spans = [edit.span for edit in together.fix.edits]
        assert len({span.start for span in spans}) == len(spans)
        text = applied(text, together.fix.edits)
    assert diagnostics(current(text, replayed(text)), KEY) == ()
