"""Inputs that nobody says: found by what gives them away, and right for real Keras."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.worker.input_programs import ATTENTION, GUESSED, HEAD, HOPELESS, layer

if TYPE_CHECKING:
    from tests.warm import WarmKeras
    from tests.worker.driver import Worker

SCRIPT = Path(__file__).with_name("search_inputs.py")
FREE = {
    "all": layer("self.d = layers.Dense(3)", "x: return self.d(x)"),
    "sequence": layer(
        "self.p = self.add_weight(shape=(40,))",
        "sequence: return sequence + self.p",
    ),
    "features": layer(
        "self.w = self.add_weight(shape=(10, 1)); self.d = layers.Dense(3)",
        "sequence: return self.d(sequence * self.w)",
    ),
    "none": layer("self.w = self.add_weight(shape=(12, 5))", "x: return ops.matmul(x, self.w)"),
}
REAL = """
import json
def T(*shape, dtype="float32"):
    return keras.Input(batch_shape=shape, dtype=dtype)
def real(make, *args, **kwargs):
    net = make()
    net(*args, **kwargs)
    return [list(weight.shape) for weight in net.weights]
"""


@pytest.fixture(scope="module")
def found(keras3: WarmKeras) -> dict[str, Any]:
    programs = {title: program for title, (program, _) in GUESSED.items()} | HOPELESS
    programs |= {f"free {title}": program for title, program in FREE.items()}
    asked = {title: HEAD + program for title, program in programs.items()}
    result: dict[str, Any] = json.loads(keras3.output(str(SCRIPT), given=json.dumps(asked)))
    return result


@pytest.mark.parametrize("title", GUESSED)
def test_the_input_is_found(found: dict[str, Any], title: str) -> None:
    assert found[title].get("text", found[title]["reason"]) == GUESSED[title][1]


@pytest.mark.parametrize("title", HOPELESS)
def test_where_none_is_found_there_is_a_reason(found: dict[str, Any], title: str) -> None:
    assert "text" not in found[title]
    assert found[title]["reason"].startswith("no input was found that it can be called on (for (None, 32): ")
    assert "not written yet" in found["always raises"]["reason"]


def test_sizes_that_are_free_have_another_that_does_as_well(found: dict[str, Any]) -> None:
    assert {title: found[f"free {title}"]["other"] for title in FREE} == {
        "all": "(None, 80)",
        "sequence": "(None, 28, 40)",
        "features": "(None, 10, 80)",
        "none": None,
    }


def test_real_keras_takes_them(
    found: dict[str, Any], keras3_worker: Worker, keras3: WarmKeras, tmp_path: Path
) -> None:
    """Each class is called for real on what was found; the replay tells the same weights."""
    program = tmp_path / "program.py"
    real = ["import json", HEAD, REAL, "made = {}"]
    for title, (text, _) in GUESSED.items():
        call = re.sub(r"(int32|bool|)\(((?:None|\d+)[^()]*)\)", _tensor, found[title]["text"])
        switch = ", training=False" if title == "switches" else ", mask=None" if title == "a mask" else ""
        real += [text, f"made[{title!r}] = real(Net, {call}{switch})"]
    program.write_text("\n".join([*real, "print(json.dumps(made))"]), encoding="utf-8")
    made = json.loads(keras3.output(str(program)).splitlines()[-1])
    for title, (text, _) in GUESSED.items():
        report = keras3_worker.replay(HEAD + text, classes=("Net", "Block"))
        (net,) = [layer for layer in report.layers if layer.class_name == "Net"]
        assert (title, [list(weight.shape) for weight in net.weights]) == (title, made[title])
        assert net.guessed
        assert net.projected_from == found[title]["text"]


def _tensor(match: re.Match[str]) -> str:
    dtype = f', dtype="{match.group(1)}"' if match.group(1) else ""
    return f"T({match.group(2)}{dtype})"


@pytest.mark.parametrize("title", [title for title, (text, _) in GUESSED.items() if "ops." not in text])
def test_tf_keras_is_searched_alike(tf_keras_worker: Worker, title: str) -> None:
    text, expected = GUESSED[title]
    head = HEAD.replace(
        "import keras\nfrom keras import layers, ops", "import tf_keras as keras\nfrom tf_keras import layers"
    )
    report = tf_keras_worker.replay(head + text, classes=("Net", "Block"))
    (net,) = [layer for layer in report.layers if layer.class_name == "Net"]
    assert (net.guessed, net.projected_from) == (True, expected)


@pytest.mark.parametrize("title", HOPELESS)
def test_a_search_in_vain_is_silent(keras3_worker: Worker, title: str) -> None:
    report = keras3_worker.replay(HEAD + HOPELESS[title], classes=("Net",))
    assert report.failures == ()
    (net,) = [layer for layer in report.layers if layer.class_name == "Net"]
    assert (net.guessed, net.projected, net.outputs) == (False, False, ())


def test_what_is_pinned_is_no_guess(keras3_worker: Worker) -> None:
    text = HEAD + layer(ATTENTION, "x: return self.att(x, x)")
    report = keras3_worker.replay(text, classes=("Net",), input_hints={"Net": "(None, 5, 8)"})
    (net,) = [layer for layer in report.layers if layer.class_name == "Net"]
    assert (net.guessed, net.projected) == (False, True)
    assert net.projected_from == "(None, 5, 8), as set for this class"
    assert net.outputs == ("(None, 5, 8)",)
