"""Files that people wrote, damaged: read without fail, by an edit as anew, and every feature answers."""

from __future__ import annotations

import sysconfig
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from keras_lsp.source.incremental import LiveModule
from tests.conftest import FIXTURES
from tests.test_every_offset import assert_inside
from tests.unbreakable.damage import damaged_text
from tests.unbreakable.every_feature import ask_all
from tests.unbreakable.length import LONG, tries
from tests.unit.features.views import KEY, static
from tests.unit.source.test_incremental import assert_as_if_read_anew

MOST = 40_000  # characters of a file


@cache
def files() -> list[Path]:
    """Ours first, since what fails with them is the easiest to read; of others those that speak of Keras."""
    found = sorted(FIXTURES.glob("*/*.py"))
    installed = sorted(Path(sysconfig.get_path("purelib")).glob("*keras*/**/*.py"))
    return found + (installed if LONG else installed[::150])


TEXTS = st.deferred(lambda: st.sampled_from(files())).map(
    lambda path: "import keras\n" + path.read_text("utf-8", "replace")[:MOST]
)


@given(TEXTS, st.data())
@tries(short=20, long=6_000)
def test_every_feature_answers(text: str, data: st.DataObject) -> None:
    damaged, at = data.draw(damaged_text(text))
    snapshot = static(damaged)
    assert_inside(snapshot.views[KEY].facts, damaged)
    places = [reference.span.start for reference in snapshot.views[KEY].facts.references]
    ask_all(snapshot, {max(0, at - 1), at, min(at + 1, len(damaged)), *places[:: 1 + len(places) // 4]})


@given(TEXTS, st.data())
@tries(short=15, long=3_000)
def test_an_edit_leaves_what_reading_anew_gives(text: str, data: st.DataObject) -> None:
    module = LiveModule(text)
    damaged, _ = data.draw(damaged_text(text))
    for now in (damaged, text):
        module.edit(now)
        assert_as_if_read_anew(module, now)
