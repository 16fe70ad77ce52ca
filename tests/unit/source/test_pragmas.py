"""Input shapes pinned in comments: where they may stand, how they are spelled, and what cannot be read."""

from __future__ import annotations

import pytest

from keras_lsp.source.extract import extract
from keras_lsp.source.pragmas import read_input

NET = """\
import keras

@keras.saving.register_keras_serializable()
class Net(keras.Model):
    def call(self, x):
        return x

def build(units=3):
    return keras.Sequential([keras.layers.Dense(units)])

model = build(
    units=4,
)
"""


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("class Net(keras.Model):", "Net"),
        ("@keras.saving.register_keras_serializable()", "Net"),
        ("def build(units=3):", "build"),
        ("model = build(", "model"),
        ("    units=4,", "model"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_on_the_line_and_above_it(line: str, target: str, ending: str) -> None:
    comment = "# keras-lsp: input=(None, 32)"
    above = NET.replace(line, f"{comment}\n# and more\n{line}") if not line.startswith(" ") else NET
    beside = NET.replace(line, f"{line}  {comment}  # noqa")
    for text in {above, beside} - {NET}:
        text = text.replace("\n", ending)  # noqa: PLW2901 - the same text as other editors end its lines
        facts = extract(text)
        assert facts.input_shapes == {target: "(None, 32)"}
        assert facts.pragmas[0].span.of(text).startswith(comment)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("input=(None, 32)", "(None, 32)"),
        ("(None,32)", "(None, 32)"),
        ("input=int32(None, 16)", "int32(None, 16)"),
        ("input=float32()", None),
        (
            'input={"ids": int32(None, 16), "mask": (None, 16)}',
            "{'ids': int32(None, 16), 'mask': (None, 16)}",
        ),
        ("input=[(None, 8), (None, 9)]", "[(None, 8), (None, 9)]"),
        ("input=((None, 8), (None, 9))", "((None, 8), (None, 9))"),
        ("query=(None, 16, 32), key=(None, 8, 32)", "query=(None, 16, 32), key=(None, 8, 32)"),
        ("input=(8, 4), t=(8,)", "input=(8, 4), t=(8,)"),
        # half-typed
        ("", None),
        ("input", None),
        ("input=", None),
        ("input=(None,", None),
        ("input=(None, 32", None),
        ('input={"ids": ', None),
        # wrong
        ("input=(None, units)", None),
        ("input=(None, 0)", None),
        ("input=(None, -3)", None),
        ("input=(None, 2.5)", None),
        ("input=(None, True)", None),
        ("input=()", None),
        ("input=None", None),
        ("input=(None, 3), (None, 4)", None),
        ("(None, 3), (None, 4)", None),
        ("input=(None, 3)), evil(", None),
        ("**shapes", None),
        ("input=[(None, 3), 4]", None),
        ("input=" + "(" * 300, None),
    ],
)
def test_spelling(written: str, read: str | None) -> None:
    text, problem = read_input(written)
    assert (text or None) == read
    assert bool(problem) == (read is None)
    pragmas = extract(NET.replace("class Net", f"# keras-lsp: {written}\nclass Net")).pragmas
    assert [(p.target, p.text or None) for p in pragmas] == [("Net", read)]


@pytest.mark.parametrize(
    "text",
    [
        NET.replace("class Net", '"# keras-lsp: input=(None, 32)"\nclass Net'),  # a string
        NET.replace("def build", "# keras-lsp: input=(None, 32)\n\n\ndef build"),  # about nothing
        NET + "# keras-lsp: input=(None, 32)",
        NET.replace("class Net", "# keras-lsp input=(None, 32)\nclass Net"),
        NET.replace("return x", "# keras-lsp: input=(None, 32)\n        return x"),
    ],
)
def test_what_is_no_pragma(text: str) -> None:
    assert extract(text).pragmas == ()


def test_the_class_may_be_half_typed() -> None:
    text = NET.replace("        return x", "        return self.").replace(
        "class Net", "# keras-lsp: input=(None, 32)\nclass Net"
    )
    assert extract(text).input_shapes == {"Net": "(None, 32)"}


def test_the_last_one_counts() -> None:
    text = NET.replace("class Net", "# keras-lsp: input=(None, 3)\n# keras-lsp: input=(None, 4)\nclass Net")
    assert extract(text).input_shapes == {"Net": "(None, 4)"}
