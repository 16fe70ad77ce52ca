"""`keras-lsp check` and `keras-lsp explain`: what is printed, what is remembered, and the exit codes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from keras_lsp.cli import main
from keras_lsp.cli.check import Wish, check
from keras_lsp.cli.explain import explain
from keras_lsp.cli.remembered import Remembered
from keras_lsp.cli.source_files import source_files
from keras_lsp.features.rules import RULES
from keras_lsp.sandbox.catalogue_store import CatalogueStore

if TYPE_CHECKING:
    from collections.abc import Callable

LATE = """import keras

model = keras.Sequential([keras.layers.Dense(3)])
print(model.layers[0].weights[0])
"""
NARROW = """import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
model(keras.Input((5,)))
"""
FINE = "import keras\n\nkeras.Sequential([keras.layers.Dense(3)])\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the working folder, and a user without a cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


class Output:
    def __init__(self) -> None:
        self.out, self.errors = (Console(file=io.StringIO(), width=100) for _ in range(2))

    def check(self, wish: Wish) -> int:
        return check(wish, console=self.out, errors=self.errors)

    @property
    def text(self) -> str:
        assert isinstance(self.out.file, io.StringIO)
        return self.out.file.getvalue()

    @property
    def problems(self) -> str:
        assert isinstance(self.errors.file, io.StringIO)
        return self.errors.file.getvalue()


@pytest.fixture
def output() -> Output:
    return Output()


STATIC = Wish(paths=(".",), static_only=True)


def test_the_text_alone(project: Path, output: Output) -> None:
    (project / "late.py").write_text(LATE)
    (project / "fine.py").write_text(FINE)
    (project / "other.py").write_text("print('no models')\n")
    assert output.check(STATIC) == 1
    first, code, carets, *rest = output.text.splitlines()
    assert first.startswith("late.py:4:7: error KL101 ")
    assert first.endswith("[weights-before-build]")
    assert code == "    print(model.layers[0].weights[0])"
    assert carets == "          ^^^^^^^^^^^^^^^^^^^^^^^^^^"
    assert rest[-2].startswith("3 files, 2 with models: 1 error")
    assert rest[-1].startswith("2 files judged by the text alone: Replays are turned off")


def test_nothing_found_is_said_and_is_no_error(project: Path, output: Output) -> None:
    (project / "fine.py").write_text(FINE)
    assert output.check(STATIC) == 0
    assert output.text.startswith("1 file, 1 with models: nothing found.")


def test_warnings_are_no_errors(project: Path, output: Output) -> None:
    (project / "late.py").write_text(LATE)
    (project / "pyproject.toml").write_text('[tool.keras-lsp]\nseverity = {KL101 = "warning"}\n')
    assert output.check(STATIC) == 0
    assert "warning KL101" in output.text


@pytest.mark.usefixtures("project")
def test_a_path_that_is_not_there(output: Output) -> None:
    assert output.check(replace(STATIC, paths=("gone.py",))) == 2
    assert "gone.py does not exist" in output.problems


def test_rules_of_the_command_line_and_of_the_project(project: Path, output: Output) -> None:
    (project / "late.py").write_text(LATE)
    (project / "pyproject.toml").write_text(
        '[tool.keras-lsp]\nignore = ["KL3"]\nper-file-ignores = {"l*" = ["KL1"]}\n'
    )
    assert output.check(STATIC) == 0
    (project / "pyproject.toml").write_text('[tool.keras-lsp]\nselect = ["KL3"]\n')
    assert output.check(STATIC) == 0
    assert output.check(replace(STATIC, select=("KL1",))) == 1
    assert output.check(replace(STATIC, select=("KL1",), ignore=("KL101",))) == 0


def test_settings_without_effect_are_said(project: Path, output: Output) -> None:
    (project / "fine.py").write_text(FINE)
    (project / "pyproject.toml").write_text('[tool.keras-lsp]\nselect = "KL1"\nselekt = []\n')
    assert output.check(replace(STATIC, ignore=("KL7",))) == 0
    told = output.problems.replace("\n", " ")
    for words in ("'select' is ignored", "no setting 'selekt'", "no rule 'KL7'"):
        assert words in told


def test_json(project: Path, output: Output) -> None:
    (project / "late.py").write_text(LATE)
    assert output.check(replace(STATIC, format="json")) == 1
    (file,) = json.loads(output.text)["files"]
    assert file["path"] == "late.py"
    (told,) = file["findings"]
    assert (told["code"], told["severity"]) == ("KL101", "error")
    assert told["place"] == {"cell": None, "line": 4, "column": 7, "end_line": 4, "end_column": 33}


def test_sarif(project: Path, output: Output) -> None:
    (project / "späte 😀.py").write_text(f"'😀'; {LATE}", encoding="utf-8")
    assert output.check(replace(STATIC, format="sarif")) == 1
    (run,) = json.loads(output.text)["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == sorted(rule.code for rule in RULES)
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("KL101", "error")
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "sp%C3%A4te%20%F0%9F%98%80.py"}
    assert location["region"] == {"startLine": 4, "startColumn": 7, "endLine": 4, "endColumn": 33}


def test_github(project: Path, output: Output) -> None:
    (project / "a,b.py").write_text(LATE)
    assert output.check(replace(STATIC, format="github")) == 1
    (line,) = output.text.splitlines()
    assert line.startswith(
        "::error file=a%2Cb.py,line=4,endLine=4,col=7,endColumn=33,title=KL101 weights-before-build::"
    )


def test_nothing_for_github_is_no_line(project: Path, output: Output) -> None:
    (project / "fine.py").write_text(FINE)
    assert output.check(replace(STATIC, format="github")) == 0
    assert output.text == ""


def test_which_files_a_folder_means(tmp_path: Path) -> None:
    for name in (
        "b.py",
        "a/c.py",
        ".hidden/d.py",
        "env/pyvenv.cfg",
        "env/e.py",
        "x/site-packages/f.py",
        "g.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [
        str(file.relative_to(tmp_path)) for file in source_files([str(tmp_path), str(tmp_path / "b.py")])
    ]
    assert found == ["a/c.py", "b.py"]
    assert source_files([str(tmp_path / ".hidden/d.py")]) == [tmp_path / ".hidden/d.py"]


def test_classes_of_other_files_count(project: Path, output: Output) -> None:
    (project / "nets.py").write_text(
        "import keras\n\n\nclass Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.out = keras.layers.Dense(3)\n"
    )
    (project / "use.py").write_text("from nets import Net\n\nnet = Net()\nnet.layers[0].weights[0]\n")
    assert output.check(replace(STATIC, paths=("use.py",))) == 1
    assert "use.py:4:1: error KL101" in output.text


class TestReplayed:
    def test_keras_judges_and_is_asked_once(
        self, project: Path, keras_python: list[str], output: Output, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The second run answers from what the first one found, and a changed import undoes that."""
        (project / "narrow.py").write_text(NARROW)
        (project / "shared.py").write_text("WIDTH = 5\n")
        (project / "user.py").write_text("import shared\n" + NARROW.replace("(5,)", "(shared.WIDTH,)"))
        (project / "reads.py").write_text("open('width.txt')\n" + NARROW)
        wish = Wish(paths=(".",), python=keras_python[0], format="json")
        asked = watched(monkeypatch)
        assert output.check(wish) == 1
        assert sorted(asked) == ["narrow.py", "reads.py", "user.py"]
        first = found_in(output)
        assert set(first) == {"narrow.py", "reads.py", "user.py"}
        asked.clear()
        again = Output()
        assert again.check(wish) == 1
        assert asked == []
        assert found_in(again) == first
        (project / "width.txt").write_text("5")
        assert Output().check(wish) == 1
        assert asked == ["reads.py"]  # nobody knows which files it reads
        (project / "shared.py").write_text("WIDTH = 4\n")
        asked.clear()
        changed = Output()
        assert changed.check(wish) == 1
        assert set(found_in(changed)) == {"narrow.py", "reads.py"}
        assert "user.py" in asked
        asked.clear()
        assert Output().check(replace(wish, cache=False)) == 1
        assert {"narrow.py", "user.py"} <= set(asked)

    def test_a_python_without_keras_is_said(
        self, project: Path, bare_python: list[str], output: Output
    ) -> None:
        (project / "late.py").write_text(LATE)
        assert output.check(Wish(paths=("late.py",), python=bare_python[0])) == 1
        assert "1 file judged by the text alone: " in output.text
        assert "is not installed" in output.text


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are looked at closely."""
    from keras_lsp.cli.examine import Examiner

    asked: list[str] = []
    examine: Callable[..., Any] = Examiner.examine

    async def noted(self: Examiner, document: Any) -> Any:
        asked.append(Path(document.path).name)
        return await examine(self, document)

    monkeypatch.setattr(Examiner, "examine", noted)
    return asked


def found_in(output: Output) -> dict[str, list[str]]:
    files = json.loads(output.text)["files"]
    return {
        file["path"]: [told["message"] for told in file["findings"]] for file in files if file["findings"]
    }


@pytest.mark.parametrize(
    "argv", [["check", "--format", "xml"], ["check", "--jobs", "0"], ["explain", "a", "b"]]
)
def test_misuse_is_refused(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2


def test_the_command_as_a_program(project: Path) -> None:
    (project / "late.py").write_text(LATE)
    argv = [sys.executable, "-m", "keras_lsp", "check", "--static-only", "--format", "github", "late.py"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("::error file=late.py,line=4")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_is_explained(rule: Any) -> None:
    console = Console(file=io.StringIO(), width=80)
    assert explain(rule.slug, console=console) == 0
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert text.startswith(f"# {rule.code} {rule.slug}\n")
    assert rule.bad.strip() in text
    assert rule.good.strip() in text


def test_an_unknown_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "wieghts-before-build"]) == 2
    assert "Did you mean weights-before-build?" in capsys.readouterr().err.replace("\n", " ")


def test_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert all(rule.code in out and rule.slug in out for rule in RULES)


def notebook(*cells: str | dict[str, Any], **data: Any) -> str:
    """The JSON of a notebook: code cells as Jupyter writes them, or as they are given."""
    written = [
        {"cell_type": "code", "metadata": {}, "source": cell.splitlines(keepends=True)}
        if isinstance(cell, str)
        else cell
        for cell in cells
    ]
    return json.dumps({"cells": written, "metadata": {}, "nbformat": 4, **data})


MADE = "%pip install keras\nimport keras\n"
TITLE = {"cell_type": "markdown", "metadata": {}, "source": "# %%"}
READ = "%%time\n\nprint(model.layers[0].weights[0])"


def test_a_notebook_is_told_by_its_cells(project: Path) -> None:
    shell = {"cell_type": "code", "metadata": {"vscode": {"languageId": "shellscript"}}, "source": "model=3"}
    made = "model = keras.Sequential([keras.layers.Dense(3)])"
    (project / "a.ipynb").write_text(notebook(MADE, TITLE, made, shell, READ), encoding="utf-8")
    (project / ".ipynb_checkpoints").mkdir()
    (project / ".ipynb_checkpoints" / "a.ipynb").write_text("{}", encoding="utf-8")
    output = Output()
    assert output.check(Wish((".",), static_only=True)) == 1
    assert "a.ipynb:cell 5:3:7: error KL101 " in output.text
    assert "    print(model.layers[0].weights[0])\n          ^^^^^" in output.text
    assert "1 file, 1 with models" in output.text

    output = Output()
    output.check(Wish(("a.ipynb",), static_only=True, format="json"))
    (told,) = json.loads(output.text)["files"][0]["findings"]
    assert told["place"] == {"cell": 5, "line": 3, "column": 7, "end_line": 3, "end_column": 33}
    output = Output()
    output.check(Wish(("a.ipynb",), static_only=True, format="sarif"))
    (where,) = json.loads(output.text)["runs"][0]["results"][0]["locations"]
    assert where["logicalLocations"] == [{"name": "cell 5, line 3", "kind": "cell"}]
    assert where["physicalLocation"] == {"artifactLocation": {"uri": "a.ipynb"}}
    output = Output()
    output.check(Wish(("a.ipynb",), static_only=True, format="github"))
    assert "file=a.ipynb,title=KL101" in output.text
    assert "::Cell 5, line 3: " in output.text


def test_what_a_notebook_imports_counts(project: Path) -> None:
    (project / "sizes.py").write_text("UNITS = 3\n", encoding="utf-8")
    made = "from sizes import UNITS\nmodel = keras.Sequential([keras.layers.Dense(UNITS)])"
    (project / "a.ipynb").write_text(notebook(MADE + made), encoding="utf-8")
    first = remembered_name(project)
    assert remembered_name(project) == first
    (project / "sizes.py").write_text("UNITS = 4\n", encoding="utf-8")
    assert remembered_name(project) != first


def remembered_name(project: Path) -> str | None:
    return Remembered(CatalogueStore(), [str(project)], ())._name(str(project / "a.ipynb"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "It cannot be read: it is no JSON"),
        ("[" * 100_000, "It cannot be read: it is no JSON"),
        ("[]", "It cannot be read: it has no cells"),
        ('{"worksheets": []}', "It cannot be read: it has no cells"),
        ('{"cells": [3, {}, {"cell_type": "code", "source": 3, "metadata": []}]}', ""),
        (notebook(MADE, metadata={"language_info": {"name": "julia"}}), ""),
    ],
)
def test_files_that_only_seem_to_be_notebooks(project: Path, text: str, why: str) -> None:
    (project / "a.ipynb").write_text(text, encoding="utf-8")
    output = Output()
    assert output.check(Wish((".",), static_only=True)) == 0
    assert why in output.text
    assert "1 file" in output.text
