"""Where nothing in the file says what the input is, everything shown says that it is a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.hover import hover
from keras_lsp.features.inlay_hints import inlay_hints
from keras_lsp.features.results import Severity
from tests.unit.features.views import KEY, at, current, whole

if TYPE_CHECKING:
    from tests.unit.features.conftest import Replayed

TEXT = """\
import tensorflow as tf


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = tf.keras.layers.Conv2D(8, 3, padding="same")

    def call(self, images):
        x = self.conv(images)
        return x


model = Net()
"""

READ = TEXT + "print(model.layers[0].weights[0])\n"


@pytest.mark.parametrize("line", [3, 2])
def test_hints_and_cards_say_so(replayed: Replayed, line: int) -> None:
    snapshot = current(TEXT, replayed(TEXT, line))
    hints = {hint.label for hint in inlay_hints(snapshot, KEY, whole(TEXT))}
    assert ": ~(None, 64, 64, 8)" in hints
    assert all("~" in label for label in hints)
    card = hover(snapshot, KEY, at(TEXT, "self.co|nv = "))
    assert card is not None
    assert "a guessed (None, 64, 64, 3)" in card.text


def test_a_guess_is_never_written_into_a_fix(replayed: Replayed) -> None:
    found = diagnostics(current(READ, replayed(READ)), KEY)
    (unbuilt,) = [finding for finding in found if finding.severity is Severity.ERROR]
    assert unbuilt.code == "KL101"
    assert unbuilt.fixes == ()


def test_what_the_file_says_is_no_guess(replayed: Replayed) -> None:
    text = TEXT + "model(tf.keras.Input((28, 28, 1)))\n"
    hints = [hint.label for hint in inlay_hints(current(text, replayed(text)), KEY, whole(text))]
    assert ": (None, 28, 28, 8)" in hints
    assert not any("~" in label for label in hints)
