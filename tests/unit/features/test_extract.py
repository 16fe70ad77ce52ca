"""Selected layers as a function or a layer of their own; both programs are run, and give the same model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.rewrites import extractions
from keras_lsp.session.snapshot import DocumentView, Snapshot
from keras_lsp.text.document import Document
from keras_lsp.text.notebook import CellMap
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, applied, read, static

if TYPE_CHECKING:
    from keras_lsp.features.results import Fix
    from tests.conftest import RunProgram


def offered(marked: str) -> tuple[str, tuple[Fix, ...]]:
    """The text without its marks, and what is offered for what stands between these."""
    before, selected, after = (part for half in marked.split("«") for part in half.split("»"))
    text = before + selected + after
    span = Span(len(before), len(before) + len(selected))
    return text, extractions(static(text), KEY, span)


def extracted(marked: str) -> tuple[str, str]:
    """The text as it was, and as it becomes."""
    text, found = offered(marked)
    assert len(found) == 1, [fix.title for fix in found]
    return text, applied(text, found[0].edits)


FUNCTIONAL = """\
import keras
from keras import layers

WIDTH = 8


# Two of them.
def stage(inputs, units, rate=0.5):
    x = inputs
    skip = layers.Dense(WIDTH)(x)
    for number in range(2):
«        y = x
        x = layers.Dense(units)(x)  # wider

        x = layers.BatchNormalization(
            momentum=0.9,
        )(x)
        x = layers.Activation(lambda t: t * WIDTH)(x)
        x = layers.Dense(WIDTH, name=f"back{number}")(x)
        x += skip
        y = layers.Add()([x, y])
»        x = layers.Dropout(rate)(y)
    return x


inputs = keras.Input((8,))
outputs = layers.Dense(2)(stage(inputs, 16))
model = keras.Model(inputs, outputs)
"""
FUNCTION = """\
def block(x, skip, units, number):
    y = x
    x = layers.Dense(units)(x)  # wider

    x = layers.BatchNormalization(
        momentum=0.9,
    )(x)
    x = layers.Activation(lambda t: t * WIDTH)(x)
    x = layers.Dense(WIDTH, name=f"back{number}")(x)
    x += skip
    y = layers.Add()([x, y])
    return y


# Two of them.
def stage(inputs, units, rate=0.5):
    x = inputs
    skip = layers.Dense(WIDTH)(x)
    for number in range(2):
        y = block(x, skip, units, number)
        x = layers.Dropout(rate)(y)
    return x
"""
BLOCK_OF = """
tensors = [l.output if isinstance(l.output, list) else [l.output] for l in model.layers]
print([(type(l).__name__, l.name, [tuple(t.shape) for t in ts]) for l, ts in zip(model.layers, tensors)])
print([(w.name, tuple(w.shape)) for w in model.weights])
"""


def legacied(text: str) -> str:
    text = text.replace("from keras", "from tf_keras")
    return text.replace("import keras\n", "import tf_keras as keras\n")


# Both in one process, which is cheaper; names count from the start for each.
BOTH = """
import contextlib, io, json, {keras} as any_keras
said = []
for text in {texts!r}:
    any_keras.backend.clear_session()
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(text, {{}})
    said.append(out.getvalue())
print(json.dumps(said))
"""


def both(run_program: RunProgram, texts: tuple[str, str], said: str, legacy: bool) -> list[str]:
    """What each of two programs prints."""
    run = [(legacied(text) if legacy else text) + said for text in texts]
    done = run_program(BOTH.format(keras="tf_keras" if legacy else "keras", texts=run), legacy)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def same(run_program: RunProgram, texts: tuple[str, str], said: str, legacy: bool = False) -> None:
    first, second = both(run_program, texts, said, legacy)
    assert second == first != ""


@pytest.mark.parametrize("legacy", [False, True])
def test_layers_in_a_loop_of_a_function(run_program: RunProgram, legacy: bool) -> None:
    old, new = extracted(FUNCTIONAL)
    assert f"WIDTH = 8\n\n\n{FUNCTION}" in new
    same(run_program, (old, new), BLOCK_OF, legacy)


MODULE = """\
\"\"\"A model.\"\"\"
import keras
from keras import layers
FILTERS = 4

inputs = keras.Input((8, 6))
rate = 0.5
«x, state = layers.GRU(FILTERS, return_sequences=True, return_state=True)(inputs)
x = layers.Dropout(rate)(x)
»gate = layers.Dense(4)(state)
x = layers.Multiply()([x, gate])
model = keras.Model(inputs, x)
"""


def test_layers_of_the_module_with_several_outputs(run_program: RunProgram) -> None:
    old, new = extracted(MODULE)
    block = """\
FILTERS = 4


def block(inputs, rate):
    x, state = layers.GRU(FILTERS, return_sequences=True, return_state=True)(inputs)
    x = layers.Dropout(rate)(x)
    return x, state


inputs = keras.Input((8, 6))
rate = 0.5
x, state = block(inputs, rate)
gate = layers.Dense(4)(state)
"""
    assert block in new
    same(run_program, (old, new), BLOCK_OF)
    crlf, changed = extracted(MODULE.replace("\n", "\r\n"))
    assert changed == new.replace("\n", "\r\n")
    assert crlf == old.replace("\n", "\r\n")


RETURNED = """\
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        inputs = keras.Input((8,))
        super().__init__(inputs, self.drawn(inputs))

    @staticmethod
    def drawn(x):
        block = layers.Dense(3)(x)
        «x = layers.ReLU()(layers.Dense(4)(x))
        return layers.Concatenate()([x, block])»


model = Net()
"""


def test_what_is_returned_is_returned_by_the_block(run_program: RunProgram) -> None:
    old, new = extracted(RETURNED)
    assert "        block = layers.Dense(3)(x)\n        return block2(x, block)\n" in new
    assert "\n    return layers.Concatenate()([x, block])\n\n\nclass Net" in new
    same(run_program, (old, new), BLOCK_OF)


PLAIN = """\
import keras
from keras import layers

WIDTH = 4


def net(x, rate):
    z = x
«    y = layers.Dense(WIDTH)(x)
    y = layers.Activation(lambda t: t * WIDTH)(y)
    y += z
»    return y
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("«    y =", "    y «="),
        ("y += z\n»", "y += »z\n"),
        ("    z = x\n«", "    z = «x\n"),
        ("y += z\n»    return y", "y += z\n    ret»urn y"),
        ("def net(x, rate):\n    z = x\n«", "«def net(x, rate):\n    z = x\n"),
        ("    y = layers.Activation(lambda t: t * WIDTH)(y)\n", ""),  # one layer is no block
        ("y += z\n", "if rate:\n        y += z\n"),
        ("y += z\n", "y.rate = 3\n"),
        ("y += z\n", "print(y)\n"),
        ("y += z\n", "y += __rate\n"),
        ("y += z\n", "y += z; print(3)\n"),
        ("y += z\n", "y = keras.Input((8,))\n"),
        ("y += z\n", "m = keras.Model(x, y)\n"),
        ("y += z\n", "y += (w := 3)\n"),
        ("y += z\n", "y = [t for t in y]\n"),
        ("y += z\n", 'y = keras.ops.einsum("""ij,ij\n->ij""", y, z)\n'),
        ("t * WIDTH", "t * rate"),
        ("    z = x\n", "    from keras import layers\n    z = x\n"),
        ("return y", "return y, locals()"),
        ("return y", "return y, lambda: y"),
        ("    z = x\n", "    global y\n    z = x\n"),
        ("return y", "return x"),  # nothing of it is used
        ("return y", "return (y"),
        ("def net(x, rate):\n", "class Net:\n"),
    ],
)
def test_what_is_not_sure_is_not_offered(old: str, new: str) -> None:
    assert old in PLAIN
    assert offered(PLAIN.replace(old, new))[1] == ()


def test_a_class_elsewhere_in_the_module_keeps_nothing_from_being_moved() -> None:
    other = "class L(layers.Layer):\n    def __init__(self):\n        super().__init__()\n\n\n"
    head = f"import keras\nfrom keras import layers\n\n\n{other}inputs = keras.Input((3,))\n"
    moved = "x = layers.Dense(8)(inputs)\nx = layers.ReLU()(x)\n"
    _, becomes = extracted(f"{head}«{moved}»outputs = layers.Dense(1)(x)\n")
    assert "x = block(inputs)\noutputs" in becomes
    assert not offered(f"{head}«{moved.replace('inputs', 'super()')}»outputs = layers.Dense(1)(x)\n")[1]


def test_the_rest_of_the_block_decides_what_is_needed() -> None:
    assert "    y = block(x, z)\n    return y\n" in extracted(PLAIN)[1]
    again = PLAIN.replace("    return y", "    z = y = 3\n    return y")
    assert offered(again)[1] == ()
    branched = PLAIN.replace("    return y", "    if rate:\n        y = 3\n    return y")
    assert "    y = block(x, z)\n    if rate:\n" in extracted(branched)[1]
    loop = PLAIN.replace("«    y", "    for y in x:\n«        y").replace(
        "    y = layers.Act", "        y = layers.Act"
    )
    loop = loop.replace("    y += z", "        y += z").replace("return y", "return x")
    assert offered(loop)[1] == ()
    left = loop.replace("    return x", "        if rate:\n            break\n        y = 3\n    return y")
    assert "        y = block(x, z)\n        if rate:\n" in extracted(left)[1]


def test_a_try_around_it_may_see_half_of_it() -> None:
    text = """\
from keras import layers


def net(x):
    try:
«        y = layers.Dense(3)(x)
        y = layers.ReLU()(y)
»    except ValueError:
        pass
    return y
"""
    assert offered(text)[1] == ()


def test_nothing_is_offered_at_a_cursor_or_on_empty_lines() -> None:
    text = PLAIN.replace("«", "").replace("»", "")
    assert extractions(static(text), KEY, Span(text.index("y = "), text.index("y = "))) == ()
    assert offered("«\n\n»" + text)[1] == ()
    assert offered("«" + text + "»")[1] == ()
    assert offered("«x = 1\n»")[1] == ()


SUBCLASS = """\
import keras
from keras import layers


# keras-lsp: input=(None, 8)
class Net(keras.Model):
    def __init__(self, units, rate=0.5):
        super().__init__()
        self.rate = rate
        self.wide = layers.Dense(
            units,
            kernel_regularizer=keras.regularizers.L2(0.1),
        )  # wider
        self.norm = layers.BatchNormalization()
        self.out = layers.Dense(2)
        self.drop = layers.Dropout(self.rate)
        self.back = layers.Dense(8)

    def call(self, inputs, training=None):
        x = y = inputs
«        x = self.wide(x)
        x = self.norm(x, training=training)

        # Half of it.
        x = self.drop(x, training=training)
        x = self.back(x) + y
»        return self.out(x)


class Other(keras.Model):
    def __init__(self):
        super().__init__()
        self.wide = 3


net = Net(16)
"""
LAYER = """\
class Block(layers.Layer):
    def __init__(self, units, rate, **kwargs):
        super().__init__(**kwargs)
        self.wide = layers.Dense(
            units,
            kernel_regularizer=keras.regularizers.L2(0.1),
        )  # wider
        self.norm = layers.BatchNormalization()
        self.drop = layers.Dropout(rate)
        self.back = layers.Dense(8)

    def call(self, x, y, training=None):
        x = self.wide(x)
        x = self.norm(x, training=training)

        # Half of it.
        x = self.drop(x, training=training)
        x = self.back(x) + y
        return x


# keras-lsp: input=(None, 8)
class Net(keras.Model):
    def __init__(self, units, rate=0.5):
        super().__init__()
        self.rate = rate
        self.block = Block(units, self.rate)
        self.out = layers.Dense(2)

    def call(self, inputs, training=None):
        x = y = inputs
        x = self.block(x, y=y, training=training)
        return self.out(x)
"""
# Weights are filled by their shapes, whatever their order; what is random is left out of a call to predict.
FILLED = """
import numpy as np
data = np.linspace(-1, 1, 32).reshape(4, 8).astype("float32")
net(data)
for w in net.weights:
    if "seed" not in w.name:
        w.assign(np.linspace(0.1, 1, int(np.prod(w.shape))).reshape(tuple(w.shape)))
said = np.round(np.asarray(net(data)), 4).tolist(), round(float(sum(net.losses)), 4)
trained = np.asarray(net(data, training=True)) if TRAINED else None
moved = [np.round(np.asarray(w), 4).tolist() for w in net.non_trainable_weights]
print(said, moved, sorted(tuple(w.shape) for w in net.weights))
"""


@pytest.mark.parametrize("legacy", [False, True])
def test_layers_of_a_subclass_become_a_layer(run_program: RunProgram, legacy: bool) -> None:
    old, new = extracted(SUBCLASS)
    assert LAYER in new
    same(run_program, (old, new), FILLED.replace("TRAINED", "True"), legacy)


def test_the_layer_is_given_a_tensor_first() -> None:
    """Keras 3 takes nothing else there."""
    scaled = SUBCLASS.replace("x = y = inputs", "half = 0.5\n        x = y = inputs")
    then = scaled.replace("x = self.norm(x, t", "x = half * self.norm(x, t")
    assert "x = self.block(x, half=half, y=y, training=training)" in extracted(then)[1]
    first = scaled.replace("self.wide(x)", "self.wide(half * x)")
    assert offered(first)[1] == ()
    assert "self.block(inputs, half=half, y=y" in extracted(first.replace("half * x", "half * inputs"))[1]


NORM = [[16]] * 2  # what is trained of it, and as much that is not
WIDE, BACK, OUT = [[8, 16], [16]], [[16, 8], [8]], [[8, 2], [2]]


@pytest.mark.parametrize(
    ("legacy", "grouped"),
    [(False, [*WIDE, *NORM, *NORM, *BACK, *OUT]), (True, [*WIDE, *NORM, *BACK, *NORM, *OUT])],
)
def test_weights_of_the_layer_are_listed_together(
    run_program: RunProgram, legacy: bool, grouped: list[list[int]]
) -> None:
    """tf-keras 2 lists those that are trained first, of each layer that a model has."""
    said = "\nnet(layers.Input((8,)))\nprint([list(w.shape) for w in net.weights])\n"
    before, after = map(json.loads, both(run_program, extracted(SUBCLASS), said, legacy))
    assert before == [*WIDE, *NORM, *NORM, *OUT, *BACK]
    assert after == grouped


SPELLED = """\
from tensorflow.keras import Model
from tensorflow.keras.layers import Dense, LayerNormalization


class Net(Model):
    def __init__(self):
        super().__init__()
        self.one = Dense(4)
        self.two = LayerNormalization()

    def call(self, inputs):
        «x = self.one(inputs["a"])
        return self.two(x), x»


net = Net()
net({"a": tensor})
print([tuple(w.shape) for w in net.weights], [str(t.shape) for t in net({"a": tensor})])
"""


@pytest.mark.parametrize("base", ["", "import tensorflow as tf\n"])
def test_the_base_is_spelled_as_the_module_can(run_program: RunProgram, base: str) -> None:
    text = (base + SPELLED).replace("tensor})", "np.ones((2, 3))})")
    text = "import numpy as np\n" + text
    if not base:
        assert offered(text)[1] == ()  # nothing in it stands for all of Keras or its layers
        text = text.replace("import Dense,", "import Dense, Layer,")
    old, new = extracted(text)
    assert f"class Block({'tf.keras.layers.' * bool(base)}Layer):" in new
    assert "        return self.block(inputs)\n" in new
    same(run_program, (old, new), "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return self.out(x)", "return self.out(self.norm(x))"),
        ("net = Net(16)", "net = Net(16)\nnet.norm.trainable = False"),
        ("net = Net(16)", "net = Net(16)\nnet.layers[0]"),
        ("net = Net(16)", "net = Net(16)\nnet.get_layer('dense')"),
        ("net = Net(16)", "net = Net(16)\ngetattr(net, name)"),
        ("net = Net(16)", "class More(Net):\n    pass"),
        ("net = Net(16)", "keras.mixed_precision.set_global_policy('mixed_float16')\nnet = Net(16)"),
        ("self.rate = rate", "self.rate = rate\n        self.embed = layers.Embedding(3, 4, mask_zero=True)"),
        ("x = self.back(x) + y", "x = self.back(x) * self.rate"),
        ("x = self.back(x) + y", "x = self.back(x) + y\n        self.add_loss(x)"),
        ("x = self.back(x) + y", "x = self.back(x) + keep(self)"),
        ("x = self.wide(x)", "x = self.wide(x * self)"),
        ("x = self.back(x) + y", 'x = keras.ops.cast(self.back(x), "float32") + y'),
        ("        self.norm = layers", "        if rate:\n            self.norm = layers"),
        ("        self.norm = layers", "        units = 3\n        self.norm = layers"),
        ("        self.out = layers", "        self.rate = 0.1\n        self.out = layers"),
        ("layers.Dense(8)", "layers.Dense(make())"),
        ("layers.Dense(8)", "layers.GRU(8, stateful=True)"),
        ("layers.Dense(8)", "layers.Dense(8, **kwargs)"),
        ("layers.Dense(8)", "keras.Sequential([layers.Dense(u) for u in (1, 8)])"),
        ("layers.Dense(8)", "make()"),
        ("layers.Dropout(self.rate)", "layers.Dropout(self.rate, name=name)"),
        ("units, rate=0.5):", "units, rate=0.5, name=None):\n        self.more = layers.Dense(3, name=name)"),
        ("self.back = layers.Dense(8)", "self.back = self.other = layers.Dense(8)"),
        ("    def call", "    def build(self, shape):\n        self.norm.build(shape)\n\n    def call"),
        ("    def call", "    @tf.function\n    def call"),
        ("    def call", "    def other"),
    ],
)
def test_a_layer_that_may_be_another_is_not_offered(old: str, new: str) -> None:
    assert old in SUBCLASS
    text = SUBCLASS.replace(old, new, 1)
    if "name=None" in new:
        text = text.replace("layers.BatchNormalization()", "layers.BatchNormalization(name=name)")
    if "**kwargs" in new or "name=name" in new:
        text = text.replace("rate=0.5)", "rate=0.5, name=None, **kwargs)")
    assert offered(text)[1] == ()


TWO_LAYERS = """\
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.one = {}
        self.two = {}
        self.out = layers.Dense(3)

    def call(self, x):
        «x = self.one(x)
        x = self.two(x)»
        return self.out(x)


net = Net()
"""
# What loads a file of a program before in the program after it: `.weights.h5`, and in tf-keras 2 `.h5`.
LOADED = """
import json
import numpy as np
said = []
for old, new in {pairs!r}:
    before, after = {{}}, {{}}
    exec(old, before)
    exec(new, after)
    for made in (before["net"], after["net"]):
        made(np.ones((2, 8)))
    said.append([])
    for file in {files!r}:
        before["net"].save_weights(file)
        try:
            after["net"].load_weights(file)
            said[-1].append("fits")
        except ValueError:
            said[-1].append("refused")
print(json.dumps(said))
"""
KINDS = {
    ("layers.Dense(4)", "layers.BatchNormalization()"): (
        " (weights files of before will not fit)",
        False,
        False,
    ),
    ("layers.Dense(4)", "layers.ReLU()"): (" (weights files of before may not fit)", False, True),
    ("layers.ReLU()", "layers.Dense(4)"): (" (weights files of before may not fit)", False, True),
    ("layers.ReLU()", "layers.Flatten()"): ("", True, True),
}


@pytest.mark.parametrize("legacy", [False, True])
def test_the_title_says_whether_files_of_weights_still_fit(run_program: RunProgram, legacy: bool) -> None:
    pairs = []
    for kinds, (title, *_) in KINDS.items():
        text, (fix,) = offered(TWO_LAYERS.format(*kinds))
        assert fix.title == f"Extract 2 layers to a layer `Block`{title}"
        texts = (text, applied(text, fix.edits))
        pairs.append([legacied(one) if legacy else one for one in texts])
    files = ["before.weights.h5", *["before.h5"] * legacy]
    done = run_program(LOADED.format(pairs=pairs, files=files), legacy)
    assert done.returncode == 0, done.stderr
    real = [["fits" if fits else "refused" for fits in kind[1:]][: len(files)] for kind in KINDS.values()]
    assert json.loads(done.stdout.splitlines()[-1]) == real


def test_in_a_notebook_the_block_stands_in_the_cell_of_its_layers() -> None:
    cells = [
        "import keras\nfrom keras import layers",
        "x = inputs = keras.Input((8,))\n# deep\nx = layers.Dense(3)(x)\nx = layers.ReLU()(x)",
        "keras.Model(inputs, x)",
    ]
    view, text = _notebook(cells)
    start = text.index("x = layers.Dense")
    (fix,) = extractions(Snapshot({KEY: view}), KEY, Span(start, text.index("layers.ReLU()(x)") + 16))
    block = "def block(x):\n    x = layers.Dense(3)(x)\n    x = layers.ReLU()(x)\n    return x\n\n\n"
    assert block + cells[1].partition("x = layers")[0] + "x = block(x)\n" in applied(text, fix.edits)
    assert fix.edits[0].span.start == text.index(cells[1])
    across = Span(start, len(text.rstrip()))
    assert extractions(Snapshot({KEY: view}), KEY, across) == ()


def _notebook(cells: list[str]) -> tuple[DocumentView, str]:
    documents = tuple(Document(f"{KEY}#{number}", 1, text) for number, text in enumerate(cells))
    joined = CellMap(documents, tuple(range(1, len(cells) + 1)))
    return DocumentView(Document(KEY, 1, joined.text, cells=joined), *read(joined.text)), joined.text
