"""What a worker says is text and nothing else, whatever it says."""

from __future__ import annotations

import pytest

from keras_lsp.sandbox.report_check import check_report, cleaned
from keras_lsp.worker.report import GraphReport, LayerReport, ReplayReport, StepReport, Versions
from keras_lsp.worker.wire import WireError, parse_body


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("units=64, größe 🧠 (None, 3)", "units=64, größe 🧠 (None, 3)"),
        ("first\n\tsecond", "first\n\tsecond"),
        ("\x1b[2Jgone\x07", "\ufffd[2Jgone\ufffd"),
        ("safe\u202etxt.exe", "safe\ufffdtxt.exe"),
        ("\x9b31m\x00", "\ufffd31m\ufffd"),
    ],
)
def test_characters_that_are_no_text_are_replaced(said: str, shown: str) -> None:
    assert cleaned({said: [said, {"x": said}, 3, None]}) == {shown: [shown, {"x": shown}, 3, None]}


@pytest.mark.parametrize("said", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(said: str) -> None:
    """A client would get it as something that is not JSON."""
    with pytest.raises(WireError, match="no number"):
        cleaned(parse_body(f'{{"timings": [{said}]}}'.encode()))


def test_depth_is_bounded() -> None:
    nested: list[object] = []
    for _ in range(10_000):
        nested = [nested]
    with pytest.raises(WireError, match="deeply"):
        cleaned(nested)


def test_places_of_steps_lie_in_the_text() -> None:
    steps = GraphReport("call", (StepReport("layer", 0, span=(5, 11)),))
    layer = LayerReport(0, "Net", "program.Net", "net", "subclass", True, None, graph=steps)
    report = ReplayReport(Versions("3.11", "3.15.1", 3), (layer,))
    check_report(report, 11)
    with pytest.raises(WireError, match="span 5"):
        check_report(report, 10)
