"""The whole way, in a real Neovim: plugin, server, worker, real Keras. One journey per situation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from keras_lsp.features.rules import RULES
from tests.editors.neovim import Journey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import RunProgram

SETTLED = ["ready", "failed", "unavailable"]
LENSES = "vim.lsp.codelens.get(0)"
Answers = dict[str, Any]
CLOSED = (
    "import keras\nmodel = keras.Sequential([keras.layers.Dense(3)])\nprint(model.layers[0].weights[0])\n"
)


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
    journey.do("lenses asked for", "lua", expression=f"(vim.lsp.codelens.refresh() or 1) and #{LENSES}")
    journey.do("slot", "hover", needle="self.dense1(inputs)", after=6)
    journey.do("by index", "hover", needle="model.layers[1]", after=13)
    journey.do("found", "diagnostics", some=True)
    journey.do("at the finding", "cursor", needle="layer.weights[0]")
    journey.do("explained", "float", keys=":KerasExplain<CR>", contains="KL101")
    journey.do("codes", "lua", expression="vim.fn.getcompletion('KerasExplain kl1', 'cmdline')")
    journey.do("fixed", "fix", needle="layer.weights[0]")
    journey.do("left", "diagnostics", some=False)
    journey.do("hints", "hints")
    journey.do("symbols", "symbols")
    journey.do("definition", "definition", needle="model.layers[1]", after=13)
    journey.do("view", "buffer", keys=":KerasModel<CR>", named="keras-model:", contains="dense2")
    journey.do("by a path", "cursor", needle="model.layers[1]", after=13)
    journey.do("marked by a path", "marked", keys="l", contains="dense2")
    journey.do("on a class", "cursor", needle="self.dense1(inputs)", after=6)
    journey.do("marked by a call", "marked", keys="l", contains="dense1")
    journey.do("landed", "line", keys="<C-w>l/dense2<CR><CR>", contains="Dense(10)")
    journey.do("above the loop", "cursor", needle="for layer in model.layers")
    journey.do("indices", "completion", keys="Omodel.layers[")
    journey.do("view of half a line", "buffer", named="keras-model:", contains="dense2")
    journey.do("restored", "escape", keys="<Esc>u")
    journey.do("in call", "cursor", needle="x = self.dense1(inputs)")
    journey.do("slots", "completion", keys="oself.")
    journey.do("restored again", "escape", keys="<Esc>u")
    journey.do("edited", "text", keys="gg/Dense(64<CR>f6cw128<Esc>", contains="Dense(128")
    journey.do("new hints", "hints", label="(None, 128)")
    journey.do("new lens", "lua", expression=f"{LENSES}[1].command.title:match('5,5.*')")
    journey.do("new width", "hover", needle="self.dense1(inputs)", after=6, contains="(None, 128)")
    journey.do("new view", "buffer", named="keras-model:", contains="(None, 128)")
    journey.do("status", "lua", expression="require('keras_lsp').status()")
    journey.do("details", "float", keys="<C-w>l/dense1<CR>K", contains="(32, 128)")
    journey.do("closed", "gone", keys=":fclose<CR>q", named="keras-model:")
    journey.do("cut", "state", keys="ggdG", among=["static"])
    journey.do("back", "hints", keys="u", label="(None, 128)")
    journey.do("health", "buffer", keys=":checkhealth keras_lsp<CR>", named="health:", contains="Replays")
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


def test_hints_are_back_with_what_was_cut(subclassed: Answers) -> None:
    assert sorted(map(str, subclassed["back"])) == sorted(map(str, subclassed["new hints"]))


def test_a_lens_follows_the_model_without_being_asked_for(subclassed: Answers) -> None:
    assert subclassed["new lens"].startswith("5,514 parameters")


def test_the_new_width_is_in_hints_and_view_too(subclassed: Answers) -> None:
    lines = subclassed["edited"].splitlines()
    hinted = {lines[hint["line"] - 1].strip(): hint["label"] for hint in subclassed["new hints"]}
    assert "(None, 128)" in hinted["x = self.dense1(inputs)"]
    assert row(subclassed["new view"], "dense1")[1:] == ["Dense", "(None, 128)", "4,224"]


def row(view: str, layer: str) -> list[str]:
    """The cells of a layer's row in the model view."""
    (line,) = [line for line in view.splitlines() if line.strip().startswith(f"{layer} ")]
    return re.split("  +", line.strip())


def test_the_model_view_is_what_keras_says(subclassed: Answers, run_program: RunProgram) -> None:
    report = (
        "\nfor _x in [model, *model.layers]:\n"
        "    print('ROW', type(_x).__name__, f'{_x.count_params():,}', sep='|')\n"
        "print('OUTPUT', *(tuple(_x.output.shape) for _x in model.layers), sep='|')\n"
    )
    program = subclassed["fixed"] + report.replace("_x.output.shape", "_x.compute_output_shape((None, 32))")
    told = run_program(program, False).stdout.splitlines()
    rows = [line.split("|")[1:] for line in told if line.startswith("ROW")]
    (outputs,) = [line.split("|")[1:] for line in told if line.startswith("OUTPUT")]
    view = subclassed["view"]
    for layer, (class_name, count), output in zip(
        ("my_model", "dense1", "dense2"), rows, (outputs[1], *outputs), strict=True
    ):
        assert row(view, layer)[1:] == [class_name, output, count]
    depth = {line.strip().split(" ")[0]: len(line) - len(line.lstrip()) for line in view.splitlines()}
    assert depth["my_model"] < depth["dense1"] == depth["dense2"]


def test_the_columns_of_the_model_view_line_up(subclassed: Answers) -> None:
    _, _, lines = (part.splitlines() for part in subclassed["view"].partition("\n\n"))
    assert len(lines) == 4
    assert len({line.index("(None") for line in lines if "(None" in line}) == 1
    assert len({len(line) for line in lines}) == 1


def test_the_model_view_marks_what_is_under_the_cursor(subclassed: Answers) -> None:
    for name, layer in (("marked by a path", "dense2"), ("marked by a call", "dense1")):
        (line,) = subclassed[name]
        assert line.strip().startswith(layer)


def test_return_in_the_model_view_leads_to_the_source(subclassed: Answers) -> None:
    assert subclassed["landed"].strip() == "self.dense2 = tf.keras.layers.Dense(10)"


def test_half_a_line_does_not_empty_the_model_view(subclassed: Answers) -> None:
    assert row(subclassed["view of half a line"], "dense1")[1:] == ["Dense", "(None, 64)", "2,112"]


def test_a_layer_of_the_model_view_tells_its_weights(subclassed: Answers) -> None:
    assert "kernel (32, 128) float32" in subclassed["details"]
    assert subclassed["closed"] is True


def test_the_rule_of_a_finding_is_explained(subclassed: Answers) -> None:
    assert "# KL101 " in subclassed["explained"]
    assert subclassed["codes"] == sorted(rule.code for rule in RULES if rule.code.startswith("KL1"))


def test_the_status_line_names_the_keras(subclassed: Answers, run_program: RunProgram) -> None:
    version = run_program("import keras; print('VERSION', keras.__version__)", False).stdout.split()[-1]
    assert subclassed["status"] == f"Keras {version}"


def test_checkhealth_tells_server_interpreter_keras_sandbox_and_trust(
    subclassed: Answers, keras_python: list[str]
) -> None:
    health = subclassed["health"]
    assert "ERROR" not in health, health
    for words in (
        "keras-lsp 0.",
        f"interpreter: `{keras_python[0]}`",
        "worker: `Keras 3.",
        "sandbox: `",
        "This folder is trusted: listed in trusted_roots.",
        "OK Replays work",
    ):
        assert words in health, health


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


@pytest.fixture(scope="module")
def two_files(
    open_file: Callable[..., Journey], keras_python: list[str], seed: Callable[[str], str]
) -> Answers:
    """One file after the other, with one server."""
    journey = open_file("reading_weights", keras_python, trusted=True)
    journey.do("found", "diagnostics", some=True)
    journey.do("fixed", "fix", needle="model.layers[0].weights[0].numpy")
    journey.do("left", "diagnostics", some=False)
    journey.do("one weight", "hover", needle="weights[0].numpy", after=8, contains="kernel")
    other = journey.file.with_name("functional.py")
    other.write_text(seed("functional"), encoding="utf-8")
    journey.do("opened", "open", file=str(other)).do("settled there", "state", among=SETTLED)
    journey.do("head", "hover", needle='model.get_layer("head")', after=17)
    journey.do("last", "hover", needle="model.layers[-1]", after=13)
    journey.do("found there", "diagnostics", some=False)
    journey.do("at the end", "cursor", needle="head = model.get_layer")
    journey.do("names", "completion", keys='Omodel.get_layer("')
    return journey.run()


def test_reading_weights_is_fixed_and_runs(two_files: Answers, run_program: RunProgram) -> None:
    assert two_files["found"]
    assert two_files["left"] == []
    done = run_program(two_files["fixed"], False)
    assert done.returncode == 0, done.stderr
    assert "(32, 10)" in done.stdout
    assert "(32, 10)" in two_files["one weight"]


def test_functional_model_by_name(
    two_files: Answers, run_program: RunProgram, seed: Callable[[str], str]
) -> None:
    *_, kernel, bias = weights_by_layer(run_program, seed("functional"), legacy=False)
    assert two_files["settled there"]["state"] == "ready"
    assert two_files["found there"] == []
    for card in (plain(two_files["head"]), plain(two_files["last"])):
        assert kernel in card
        assert bias in card
    assert all(name in str(two_files["names"]) for name in ("encoder", "norm", "head"))


def test_an_untrusted_folder_gets_static_answers_and_one_explanation(
    open_file: Callable[..., Journey], keras_python: list[str]
) -> None:
    journey = open_file("subclassed", keras_python, trusted=False)
    journey.do("slot", "hover", needle="self.dense1(inputs)", after=6)
    journey.do("symbols", "symbols")
    journey.do("definition", "definition", needle="self.dense1(inputs)", after=6)
    journey.do("status", "lua", expression="require('keras_lsp').status()")
    journey.do("view", "buffer", keys=":KerasModel<CR>", named="keras-model:", contains="dense2")
    journey.do("messages", "messages")
    journey.file.with_name("closed.py").write_text(CLOSED, encoding="utf-8")
    quickfix = "(function() local found = vim.fn.getqflist() return found[1] and vim.inspect(found) end)()"
    journey.do("checked", "lua", keys=":KerasCheck<CR>", expression=quickfix)
    journey.do("said", "messages")
    health = {"keys": ":checkhealth keras_lsp<CR>", "named": "health:", "contains": "Replays"}
    answers = journey.do("health", "buffer", **health).run()
    assert "`model.layers[0]` (Dense) has no weights yet" in answers["checked"]
    assert any("2 files, 2 with models" in said for said in answers["said"])
    assert "not trusted" in answers["view"]
    assert "None" not in answers["view"]
    assert answers["status"].endswith("text only")
    assert "WARNING This folder is not trusted: nothing was said about it." in answers["health"]
    assert "Replays do not work" in answers["health"]
    assert answers["settled"]["state"] == "unavailable"
    assert "trust" in answers["settled"]["reason"]
    assert "Dense" in answers["slot"]
    assert "64" in answers["slot"]
    assert "kernel" not in answers["slot"], "nobody may have run this code"
    assert "dense1" in "\n".join(answers["symbols"])
    assert answers["definition"].strip().startswith("self.dense1 = ")
    assert [m for m in answers["messages"] if "trusted_roots" in m] == answers["messages"][:1]


def test_without_keras_the_reason_is_shown(open_file: Callable[..., Journey], bare_python: list[str]) -> None:
    journey = open_file("subclassed", bare_python, trusted=True, by_setup=True)
    journey.do("slot", "hover", needle="self.dense1(inputs)", after=6)
    journey.do("view", "buffer", keys=":KerasModel<CR>", named="keras-model:", contains="dense2")
    another = "((vim.lsp.get_clients({ name = 'keras_lsp' })[1] or {}).id or 0) > 1 or nil"
    journey.do("restarted", "lua", keys=":KerasRestart!<CR>", expression=another)
    health = {"keys": ":checkhealth keras_lsp<CR>", "named": "health:", "contains": "Replays"}
    answers = journey.do("health", "buffer", **health).run()
    assert answers["restarted"] is True
    assert "Keras" in answers["view"]
    assert "installed: `no Keras`" in answers["health"]
    assert "WARNING Replays do not work" in answers["health"]
    assert answers["settled"]["state"] == "unavailable"
    assert "Keras" in answers["settled"]["reason"] or "TensorFlow" in answers["settled"]["reason"]
    assert "Dense" in answers["slot"]


def test_without_the_server_it_is_said_how_to_get_it(tmp_path: Path, seed: Callable[[str], str]) -> None:
    file = tmp_path / "work" / "subclassed.py"
    file.parent.mkdir()
    file.write_text(seed("subclassed"), encoding="utf-8")
    journey = Journey(file, ["python3"], trusted_roots=[], server=["/no/such/keras-lsp", "serve"])
    journey.do("messages", "messages", keys=":KerasModel<CR>", least=2)
    health = {"keys": ":checkhealth keras_lsp<CR>", "named": "health:", "contains": "No server is running"}
    answers = journey.do("health", "buffer", **health).run()
    first, second = answers["messages"]
    assert "pip install keras-lsp" in first
    assert ":checkhealth keras_lsp" in second
    assert "ERROR There is no program `/no/such/keras-lsp`." in answers["health"]


def test_an_input_is_chosen_and_written_into_the_file(tmp_path: Path, keras_python: list[str]) -> None:
    file = (
        tmp_path / "my models #1 é" / "guess.py"
    )  # what a uri, and Neovim's own command line, has to escape
    file.parent.mkdir()
    file.write_text(GUESSED, encoding="utf-8")
    journey = Journey(file, keras_python, trusted_roots=[str(tmp_path)], at_screen=True)
    journey.do("guess", "hints", label="~(None")
    journey.do("in class", "cursor", needle="self.conv")
    journey.do("shapes", "screen", keys=":KerasInputShape<CR>", contains="(None, 28, 28, 1)")
    journey.do("where", "screen", keys="3<CR>", contains="as a comment")
    journey.do("written", "text", keys="1<CR>", contains="# keras-lsp: input=(None, 28, 28, 1)\nclass Net")
    answers = journey.do("shown", "hints", label=" (None, 28, 28, 8)").run()
    assert "1: (None, 64, 64, 3)" in answers["shapes"], "the guess comes first"
    assert answers["written"] is not None
    assert answers["shown"] is not None


def test_a_buffer_without_a_name_has_a_status_and_cards(
    open_file: Callable[..., Journey], keras_python: list[str]
) -> None:
    journey = open_file("functional", keras_python, trusted=True)
    typed = "import keras<CR>m = keras.Sequential([keras.layers.Dense(3)])<CR>m.layers[0]"
    journey.do("typed", "text", keys=f":enew<CR>:set ft=python<CR>i{typed}<Esc>", contains="m.layers[0]")
    journey.do("status", "state", among=SETTLED)
    answers = journey.do("card", "hover", needle="m.layers[0]", after=4, contains="Dense").run()
    assert answers["status"] is not None
    assert answers["card"] is not None


GUESSED = """\
import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(8, 3, padding="same")

    def call(self, images):
        return self.conv(images)


model = Net()
"""


def test_trust_is_asked_for_once_and_remembered_outside_of_the_folder(
    tmp_path: Path, keras_python: list[str]
) -> None:
    file = tmp_path / "work" / "guess.py"
    file.parent.mkdir()
    file.write_text(GUESSED, encoding="utf-8")

    def opened(*, at_screen: bool = True) -> Journey:
        return Journey(file, keras_python, trusted_roots=[], at_screen=at_screen)

    refused = opened().do("asked", "screen", contains="Run the model code in")
    refused.do("typed", "text", keys="ggOtyped<Esc>u", contains="import keras")
    refused.do("still", "state", keys=":KerasTrust!<CR>", among=["unavailable"])
    again = refused.do(
        "after", "lua", expression="require('keras_lsp.trust').decision(vim.fn.getcwd())"
    ).run()
    assert "I trust the code" in again["asked"]
    assert again["still"]["state"] == "unavailable"
    assert again["after"] is False

    quiet = opened().do("state", "state", among=["unavailable"])
    quiet.do("screen", "screen", contains="class Net")
    quiet.do("ready", "state", keys=":KerasTrust<CR>", among=["ready"])
    answers = quiet.do("off", "state", keys=":KerasTrust!<CR>", among=["unavailable"]).run()
    assert "Run the model code" not in answers["screen"]
    assert answers["ready"]["state"] == "ready"
    assert answers["off"]["state"] == "unavailable"
    assert sorted(path.name for path in file.parent.iterdir()) == [".answers.json", ".plan.json", "guess.py"]
