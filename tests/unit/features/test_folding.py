"""What can be folded, by the lines that are hidden."""

from __future__ import annotations

from keras_lsp.features.folding import folds
from tests.unit.features.views import KEY, static

TEXT = '''\
# A model
# of two layers.
import os

import keras
from keras import (
    layers,
)

"""Text
of two lines."""


@keras.saving.register_keras_serializable(
    package="mine",
)
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = keras.Sequential([
            layers.Dense(3),
            layers.Dense(
                4,
                activation="relu",
            ),
        ])

    def call(self, x):
        if x is None:
            return x
        elif x.shape:
            y = x
        else:
            y = x + 1  # else:
        for _ in y:
            pass
        try:
            z = [
                a
                for a in y]
        except ValueError:
            z = 1
        finally:
            z = 2
        match z:
            case 2:
                return z
        return self.blocks(y)


x = (1,
     2)
'''


def folded(text: str) -> list[tuple[str, str, str]]:
    """First line, last hidden line, kind."""
    view = static(text).views[KEY]
    lines = view.document.lines

    def line(offset: int) -> str:
        return lines.line_span(lines.line_of(offset)).of(text).strip()

    return [(line(f.span.start), line(f.span.end), f.kind.value) for f in folds(static(text), KEY)]


def test_everything_over_several_lines() -> None:
    assert folded(TEXT) == [
        ("# A model", "# of two layers.", "comment"),
        ("import os", ")", "imports"),
        ("from keras import (", "layers,", "imports"),
        ('"""Text', 'of two lines."""', "comment"),
        ("@keras.saving.register_keras_serializable(", 'package="mine",', "code"),
        ("class Net(keras.Model):", "return self.blocks(y)", "code"),
        ("def __init__(self):", "])", "code"),
        ("self.blocks = keras.Sequential([", "),", "code"),
        ("layers.Dense(", 'activation="relu",', "code"),
        ("def call(self, x):", "return self.blocks(y)", "code"),
        ("if x is None:", "return x", "code"),
        ("elif x.shape:", "y = x", "code"),
        ("else:", "y = x + 1  # else:", "code"),
        ("for _ in y:", "pass", "code"),
        ("try:", "for a in y]", "code"),
        ("z = [", "for a in y]", "code"),
        ("except ValueError:", "z = 1", "code"),
        ("finally:", "z = 2", "code"),
        ("match z:", "return z", "code"),
        ("case 2:", "return z", "code"),
        ("x = (1,", "2)", "code"),
    ]


def test_half_typed() -> None:
    broken = TEXT.replace("y = x + 1  # else:", "y = x.(")
    assert ("class Net(keras.Model):", "return self.blocks(y)", "code") in folded(broken)
    assert ("self.blocks = keras.Sequential([", "),", "code") in folded(broken)


def test_nothing_to_fold() -> None:
    assert folded("") == []
    assert folded("x = 1\n# one\n\n# two\n") == []
    assert folds(static(""), "file:///other.py") == ()
