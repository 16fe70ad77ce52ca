"""What a person sees and does in VS Code, step by step, with a picture of each step in `artifacts/vscode`.

The pictures of the README and of the walkthrough are made here: see `pictures.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.editors.vscode.notebook import write_notebook
from tests.editors.vscode.screen import Screen
from tests.editors.vscode.toolchain import ROOT, chromium
from tests.editors.vscode.workbench import Workbench, browser_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import RunProgram

Seen = dict[str, str]
PICTURES = ROOT / "artifacts" / "vscode"


@pytest.fixture(scope="module")
def seen(vsix: Path, keras_python: list[str], seed: Callable[[str], str]) -> Iterator[Seen]:
    """What was on the screen after each step, as text. The folder is not trusted at first."""
    chromium()
    workbench = Workbench(vsix, trusted=False, settings={"kerasLsp.interpreter": keras_python})
    try:
        (workbench.folder / "subclassed.py").write_text(seed("subclassed"), encoding="utf-8")
        odd = workbench.folder / "more models #1 é"  # what a uri has to escape
        odd.mkdir()
        (odd / "lonely.py").write_text(LONELY, encoding="utf-8")
        write_notebook(workbench.folder / "cells.ipynb")
        workbench.start()
        with browser_page() as page:
            yield walk(Screen(page, PICTURES), workbench)
    finally:
        workbench.close()


LONELY = '''"""A model that nobody calls: what goes in is a guess, until somebody says it."""

import keras


class Tagger(keras.Model):
    def __init__(self, tags=12):
        super().__init__()
        self.mix = keras.layers.Conv1D(64, 3, padding="same", activation="relu")
        self.tag = keras.layers.Dense(tags, activation="softmax")

    def call(self, sequences):
        x = self.mix(sequences)
        return self.tag(x)
'''


def walk(screen: Screen, workbench: Workbench) -> Seen:
    seen: Seen = {}
    file = workbench.folder / "subclassed.py"
    screen.open(workbench, workbench.folder, file)

    seen["untrusted"] = screen.status(r"not trusted")
    screen.click_status()
    seen["untrusted menu"] = screen.menu("Manage workspace trust")
    screen.picture("trust")
    screen.pick("Manage workspace trust")
    screen.grant_trust()
    screen.quick_open(file.name)
    seen["trusted"] = screen.status(r"Keras 3\.\d+")

    seen["squiggle"] = screen.squiggle()
    seen["hints"] = screen.hints("(None, 10)")
    screen.picture("hints")
    seen["outline"] = screen.outline("(None, 10)")

    screen.hover_text("64", line_with="x: (None, 64)")
    seen["card of a hint"] = screen.card("kernel")
    screen.picture("card-of-a-hint")
    screen.escape()

    screen.hover_text("dense1", line_with="self.dense1(inputs)")
    seen["card"] = screen.card("kernel")
    screen.picture("card")
    screen.escape()

    screen.hover_text("layer.weights", line_with="print(f")
    seen["problem"] = screen.card("KL101")
    screen.picture("problem")
    screen.click_link("KL101")
    seen["explanation"] = screen.preview("KL101")
    screen.picture("rule")
    screen.quick_open(file.name)

    screen.type_at("for layer in model.layers", "model.layers[")
    seen["completion"] = screen.suggestions("Dense")
    screen.picture("completion")
    screen.escape()
    screen.undo_all("model.layers[")

    screen.cursor_at("layer.weights[0]", line_with="print(f")
    seen["fixes"] = screen.quick_fixes()
    screen.lens("2,762 parameters", without="(of an earlier text)")
    screen.picture("fix")
    screen.page.keyboard.press("Enter")
    seen["fixed"] = screen.no_squiggle()
    seen["text"] = screen.save(file)
    screen.picture("fixed")

    screen.toggle_sidebar()
    screen.title_button("Show Model")
    seen["view"] = screen.view("(None, 64)")
    screen.click_node("dense2")
    seen["landed"] = screen.active_line("self.dense2 = ")

    screen.select_text("64", line_with="self.dense1 = ")
    screen.page.keyboard.type("128")
    seen["hints after the edit"] = screen.hints("(None, 128)")
    screen.hover_text("dense1", line_with="self.dense1(inputs)")
    seen["card after the edit"] = screen.card("128")
    screen.picture("edited")
    screen.escape()
    seen["view after the edit"] = screen.view("(None, 128)")
    screen.picture("model")
    screen.close_view()
    screen.toggle_sidebar()

    screen.click_status()
    seen["menu"] = screen.menu("Replay this file again")
    screen.picture("status")
    screen.escape()

    screen.quick_open("lonely.py")
    seen["guess"] = screen.hints("~(None")
    screen.cursor_at("Tagger", line_with="class Tagger")
    seen["pins"] = screen.quick_fixes()
    screen.page.keyboard.press("Enter")
    seen["pinned"] = screen.hints("(None", without="~")
    screen.escape()
    screen.picture("pin")

    screen.quick_open("cells.ipynb")
    seen["hints in cells"] = screen.hints("(None, 10)")
    screen.hover_text("[0]", line_with="print(model")
    seen["card in a cell"] = screen.card("(None, 64)")
    screen.picture("notebook")
    screen.escape()
    seen["squiggle in a cell"] = screen.squiggle()
    screen.cursor_at("weights", line_with="print(model")
    seen["fixes in a cell"] = screen.quick_fixes()
    screen.page.keyboard.press("Enter")
    seen["fixed in a cell"] = screen.no_squiggle()
    seen["status of a cell"] = screen.status(r"Keras 3\.\d+")
    seen["cells"] = "\n".join(screen.lines())
    screen.picture("notebook_fixed")
    return seen


def test_a_folder_that_is_not_trusted_says_so_and_how_to_change_it(seen: Seen) -> None:
    assert "not trusted" in seen["untrusted"]
    assert "Manage workspace trust" in seen["untrusted menu"]


def test_trust_brings_exact_shapes_without_a_restart(seen: Seen) -> None:
    assert re.search(r"Keras 3\.\d+", seen["trusted"])


def test_the_outline_has_the_shapes_without_an_edit(seen: Seen) -> None:
    assert re.search(r"dense2\s*Dense \(None, 64\) → \(None, 10\)", seen["outline"])


def test_hints_stand_at_the_ends_of_lines(seen: Seen) -> None:
    assert "(None, 64)" in seen["hints"]
    assert "(None, 10)" in seen["hints"]


def test_a_hint_shows_the_card_of_the_layer_that_it_is_the_output_of(seen: Seen) -> None:
    """Where the layer is, the server says only now."""
    assert all(fact in seen["card of a hint"] for fact in ("Dense", "dense1", "float32", "(32, 64)"))


def test_the_card_tells_shapes_and_weights(seen: Seen) -> None:
    assert all(
        fact in seen["card"] for fact in ("Dense", "dense1", "(None, 64)", "kernel", "(32, 64)", "2,112")
    )


def test_the_problem_names_the_rule_and_leads_to_its_explanation(seen: Seen) -> None:
    assert "KL101" in seen["problem"]
    assert "KL101 weights-before-build" in seen["explanation"]
    assert "```" not in seen["explanation"], "it is a preview"


def test_completion_offers_the_layers(seen: Seen) -> None:
    assert "Dense" in seen["completion"]
    assert "(None, 64)" in seen["completion"]


def test_the_fix_takes_the_squiggle_away_and_the_program_runs(seen: Seen, run_program: RunProgram) -> None:
    assert seen["squiggle"]
    assert seen["fixed"] == ""
    done = run_program(seen["text"], False)
    assert done.returncode == 0, done.stderr


def test_the_model_view_leads_to_the_line(seen: Seen) -> None:
    assert all(name in seen["view"] for name in ("dense1", "dense2", "2,762 parameters"))
    assert seen["landed"].strip() == "self.dense2 = tf.keras.layers.Dense(10)"


def test_an_edit_changes_hint_card_and_view(seen: Seen) -> None:
    assert "(None, 64)" not in seen["view after the edit"]
    assert "(None, 128)" in seen["hints after the edit"]
    assert "(32, 128)" in seen["card after the edit"]


def test_a_guess_can_be_pinned(seen: Seen) -> None:
    assert "~(None" in seen["guess"]
    assert "Pin the input shape" in seen["pins"]
    assert "~" not in seen["pinned"]


def test_cells_of_a_notebook_are_one_program(seen: Seen) -> None:
    assert "logits: (None, 10)" in seen["hints in cells"]
    assert all(fact in seen["card in a cell"] for fact in ("Dense", "hidden", "(32, 64)", "of cell 3"))
    assert re.search(r"Keras 3\.\d+", seen["status of a cell"])


def test_a_fix_is_made_in_its_cell(seen: Seen) -> None:
    assert seen["squiggle in a cell"]
    assert "Make the weights first" in seen["fixes in a cell"]
    assert seen["fixed in a cell"] == ""
    assert re.search(r"model = Net\(\).*\nmodel\(keras\.Input\(.*\nprint\(model", seen["cells"])
