"""The command line: what is passed on, what is printed, and the exit codes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

import keras_lsp
from keras_lsp.cli import main
from keras_lsp.cli.doctor import doctor
from keras_lsp.cli.show import show
from keras_lsp.sandbox.jail import FULL, describe_level
from keras_lsp.sandbox.outer import find_bubblewrap
from keras_lsp.worker.confine import PARTS, bubblewrap, offered
from keras_lsp.worker.confine.seen import Seen
from keras_lsp.worker.process.confinement import OUTER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import RunProgram

SEEDS = Path(__file__).parent.parent.parent / "fixtures" / "seeds"

MAGIC = ("code", "%matplotlib inline\nimport keras")
MARKDOWN = ("markdown", "## The model")
MADE = (
    "code",
    """\
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(64)
        self.out = keras.layers.Dense(10)

    def call(self, x):
        return self.out(self.hidden(x))""",
)
READ_EARLY = ("code", "model = Net()\nprint(model.layers[0].weights[0].shape)")
CALLED = ("code", "%%time\nlogits = model(keras.Input((32,)))")


def notebook(file: Path, *cells: tuple[str, str]) -> Path:
    written = [{"cell_type": kind, "metadata": {}, "source": text} for kind, text in cells]
    file.write_text(json.dumps({"cells": written, "metadata": {}, "nbformat": 4}), encoding="utf-8")
    return file


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=160, force_terminal=False)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"keras-lsp {keras_lsp.__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["unknown"],
        ["serve", "--tcp", "nonsense"],
        ["serve", "--tcp", "host:99999"],
        ["serve", "--stdio", "--tcp", "h:1"],
    ],
)
def test_misuse_is_refused(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["serve"], (True, None, None)),
        (["serve", "--stdio"], (True, None, None)),
        (["serve", "--trust"], (True, None, True)),
        (["serve", "--tcp", "localhost:2087"], (False, ("localhost", 2087), None)),
        (["serve", "--tcp", ":2087"], (False, ("127.0.0.1", 2087), None)),
        (["serve", "--tcp", "[::1]:2087", "--trust"], (False, ("::1", 2087), True)),
    ],
)
def test_serve_passes_on_what_was_said(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], expected: tuple[object, ...]
) -> None:
    import keras_lsp.lsp.server

    said: list[tuple[object, ...]] = []

    def serve(*arguments: object) -> int:
        said.append(arguments)
        return 7

    monkeypatch.setattr(keras_lsp.lsp.server, "serve", serve)
    assert main(argv) == 7
    assert said == [expected]


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", None), ("", None), ("yes", None)])
def test_trust_can_be_said_by_who_starts_the_editor(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool | None
) -> None:
    monkeypatch.setenv("KERAS_LSP_TRUST", value)
    monkeypatch.setattr("keras_lsp.lsp.server.serve", lambda *said: said[2] is expected)
    assert main(["serve"])


class TestDoctor:
    def test_a_python_with_keras(self, keras_python: list[str], console: Console) -> None:
        assert doctor(".", keras_python[0], console) == 0, printed(console)
        for words in (
            keras_python[0],
            "--python",
            "keras 3.",
            "on tensorflow",
            describe_level(FULL)[0] if set(offered()) == set(PARTS) else "reduced: not in force",
            "ms",
        ):
            assert words in printed(console)

    def test_with_bubblewrap_around_the_worker(self, keras_python: list[str], console: Console) -> None:
        program = find_bubblewrap()
        if program is None or bubblewrap.trial(str(program), Seen((), (), ()), gettempdir()):
            pytest.skip("bubblewrap does not start here")
        assert doctor(".", keras_python[0], console, bubblewrap="always") == 0, printed(console)
        text = " ".join(printed(console).split())
        assert f'bubblewrap ({program}), as the setting `bubblewrap` is "always"' in text
        assert OUTER["bubblewrap"] in text
        assert "Replays work" in text

    def test_a_python_without_keras(self, bare_python: list[str], console: Console) -> None:
        assert doctor(".", bare_python[0], console) == 1
        assert "is not installed" in printed(console)

    def test_no_python_at_all(self, console: Console) -> None:
        assert doctor(".", "/no/such/python", console) == 1
        assert "`/no/such/python`, does not exist" in printed(console)


class TestShow:
    def test_a_file_with_everything(self, keras_python: list[str], console: Console) -> None:
        assert show(str(SEEDS / "subclassed.py"), keras_python[0], replay=True, console=console) == 0
        text = printed(console)
        assert "x: (None, 64) = self.dense1(inputs)" in text
        assert "^^^" in text
        assert "fix: " in text
        assert f"of {keras_python[0]} (setting)" in text

    def test_the_text_alone_says_why_there_is_no_more(
        self, seed: Callable[[str], str], console: Console
    ) -> None:
        assert show(str(SEEDS / "nested.py"), None, replay=False, console=console) == 0
        text = printed(console)
        for line in seed("nested").splitlines():
            assert line in text
        assert "From the text alone. Replays are turned off with `--static-only`." in text

    def test_without_keras_there_is_a_reason(self, bare_python: list[str], console: Console) -> None:
        assert show(str(SEEDS / "subclassed.py"), bare_python[0], replay=True, console=console) == 0
        assert f"Keras does not start under {bare_python[0]}" in printed(console)

    def test_a_file_that_does_not_parse(self, tmp_path: Path, console: Console) -> None:
        file = tmp_path / "model.py"
        file.write_text("import keras\nclass Net(keras.Model):\n    def __init__(self:\n")
        assert show(str(file), None, replay=False, console=console) == 0
        assert "def __init__(self:" in printed(console)

    def test_one_model_as_a_table(self, keras_python: list[str], console: Console) -> None:
        named = f"{SEEDS / 'functional.py'}:model"
        assert show(named, keras_python[0], replay=True, console=console) == 0
        text = printed(console)
        assert "import" not in text
        (head,) = (line for line in text.splitlines() if line.startswith("layer "))
        assert head.split() == ["layer", "class", "output", "parameters", "memory", "FLOPs", "line"]
        rows = [line for line in text.splitlines() if "─ " in line]
        assert any("Dense(" in row and "(None, " in row for row in rows)

    def test_a_model_inside_a_model_has_rows_of_its_own(self, console: Console) -> None:
        assert show(f"{SEEDS / 'nested.py'}", None, replay=False, console=console) == 0
        assert "│  └─ " in printed(console)

    def test_a_name_that_is_no_model(self, console: Console) -> None:
        assert show(f"{SEEDS / 'nested.py'}:nobody", None, replay=False, console=console) == 2
        assert "There is no model nobody" in printed(console)

    def test_json(self, keras_python: list[str], console: Console) -> None:
        file = SEEDS / "functional.py"
        assert show(f"{file}:model", keras_python[0], replay=True, console=console, form="json") == 0
        said = json.loads(printed(console))
        assert (said["version"], said["path"], said["origin"], said["reason"]) == (1, str(file), "replay", "")
        (model,) = said["models"]
        layers = {layer["id"]: layer for layer in said["layers"]}
        whole = layers[model["id"]]
        parts = [layers[step["layer"]] for step in whole["steps"] if step["kind"] == "layer"]
        assert whole["parameters"] == sum(part["parameters"] or 0 for part in parts)
        line = file.read_text().splitlines()[whole["made"]["line"] - 1]
        assert line[whole["made"]["column"] - 1 :].startswith(("tf.keras.Model(", "keras.Model(", "Model("))

    @pytest.mark.parametrize(("form", "begins"), [("svg", "<svg "), ("html", "<!DOCTYPE html>")])
    def test_pictures_need_nothing_from_elsewhere(self, console: Console, form: str, begins: str) -> None:
        assert show(f"{SEEDS / 'nested.py'}", None, replay=False, console=console, form=form) == 0
        text = printed(console)
        assert text.startswith(begins)
        assert "Dense" in text
        assert not re.search(r"url\(|src=|<link|<script|@font-face", text.replace("url(#", ""))

    def test_a_notebook_is_shown_cell_by_cell(
        self, keras_python: list[str], run_program: RunProgram, tmp_path: Path, console: Console
    ) -> None:
        cells = (MAGIC, MARKDOWN, MADE, READ_EARLY, CALLED)
        file = notebook(tmp_path / "cells.ipynb", *cells)
        program = "\n".join(text for kind, text in cells if kind == "code").replace("%", "# %")
        ended = run_program(program, False)
        assert "IndexError" in ended.stderr, "the mistake is one"
        assert show(str(file), keras_python[0], replay=True, console=console) == 0
        shown = [line.rstrip() for line in printed(console).splitlines()]
        for number, (kind, text) in enumerate(cells, 1):
            if kind == "markdown":
                assert f"cell {number}" not in shown
                continue
            start = shown.index(f"cell {number}") + 1
            first = text.splitlines()[0]
            assert shown[start] == f"1  {first}", "as it is in the notebook, magics too"
        carets = next(number for number, line in enumerate(shown) if "^" in line)
        assert shown[carets - 1] == "2  print(model.layers[0].weights[0].shape)"
        assert shown[carets].index("^") == shown[carets - 1].index("model.")
        assert "line 4 of cell 3: made here" in "\n".join(shown)
        assert "2  logits: (None, 10) = model(keras.Input((32,)))" in shown
        (head,) = (line.split() for line in shown if line.startswith("layer "))
        assert head[-2:] == ["cell", "line"]
        assert [line.split()[-2:] for line in shown if "─ " in line and "Dense" in line] == [
            ["3", "4"],
            ["3", "5"],
        ]

    def test_places_in_the_json_of_a_notebook_name_their_cell(self, tmp_path: Path, console: Console) -> None:
        file = notebook(tmp_path / "cells.ipynb", MAGIC, MARKDOWN, MADE, READ_EARLY)
        assert show(f"{file}:Net", None, replay=False, console=console, form="json") == 0
        said = json.loads(printed(console))
        (model,) = said["models"]
        made = next(layer["made"] for layer in said["layers"] if layer["id"] == model["id"])
        assert (made["cell"], made["line"], made["column"]) == (3, 1, 7)

    @pytest.mark.parametrize(
        ("text", "code", "words"),
        [
            ("not JSON", 2, "cells.ipynb cannot be read: it is no JSON"),
            ('{"worksheets": []}', 2, "it has no cells"),
            ('{"cells": []}', 0, "No Python cells."),
        ],
    )
    def test_a_notebook_without_cells(
        self, tmp_path: Path, console: Console, text: str, code: int, words: str
    ) -> None:
        file = tmp_path / "cells.ipynb"
        file.write_text(text, encoding="utf-8")
        assert show(str(file), None, replay=False, console=console) == code
        assert words in printed(console)

    def test_a_file_that_is_not_there(self, tmp_path: Path, console: Console) -> None:
        assert show(str(tmp_path / "none.py"), None, replay=True, console=console) == 2
        assert "cannot be read: No such file or directory" in printed(console)
