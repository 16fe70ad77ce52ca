"""Objects and modules that lie, loop or break when looked at: told as far as they go, never our failure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from keras_lsp.sandbox.report_check import check_report, cleaned
from keras_lsp.worker.report import ReplayReport
from keras_lsp.worker.wire import ReplayEnded, encode

if TYPE_CHECKING:
    from tests.worker.driver import Worker

LAYER = """\
import keras


class Odd(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = keras.layers.Dense(3)

    def call(self, x):
        return self.inner(x)

{body}

layer = Odd()
output = layer(keras.Input((5,)))
"""


def method(text: str) -> str:
    return LAYER.format(body="\n".join(f"    {line}" for line in text.splitlines()))


PROGRAMS = {
    "repr raises": method("def __repr__(self):\n    raise SystemExit(3)"),
    "repr never ends": method("def __repr__(self):\n    while True:\n        pass"),
    "repr is huge": method("def __repr__(self):\n    return 'x' * 100_000_000"),
    "repr is no text": method("def __repr__(self):\n    return 3"),
    "name with control characters": method(
        "@property\ndef name(self):\n    return '\\x1b[2J\\u202e](command:x)'"
    ).replace("super().__init__(**kwargs)", "super().__init__()"),
    "class is a lie": method("@property\ndef __class__(self):\n    return int"),
    "every attribute exists": method("def __getattr__(self, name):\n    return lambda *a, **k: self"),
    "attributes raise": method("def __getattribute__(self, name):\n    raise KeyboardInterrupt"),
    "weights lie": method("@property\ndef weights(self):\n    return [1, 'two', None, object()]"),
    "weights never end": method(
        "@property\ndef weights(self):\n    import itertools\n    return itertools.count()"
    ),
    "configuration is itself": method("def get_config(self):\n    c = {}\n    c['c'] = c\n    return c"),
    "equality raises": method("def __eq__(self, other):\n    raise RuntimeError\n__hash__ = None"),
    "shapes are no numbers": method("def compute_output_shape(self, s):\n    return (float('nan'), 'x')"),
    "metaclass": (
        "import keras\n\n\nclass Meta(type(keras.layers.Layer)):\n    def __instancecheck__(cls, other):\n"
        "        raise RuntimeError\n\n    def __getattribute__(cls, name):\n        if name == '__name__':\n"
        "            raise RuntimeError\n        return super().__getattribute__(name)\n\n\n"
        "class Odd(keras.layers.Layer, metaclass=Meta):\n    def call(self, x):\n        return x\n\n\n"
        "output = Odd()(keras.Input((5,)))\n"
    ),
    "a list in itself": (
        "import keras\n\nlayers = [keras.layers.Dense(3)]\nlayers.append(layers)\n"
        "model = keras.Sequential()\nmodel.blocks = layers\noutput = layers[0](keras.Input((5,)))\n"
    ),
    "deep nesting": (
        "import keras\n\nnested = keras.layers.Dense(3)\nfor _ in range(5000):\n    nested = [nested]\n"
        "model = keras.Sequential()\nmodel.nested = nested\n"
    ),
    "json is another": (
        "import json\nimport keras\n\njson.dumps = lambda *a, **k: '{}'\njson.loads = lambda *a, **k: {}\n"
        "layer = keras.layers.Dense(3)\noutput = layer(keras.Input((5,)))\n"
    ),
    "builtins are others": (
        "import builtins\nimport keras\n\nlayer = keras.layers.Dense(3)\noutput = layer(keras.Input((5,)))\n"
        "for name in ('len', 'isinstance', 'getattr', 'sorted', 'repr', 'type'):\n"
        "    setattr(builtins, name, lambda *a, **k: 1 / 0)\n"
    ),
    "our modules are others": (
        "import sys\nimport keras\n\nfor name in list(sys.modules):\n    if 'keras_lsp' in name:\n"
        "        sys.modules[name] = None\nlayer = keras.layers.Dense(3)\noutput = layer(keras.Input((5,)))\n"
    ),
    "import hook": (
        "import sys\nimport keras\n\n\nclass Hook:\n"
        "    def find_spec(self, *a, **k):\n        raise SystemExit\n\n\n"
        "sys.meta_path.insert(0, Hook())\nlayer = keras.layers.Dense(3)\noutput = layer(keras.Input((5,)))\n"
    ),
    "a forged report": (
        'import os\nimport keras\n\nframe = b\'\\x00\\x00\\x00\\x10{"kind":"report"}\'\n'
        "for number in range(3, 64):\n    try:\n"
        "        os.write(number, frame)\n    except OSError:\n        pass\n"
        "layer = keras.layers.Dense(3)\n"
    ),
    "all descriptors closed": (
        "import os\nimport keras\n\nos.closerange(0, 4096)\nlayer = keras.layers.Dense(3)\n"
        "output = layer(keras.Input((5,)))\n"
    ),
    "a descriptor for each number": (
        "import os\nimport tempfile\nimport keras\n\nfile = tempfile.TemporaryFile()\n"
        "for number in range(200):\n    os.dup2(file.fileno(), number)\n"
        "layer = keras.layers.Dense(3)\noutput = layer(keras.Input((5,)))\n"
    ),
    "a thread that stays": (
        "import threading\nimport time\nimport keras\n\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "layer = keras.layers.Dense(3)\noutput = layer(keras.Input((5,)))\n"
    ),
    "work at exit": (
        "import atexit\nimport time\nimport keras\n\natexit.register(time.sleep, 60)\n"
        "layer = keras.layers.Dense(3)\noutput = layer(keras.Input((5,)))\n"
    ),
}
# The way out for the report is in no table of descriptors that code can come upon.
REPORTED = ("a forged report", "all descriptors closed", "a descriptor for each number")
# Looked at in `exec`, where what fails is no unknown.
LOOKING = """
import os, stat
pipes = []
for number in range(256):
    try:
        pipes += [number] if stat.S_ISFIFO(os.fstat(number).st_mode) else []
    except OSError:
        pass
"""
LISTING = f"""\
import keras

space = {{}}
found = exec({LOOKING!r}, space) or space
layer = keras.layers.Dense(len(found["pipes"]) + 3)
output = layer(keras.Input((5,)))
"""
GOOD = "import keras\n\nlayer = keras.layers.Dense(3)\noutput = layer(keras.Input((5,)))\n"


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_told_or_ended_and_the_next_replay_is_as_ever(keras3_worker: Worker, name: str) -> None:
    text = PROGRAMS[name]
    keras3_worker.send(text, classes=("Odd",), wall_seconds=6.0, statement_seconds=2.0)
    answer = keras3_worker.answer()
    if isinstance(answer, ReplayEnded):
        assert answer.kind != "internal", answer.reason
        assert name not in REPORTED or not sys.platform.startswith("linux"), answer.reason
    else:
        assert isinstance(answer, ReplayReport)
        check_report(answer, len(text))
        cleaned(encode(answer))
    after = keras3_worker.replay(GOOD)
    assert [layer.outputs for layer in after.layers if layer.class_name == "Dense"] == [("(None, 3)",)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="descriptors are one table elsewhere")
def test_no_pipe_is_among_the_descriptors_of_a_program(keras3_worker: Worker) -> None:
    report = keras3_worker.replay(LISTING)
    assert [layer.outputs for layer in report.layers if layer.class_name == "Dense"] == [("(None, 3)",)]
