"""The whole way, in a real Neovim: plugin, server, worker, real Keras. One journey per situation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.neovim import Journey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import RunProgram

SETTLED = ["ready", "failed", "unavailable"]
Answers = dict[str, Any]


@pytest.fixture(scope="module")
def open_file(tmp_path_factory: pytest.TempPathFactory, seed: Callable[[str], str]) -> Callable[..., Journey]:
    """A journey that begins with a founding example opened in a folder of its own."""

    def begin(name: str, python: list[str], *, trusted: bool, **options: Any) -> Journey:
        folder: Path = tmp_path_factory.mktemp(name).resolve()
        file = folder / f"{name}.py"
        file.write_text(seed(name), encoding="utf-8")
        journey = Journey(file, python, trusted_roots=[str(folder)] if trusted else [], **options)
        return journey.do("settled", "state", among=SETTLED)

    return begin


@pytest.fixture(scope="module")
def subclassed(open_file: Callable[..., Journey], keras_python: list[str]) -> Answers:
    journey = open_file("subclassed", keras_python, trusted=True)
    journey.do("encoding", "encoding")
    journey.do("slot", "hover", needle="self.dense1(inputs)", after=6)
    journey.do("by index", "hover", needle="model.layers[1]", after=13)
    journey.do("found", "diagnostics", some=True)
    journey.do("fixed", "fix", needle="layer.weights[0]")
    journey.do("left", "diagnostics", some=False)
    journey.do("hints", "hints")
    journey.do("symbols", "symbols")
    journey.do("definition", "definition", needle="model.layers[1]", after=13)
    journey.do("above the loop", "cursor", needle="for layer in model.layers")
    journey.do("indices", "completion", keys="Omodel.layers[")
    journey.do("restored", "escape", keys="<Esc>u")
    journey.do("in call", "cursor", needle="x = self.dense1(inputs)")
    journey.do("slots", "completion", keys="oself.")
    journey.do("restored again", "escape", keys="<Esc>u")
    journey.do("edited", "replace", needle="Dense(64", **{"with": "Dense(128"})
    journey.do("new width", "hover", needle="self.dense1(inputs)", after=6, contains="(None, 128)")
    return journey.run()


def plain(card: str) -> str:
    """A card without the spaces that align its columns."""
    return re.sub(" +", " ", card)


def weights_by_layer(run_program: RunProgram, text: str, legacy: bool) -> list[str]:
    """`kernel (32, 64)` for every weight of `model.layers` when the program has ended, as Keras says."""
    report = (
        "\nfor _layer in model.layers:\n"
        "    for _w in _layer.weights:\n"
        "        print('WEIGHT', _w.name.split('/')[-1].split(':')[0], tuple(_w.shape))\n"
    )
    done = run_program(text + report, legacy)
    assert done.returncode == 0, done.stderr
    return [line.removeprefix("WEIGHT ") for line in done.stdout.splitlines() if line.startswith("WEIGHT ")]


def test_the_replay_is_ready(subclassed: Answers) -> None:
    assert subclassed["settled"]["state"] == "ready", subclassed["settled"]


def test_positions_are_counted_in_utf_8(subclassed: Answers) -> None:
    assert subclassed["encoding"] == "utf-8"


def test_cards_say_what_keras_says(subclassed: Answers, run_program: RunProgram) -> None:
    kernel1, bias1, kernel2, bias2 = weights_by_layer(run_program, subclassed["fixed"], legacy=False)
    assert all(fact in plain(subclassed["slot"]) for fact in ("Dense", "(None, 64)", kernel1, bias1))
    assert all(fact in plain(subclassed["by index"]) for fact in ("Dense", "(None, 10)", kernel2, bias2))
    assert "self.dense2" in subclassed["by index"]


def test_weights_that_do_not_exist_are_reported(
    subclassed: Answers, run_program: RunProgram, seed: Callable[[str], str]
) -> None:
    assert "IndexError" in run_program(seed("subclassed"), False).stderr
    (error,) = [item for item in subclassed["found"] if item["severity"] == "ERROR"]
    assert (error["source"], error["code"]) == ("keras-lsp", "KL101")
    assert error["text"] == "layer.weights[0]"
    assert "dense1" in error["message"]


def test_the_fixed_program_is_clean_and_runs(subclassed: Answers, run_program: RunProgram) -> None:
    assert subclassed["left"] == []
    done = run_program(subclassed["fixed"], False)
    assert done.returncode == 0, done.stderr


def test_hints_stand_on_the_lines_of_call(subclassed: Answers) -> None:
    lines = subclassed["fixed"].splitlines()
    hinted = {lines[hint["line"] - 1].strip(): hint["label"] for hint in subclassed["hints"]}
    assert "(None, 64)" in hinted["x = self.dense1(inputs)"]
    assert "(None, 10)" in hinted["return self.dense2(x)"]


def test_definition_leads_to_the_line_that_makes_the_layer(subclassed: Answers) -> None:
    assert subclassed["definition"].strip() == "self.dense2 = tf.keras.layers.Dense(10)"


def test_the_outline_has_the_layers(subclassed: Answers) -> None:
    outline = "\n".join(subclassed["symbols"])
    assert all(name in outline for name in ("MyModel", "dense1", "dense2", "call", "model"))


def test_typing_an_index_offers_the_layers(subclassed: Answers) -> None:
    offered = {item["word"]: str(item) for item in subclassed["indices"]}
    assert "Dense" in offered["0"]
    assert "(None, 64)" in offered["0"]
    assert "(None, 10)" in offered["1"]
    assert subclassed["restored"] == subclassed["fixed"]


def test_typing_self_offers_the_slots(subclassed: Answers) -> None:
    assert {"dense1", "dense2"} <= {item["word"] for item in subclassed["slots"]}
    assert subclassed["restored again"] == subclassed["fixed"]


def test_an_unsaved_edit_changes_the_card(subclassed: Answers, run_program: RunProgram) -> None:
    kernel, *_ = weights_by_layer(run_program, subclassed["edited"], legacy=False)
    assert "128" in kernel
    assert kernel in plain(subclassed["new width"])


def test_under_tf_keras_2_the_same_program_is_clean(
    open_file: Callable[..., Journey],
    keras_python: list[str],
    run_program: RunProgram,
    seed: Callable[[str], str],
) -> None:
    journey = open_file(
        "subclassed", keras_python, trusted=True, environment={"TF_USE_LEGACY_KERAS": "1"}, seconds=30
    )
    journey.do("card", "hover", needle="model.layers[0]", after=13, contains="kernel")
    answers = journey.do("found", "diagnostics", some=False).run()
    kernel, bias, *_ = weights_by_layer(run_program, seed("subclassed"), legacy=True)
    assert answers["settled"]["state"] == "ready", answers["settled"]
    assert answers["found"] == []
    assert kernel in plain(answers["card"])
    assert bias in plain(answers["card"])


def test_reading_weights_is_fixed_and_runs(
    open_file: Callable[..., Journey], keras_python: list[str], run_program: RunProgram
) -> None:
    journey = open_file("reading_weights", keras_python, trusted=True)
    journey.do("found", "diagnostics", some=True).do(
        "fixed", "fix", needle="model.layers[0].weights[0].numpy"
    )
    journey.do("left", "diagnostics", some=False)
    answers = journey.do("one weight", "hover", needle="weights[0].numpy", after=8, contains="kernel").run()
    assert answers["left"] == []
    done = run_program(answers["fixed"], False)
    assert done.returncode == 0, done.stderr
    assert "(32, 10)" in done.stdout
    assert "(32, 10)" in answers["one weight"]


def test_functional_model_by_name(
    open_file: Callable[..., Journey],
    keras_python: list[str],
    run_program: RunProgram,
    seed: Callable[[str], str],
) -> None:
    journey = open_file("functional", keras_python, trusted=True)
    journey.do("head", "hover", needle='model.get_layer("head")', after=17)
    journey.do("last", "hover", needle="model.layers[-1]", after=13)
    journey.do("found", "diagnostics", some=False)
    journey.do("at the end", "cursor", needle="head = model.get_layer")
    journey.do("names", "completion", keys='Omodel.get_layer("')
    answers = journey.run()
    *_, kernel, bias = weights_by_layer(run_program, seed("functional"), legacy=False)
    assert answers["found"] == []
    for card in (plain(answers["head"]), plain(answers["last"])):
        assert kernel in card
        assert bias in card
    assert all(name in str(answers["names"]) for name in ("encoder", "norm", "head"))


def test_an_untrusted_folder_gets_static_answers_and_one_explanation(
    open_file: Callable[..., Journey], keras_python: list[str]
) -> None:
    journey = open_file("subclassed", keras_python, trusted=False)
    journey.do("slot", "hover", needle="self.dense1(inputs)", after=6)
    journey.do("symbols", "symbols")
    journey.do("definition", "definition", needle="self.dense1(inputs)", after=6)
    answers = journey.do("messages", "messages").run()
    assert answers["settled"]["state"] == "unavailable"
    assert "trust" in answers["settled"]["reason"]
    assert "Dense" in answers["slot"]
    assert "64" in answers["slot"]
    assert "kernel" not in answers["slot"], "nobody may have run this code"
    assert "dense1" in "\n".join(answers["symbols"])
    assert answers["definition"].strip().startswith("self.dense1 = ")
    assert [m for m in answers["messages"] if "trusted_roots" in m] == answers["messages"][:1]


def test_without_keras_the_reason_is_shown(open_file: Callable[..., Journey], bare_python: list[str]) -> None:
    journey = open_file("subclassed", bare_python, trusted=True)
    answers = journey.do("slot", "hover", needle="self.dense1(inputs)", after=6).run()
    assert answers["settled"]["state"] == "unavailable"
    assert "Keras" in answers["settled"]["reason"] or "TensorFlow" in answers["settled"]["reason"]
    assert "Dense" in answers["slot"]
