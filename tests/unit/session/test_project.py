"""What pyproject.toml and `__init__.py` files say, also when they are broken."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keras_lsp.session.project import ModulePlace, ProjectFiles, ProjectSettings
from keras_lsp.session.settings import RuleSettings, Settings
from keras_lsp.session.surroundings import Surroundings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[tool.keras-lsp]\nhints = false\ninput-shapes = {Net = "(None, 32)", Odd = 3}\n',
            ProjectSettings({"Net": "(None, 32)"}, hints=False),
        ),
        ('[tool.keras-lsp]\ninterpreter = ["/tmp/evil"]\nhints = "yes"\n', ProjectSettings()),
        ("[tool.ruff]\n", ProjectSettings()),
        ("tool = 3\n", ProjectSettings()),
        ("[tool]\nkeras-lsp = 3\n", ProjectSettings()),
        ("[tool.keras-lsp\n", ProjectSettings()),
        (None, ProjectSettings()),
    ],
)
def test_project_settings(tmp_path: Path, text: str | None, expected: ProjectSettings) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert replace(ProjectFiles().settings_of(str(tmp_path)), problems=()) == expected


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('interpreter = ["/tmp/evil"]', "there is no setting 'interpreter'"),
        ('hints = "yes"', "setting 'hints' is ignored: it takes true or false"),
        ("input-shapes = {Odd = 3}", "setting 'input-shapes' takes a table from class name to shape"),
        ("select = 3", "setting 'select' is ignored: it takes a list of rules, such as"),
        ("ignore = [3]", "setting 'ignore' is ignored: it takes a list of rules, such as"),
        (
            'severity = {KL101 = "fatal"}',
            "setting 'severity' is ignored: it takes a table from rule to one of",
        ),
        ("per-file-ignores = 3", "setting 'per-file-ignores' is ignored: it takes a table from file pattern"),
        ("x = [", "could not be read: "),
    ],
)
def test_what_has_no_effect_is_said(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.keras-lsp]\n{line}\n")
    (told,) = ProjectFiles().settings_of(str(tmp_path)).problems
    assert told.startswith(str(tmp_path / "pyproject.toml"))
    assert problem in told


def test_rules_of_a_file(tmp_path: Path) -> None:
    """The user's selection before the folder's; what either ignores; patterns count from the folder."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.keras-lsp]\nselect = ["KL1"]\nignore = ["KL102"]\nseverity = {KL101 = "hint", KL3 = "off"}\n'
        '[tool.keras-lsp.per-file-ignores]\n"tests/*" = ["KL103"]\n'
    )
    own = RuleSettings(ignore=("KL304",), severity={"KL101": "warning"}, per_file_ignores={"*.py": ("KL9",)})
    around = Surroundings(ProjectFiles(), Settings(rules=own))
    around.roots = (str(tmp_path),)
    around.reload()
    in_tests = around.rules_of(str(tmp_path / "tests/deep/model.py"))
    assert in_tests.select == ("KL1",)
    assert in_tests.ignore == ("KL102", "KL304", "KL103", "KL9")
    assert in_tests.severity == {"KL101": "warning", "KL3": "off"}
    assert around.rules_of(str(tmp_path / "model.py")).ignore == ("KL102", "KL304", "KL9")
    assert around.rules_of("/elsewhere/model.txt") == replace(own, per_file_ignores={})
    assert around.rules_of(None).select is None
    around.settings = replace(around.settings, rules=replace(own, select=("KL3",)))
    assert around.rules_of(str(tmp_path / "model.py")).select == ("KL3",)


def test_a_script_and_a_module_of_a_package(tmp_path: Path) -> None:
    (tmp_path / "src/nets/old").mkdir(parents=True)
    (tmp_path / "src/nets/__init__.py").touch()
    (tmp_path / "src/nets/old/__init__.py").touch()
    place = ProjectFiles().place_of
    assert place(str(tmp_path / "src/script.py")) == ModulePlace("", str(tmp_path / "src"))
    assert place(str(tmp_path / "src/nets/old/m.py")) == ModulePlace("nets.old", str(tmp_path / "src"))
    assert place(str(tmp_path / "gone/m.py")) == ModulePlace("", str(tmp_path / "gone"))
