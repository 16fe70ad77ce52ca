"""Where nothing in the file says what the input is, everything shown says that it is a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.features.actions import pins
from keras_lsp.features.diagnostics import diagnostics
from keras_lsp.features.hover import hover
from keras_lsp.features.inlay_hints import inlay_hints
from keras_lsp.features.results import Severity
from keras_lsp.source.extract import extract
from keras_lsp.text.span import Span
from tests.unit.features.views import KEY, applied, at, current, stale, static, whole

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


@pytest.mark.parametrize("marked", ["class N|et(", "self.co|nv = ", "x = self.co|nv(", "model = |Net()"])
def test_a_guess_can_be_pinned(replayed: Replayed, marked: str) -> None:
    here = at(TEXT, marked)
    (pin,) = pins(current(TEXT, replayed(TEXT)), KEY, Span(here, here))
    assert pin.title == "Pin the input shape (None, 64, 64, 3) for `Net`"
    text = applied(TEXT, pin.edits)
    assert text == TEXT.replace("class Net", "# keras-lsp: input=(None, 64, 64, 3)\nclass Net")
    assert extract(text).input_shapes == {"Net": "(None, 64, 64, 3)"}


def test_pinning_mends_a_comment_that_cannot_be_read(replayed: Replayed) -> None:
    broken = TEXT.replace("class Net", "# keras-lsp: input=(None, 64\nclass Net").replace("\n", "\r\n")
    here = at(broken, "class N|et(")
    (pin,) = pins(current(broken, replayed(broken)), KEY, Span(here, here))
    mended = TEXT.replace("class Net", "# keras-lsp: input=(None, 64, 64, 3)\nclass Net").replace(
        "\n", "\r\n"
    )
    assert applied(broken, pin.edits) == mended


def test_nothing_to_pin(replayed: Replayed) -> None:
    known = TEXT + "model(tf.keras.Input((28, 28, 1)))\n"
    here = Span(at(TEXT, "class N|et("), at(TEXT, "class N|et("))
    assert pins(current(known, replayed(known)), KEY, here) == ()
    assert pins(static(TEXT), KEY, here) == ()
    assert pins(stale(TEXT + "y = 1\n", replayed(TEXT), TEXT), KEY, here) == ()
    assert pins(current(TEXT, replayed(TEXT)), KEY, Span(0, 0)) == ()


@pytest.mark.parametrize("written", ["input=(None, 64", "input=(None, units)", ""])
def test_a_comment_that_cannot_be_read_says_so(written: str) -> None:
    text = TEXT.replace("class Net", f"# keras-lsp: {written}\nclass Net")
    (finding,) = diagnostics(static(text), KEY)
    assert (finding.code, finding.severity) == ("KL901", Severity.HINT)
    assert finding.span.of(text) == f"# keras-lsp: {written}"
    assert "`input=(None, 32)`" in finding.message
    assert (
        diagnostics(static(TEXT.replace("class Net", "# keras-lsp: input=(None, 3)\nclass Net")), KEY) == ()
    )
