"""Findings on programs whose real runs say whether they are true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.results import Finding, Severity
from keras_lsp.features.rules import RULES, rule
from keras_lsp.features.rules.tree import tree_of
from keras_lsp.session.open_document import OpenDocument
from keras_lsp.text.document import Document
from tests.unit.features.views import KEY, current, stale, static

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import RaisedBy, Replayed

MODEL = """import tensorflow as tf


class MyModel(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = tf.keras.layers.Dense(4, name="head")
        self.drop = tf.keras.layers.Dropout(0.5)

    def call(self, inputs):
        return self.drop(self.dense(inputs))


model = MyModel()
"""
BUILT = MODEL + "model(tf.keras.Input((3,)))\n"
MARKED = MODEL + "model.build((None, 3))\n"


def found(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    text = snapshot.views[KEY].document.text
    return [(f.code, f.severity.value, f.span.of(text)) for f in diagnostics(snapshot, KEY)]


def only(snapshot: Snapshot, code: str) -> Finding:
    (finding,) = [f for f in diagnostics(snapshot, KEY) if f.code == code]
    assert "\n" not in finding.message
    return finding


def test_founding_example_under_keras_3(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("subclassed")
    snapshot = current(text, replayed(text))
    assert found(snapshot) == [
        ("KL102", "warning", "model.build((None, 32))"),
        ("KL104", "warning", "model.layers[0].weights"),
        ("KL104", "warning", "model.layers[1].weights"),
        ("KL101", "error", "layer.weights[0]"),
    ]
    finding = only(snapshot, "KL101")
    assert finding.message == (
        "`layer` (Dense, dense1) has no weights yet: "
        "`model.build(...)` on line 22 only marks the model as built under Keras 3."
    )
    assert [r.span.of(text) for r in finding.related] == ["model.build((None, 32))"]


def test_founding_examples_without_fault(seed: Callable[[str], str], replayed: Replayed) -> None:
    for name in ("functional", "nested"):
        for line in (3, 2):
            assert found(current(seed(name), replayed(seed(name), line))) == []
    for name in ("subclassed", "reading_weights"):
        assert found(current(seed(name), replayed(seed(name), 2))) == []


def test_from_the_text_alone(seed: Callable[[str], str]) -> None:
    text = seed("reading_weights")
    place = "model.layers[0].weights[0]"
    assert found(static(text, 3)) == [
        ("KL102", "warning", "model.build((None, 32))"),
        *[("KL101", "error", place)] * 3,
    ]
    assert found(static(text, 2)) == []
    severities = {severity for _, severity, _ in found(static(text))}
    assert severities == {Severity.INFORMATION.value}
    assert "under Keras 3" in only(static(text), "KL102").message


def test_replay_wins_over_the_text(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("reading_weights")
    assert found(static(text, 3))
    assert found(current(text, replayed(text, 2))) == []


def test_stale_report_raises_no_error(replayed: Replayed) -> None:
    old = BUILT + "model.layers[7]\n"
    assert found(current(old, replayed(old))) == [("KL303", "error", "model.layers[7]")]
    text = old.replace("Dense(4", "Dense(5").replace("layers[7]", "layers[i]")
    assert found(stale(text, replayed(old), old)) == []


# What follows the model, Keras line, the one error that is found and its place, the exception of a real run.
CASES = [
    (MARKED, "print(model.dense.kernel)", 3, "KL103", "model.dense.kernel", "AttributeError"),
    (MARKED, "print(model.dense.kernel)", 2, "", "", ""),
    (MODEL, "print(model.layers[0].weights[0])", 3, "KL101", "model.layers[0].weights[0]", "IndexError"),
    (MODEL, "print(model.layers[0].weights[0])", 2, "KL101", "model.layers[0].weights[0]", "IndexError"),
    (MODEL, "print(model.get_weights()[0])", 3, "KL101", "model.get_weights()[0]", "IndexError"),
    (BUILT, "print(model.layers[5])", 3, "KL303", "model.layers[5]", "IndexError"),
    (BUILT, "print(model.layers[5])", 2, "KL303", "model.layers[5]", "IndexError"),
    (BUILT, "print(model.layers[-3])", 3, "KL303", "model.layers[-3]", "IndexError"),
    (BUILT, "print(model.layers[-2], model.layers[1])", 3, "", "", ""),
    (BUILT, 'model.get_layer("haed")', 3, "KL301", '"haed"', "ValueError"),
    (BUILT, 'model.get_layer("haed")', 2, "KL301", '"haed"', "ValueError"),
    (BUILT, 'model.get_layer("head")', 3, "", "", ""),
    (BUILT, "model.layers[0].weights[2]", 3, "KL304", "model.layers[0].weights[2]", "IndexError"),
    (BUILT, "model.layers[1].weights[0]", 3, "KL304", "model.layers[1].weights[0]", "IndexError"),
    (BUILT, "model.layers[1].weights[0]", 2, "KL304", "model.layers[1].weights[0]", "IndexError"),
    (BUILT, "print(model.layers[1].weights)", 3, "", "", ""),
    (BUILT, "print(model.dense.kernel.shape, model.weights[1])", 3, "", "", ""),
    (MARKED, "if not model.weights:\n    model(tf.zeros((1, 3)))\nprint(model.weights[0])", 3, "", "", ""),
    (MARKED, "model(tf.zeros((1, 3)))\nprint(model.layers[0].weights[0].shape)", 3, "", "", ""),
    (BUILT, "model(tf.keras.Input((5,)))", 3, "KL402", "self.dense(inputs)", "ValueError"),
    (BUILT, "model(tf.keras.Input((5,)))", 2, "KL402", "self.dense(inputs)", "ValueError"),
]


@pytest.mark.parametrize(("model", "rest", "line", "code", "place", "raises"), CASES)
def test_findings_are_what_a_real_run_does(
    replayed: Replayed,
    raised_by: RaisedBy,
    model: str,
    rest: str,
    line: int,
    code: str,
    place: str,
    raises: str,
) -> None:
    text = f"{model}{rest}\n"
    findings = [f for f in found(current(text, replayed(text, line))) if f[0] != "KL102"]
    assert findings == ([(code, "error", place)] if code else [])
    assert raised_by(text, line) == raises


def test_messages_name_layer_and_cause(replayed: Replayed) -> None:
    def message(code: str, text: str) -> str:
        return only(current(text, replayed(text)), code).message

    assert message("KL301", BUILT + 'model.get_layer("haed")\n') == (
        'MyModel has no layer named "haed". Did you mean "head"?'
    )
    assert message("KL303", BUILT + "model.layers[5]\n") == (
        "`model.layers[5]` does not exist: MyModel has 2 layers, index 0 to 1."
    )
    assert message("KL304", BUILT + "model.layers[0].weights[2]\n") == (
        "`model.layers[0]` (Dense, dense) has 2 weights, `kernel`, `bias`; index 2 does not exist."
    )
    assert message("KL103", MARKED + "model.dense.kernel\n") == (
        "`model.dense` (Dense) has no `kernel` yet: "
        "`model.build(...)` on line 15 only marks the model as built under Keras 3."
    )


def test_index_and_name_from_the_text_alone() -> None:
    text = (
        "import keras\n"
        'm = keras.Sequential([keras.layers.Dense(2, name="one"), keras.layers.Dense(3, name="two")])\n'
        'm.layers[2], m.layers[1], m.get_layer("tow"), m.get_layer("two")\n'
    )
    assert found(static(text)) == [("KL303", "error", "m.layers[2]"), ("KL301", "error", '"tow"')]
    more = text.replace("m.layers[2]", "m.add(keras.layers.Dense(1)); m.layers[2]")
    assert ("KL303", "error", "m.layers[2]") not in found(static(more))


def test_what_expects_to_fail_is_left_alone(raised_by: RaisedBy, replayed: Replayed) -> None:
    text = MARKED + (
        "try:\n    for i in range(2):\n        model.layers[9]\n        model.layers[0].weights[0]\n"
        "        model.get_layer('nope')\nexcept (IndexError, ValueError):\n    pass\n"
    )
    assert raised_by(text) == ""
    for snapshot in (static(text, 3), current(text, replayed(text))):
        assert [code for code, _, _ in found(snapshot)] == ["KL102"]
    outside = text.replace("try:\n    for", "if True:\n    for").split("except")[0]
    assert [code for code, _, _ in found(static(outside, 3))] == ["KL102", "KL303", "KL101"]


def test_idle_build_call_before_a_real_one(replayed: Replayed) -> None:
    text = MARKED + "model(tf.keras.Input((3,)))\n"
    assert found(current(text, replayed(text))) == [("KL102", "hint", "model.build((None, 3))")]
    assert found(static(text, 3)) == [("KL102", "hint", "model.build((None, 3))")]


def test_half_typed_and_no_keras(seed: Callable[[str], str]) -> None:
    text = seed("reading_weights") + "\nprint((\n"
    assert [code for code, _, _ in found(static(text, 3))] == ["KL102", "KL101", "KL101", "KL101"]
    assert found(static("x = []\nx.weights[0]\nx.layers[5].kernel\n", 3)) == []


@pytest.mark.parametrize(
    "typed", ["    def call(self, inputs", "    def call(self, inputs, ", "        return self."]
)
def test_what_is_being_typed_is_not_missed(typed: str) -> None:
    """The line begins so; the rest of it is still to come."""
    call = "        y = self.dense(inputs)\n        return self.drop(y, training=training)\n"
    text = MODEL.replace("        return self.drop(self.dense(inputs))\n", call)
    text = text.replace("call(self, inputs)", "call(self, inputs, training=None)")
    assert found(static(text, 3)) == []
    line = next(line for line in text.splitlines() if line.startswith(typed))
    assert found(static(text.replace(line, typed), 3)) == []


def test_rules_are_complete_and_unique() -> None:
    assert len({r.code for r in RULES}) == len({r.slug for r in RULES}) == len(RULES)
    assert rule("KL101") is not None
    assert rule("KL999") is None


# What the examples that load weights find in their folder.
SAVED = """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3)])
model.save_weights("best.weights.h5")
"""


@pytest.mark.parametrize("code", [r.code for r in RULES])
def test_examples_of_a_rule(replayed: Replayed, code: str) -> None:
    example = rule(code)
    assert example is not None
    head = (
        "import tensorflow as tf\n" if "MyModel" not in example.bad else MODEL.rsplit("\n\n", 1)[0] + "\n\n\n"
    )
    line = max(example.keras_lines)
    good, bad = head + example.good, head + example.bad
    before = SAVED if "load_weights" in example.bad else ""
    assert code in [f.code for f in diagnostics(current(bad, replayed(bad, line, before)), KEY)]
    assert code not in [f.code for f in diagnostics(current(good, replayed(good, line, before)), KEY)]


def test_rules_read_the_tree_that_the_document_was_read_with() -> None:
    """A text that is being typed is mended once, not again for the rules."""
    entry = OpenDocument(Document(KEY, 1, "import keras\nmodel = keras.Sequential([])\n"))
    entry.edit(Document(KEY, 2, "import keras\nmodel = keras.Sequential([\n"))
    view = entry.view()
    assert tree_of(view).module is entry.parsed.tree
    assert tree_of(view).positions.text == entry.parsed.text


def test_a_layer_that_does_not_fit_is_told_once(replayed: Replayed) -> None:
    """It stays in the model, so whatever is added after it fails for the same reason."""
    text = (
        "import keras\nmodel = keras.Sequential([keras.Input((4, 4, 1))])\n"
        "model.add(keras.layers.Conv2D(3, 5))\nmodel.add(keras.layers.Flatten())\n"
        "model.add(keras.layers.Dense(2))\n"
    )
    assert found(current(text, replayed(text))) == [
        ("KL403", "error", "model.add(keras.layers.Conv2D(3, 5))")
    ]


ON_UNKNOWN = MODEL + (
    "data = open('none.csv').read()\n{}\nmodel.export('net')\nmodel.save_weights('net.weights.h5')\n"
    "for weight in model.weights:\n    print(weight)\nmodel.summary()\n"
)


@pytest.mark.parametrize("before", ["model.compile(loss='mse')\nmodel.fit(data, data)", "model(data)"])
def test_what_may_be_built_on_data_that_is_not_there_is_left_alone(before: str, replayed: Replayed) -> None:
    text = ON_UNKNOWN.format(before)
    assert found(current(text, replayed(text))) == []
    text = ON_UNKNOWN.format("pass")
    assert {code for code, _, _ in found(current(text, replayed(text)))} == {
        "KL104",
        "KL105",
        "KL107",
        "KL111",
    }
