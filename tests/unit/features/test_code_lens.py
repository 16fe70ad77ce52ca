"""The line above a model class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keras_lsp.features.code_lens import code_lenses
from keras_lsp.features.results import LensKind
from keras_lsp.features.workspace_symbols import workspace_symbols
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, current, stale, static

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras_lsp.session.snapshot import Snapshot
    from tests.unit.features.conftest import Replayed


def lenses(snapshot: Snapshot) -> list[tuple[str, str]]:
    text = snapshot.views[KEY].document.text
    return [(lens.span.of(text), lens.title) for lens in code_lenses(snapshot, KEY)]


def test_size_and_shapes(seed: Callable[[str], str], replayed: Replayed) -> None:
    text = seed("subclassed")
    size = "2,762 parameters · 10.79 KiB · (None, 32) → (None, 10)"
    report = replayed(text)
    assert lenses(current(text, report)) == [("MyModel", f"would be {size}")]
    built = text + "model(tf.zeros((1, 32)))\n"
    assert lenses(current(built, replayed(built))) == [("MyModel", size.replace("None", "1"))]
    edited = text.replace("Dense(64", "Dense(128")
    ((_, title),) = lenses(stale(edited, report, text))
    assert title.endswith("(of an earlier text)")


def test_from_the_text_alone(seed: Callable[[str], str]) -> None:
    assert lenses(static(seed("subclassed"))) == [("MyModel", "2 layers")]
    text = (
        "import keras\nclass Net(keras.Model):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.a = [keras.layers.Dense(i) for i in range(n)]\n"
    )
    assert lenses(static(text)) == [("Net", "1 attribute with layers")]


def test_a_model_that_is_not_built_says_so(replayed: Replayed) -> None:
    text = (
        "import keras\nclass Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = keras.layers.Dense(3)\nnet = Net()\n"
    )
    assert lenses(current(text, replayed(text))) == [("Net", "not built")]


def test_the_input_is_asked_for_where_it_is_a_guess_or_not_known(replayed: Replayed) -> None:
    text = (
        "import keras\nclass Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = keras.layers.Dense(3)\n    def call(self, x):\n        return self.a(x)\n"
        "net = Net()\n"
    )
    (size, ask) = code_lenses(current(text, replayed(text)), KEY)
    assert "~" in size.title or "would be" in size.title
    assert (ask.title, ask.kind, ask.about) == ("set input shape…", LensKind.INPUT, "Net")
    said = f"{text}net(keras.Input((4,)))\n"
    assert len(code_lenses(current(said, replayed(said)), KEY)) == 1
    assert len(code_lenses(static(text), KEY)) == 1  # nothing would come of it


def test_mistakes_in_the_class_are_counted(replayed: Replayed) -> None:
    text = (
        "import keras\nclass Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = keras.layers.Dense(3)\n        self.b = keras.layers.Dense(3)\n"
        "    def call(self, x):\n        return self.a(x)\nnet = Net()\nnet(keras.Input((4,)))\n"
        "net.layers[9]\n"
    )
    found = code_lenses(current(text, replayed(text)), KEY)
    assert [lens.title for lens in found][1:] == ["1 mistake"]  # not that behind the class
    assert found[1].kind is LensKind.FINDINGS
    assert isinstance(found[1].about, Span)
    assert found[1].about.of(text).startswith("self.b")


def test_it_can_be_switched_off(seed: Callable[[str], str]) -> None:
    snapshot = static(seed("subclassed"))
    off = replace(snapshot, settings=replace(snapshot.settings, code_lens=False))
    assert lenses(off) == []


def test_symbols_of_all_documents(seed: Callable[[str], str]) -> None:
    snapshot = static(seed("subclassed"))
    assert [(symbol.name, holder) for _, symbol, holder in workspace_symbols(snapshot, "dns")] == [
        ("dense1", "MyModel"),
        ("dense2", "MyModel"),
    ]
    assert [symbol.name for _, symbol, _ in workspace_symbols(snapshot, "mymod")] == ["MyModel"]
    assert list(workspace_symbols(snapshot, "nothing like it")) == []


AGAIN = """\
import keras


class Net(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.a = keras.layers.Dense(3)

    def call(self, x):
        return self.a(x)


first = Net()(keras.Input((4,)))


class Net(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.a = keras.layers.Dense(5)

    def call(self, x):
        return self.a(x)


second = Net()(keras.Input((4,)))
"""


def test_a_class_defined_anew_is_not_mixed_with_the_one_before(replayed: Replayed) -> None:
    """As in a notebook that defines a class anew, cell for cell."""
    titles = [title for _, title in lenses(current(AGAIN, replayed(AGAIN)))]
    assert titles == ["25 parameters · 100 B · (None, 4) → (None, 5)"]  # the name is the last one's
    edited = AGAIN.replace("Dense(3)", "Dense(30)")
    ((_, title),) = lenses(stale(edited, replayed(AGAIN), AGAIN))
    assert "25 parameters" in title


def test_a_count_that_nobody_knows_is_not_said_to_be_one(replayed: Replayed) -> None:
    text = (
        "import keras\n\n\nclass Tagger(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.mix = keras.layers.Conv1D(64, 3, padding='same')\n\n"
        "    def call(self, sequences):\n        return self.mix(sequences)\n"
    )
    report = replayed(text)
    assert lenses(current(text, report))[0][1].startswith("would be 6,208 parameters")
    layers = tuple(replace(layer, trainable_parameters=None) for layer in report.layers)  # two guesses differ
    ((_, title), *_) = lenses(current(text, replace(report, layers=layers)))
    assert title.startswith("parameters not known")
