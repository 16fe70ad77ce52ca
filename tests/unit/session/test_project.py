"""What pyproject.toml and `__init__.py` files say, also when they are broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keras_lsp.session.project import ModulePlace, ProjectFiles, ProjectSettings

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
    assert ProjectFiles().settings_of(str(tmp_path)) == expected


def test_a_script_and_a_module_of_a_package(tmp_path: Path) -> None:
    (tmp_path / "src/nets/old").mkdir(parents=True)
    (tmp_path / "src/nets/__init__.py").touch()
    (tmp_path / "src/nets/old/__init__.py").touch()
    place = ProjectFiles().place_of
    assert place(str(tmp_path / "src/script.py")) == ModulePlace("", str(tmp_path / "src"))
    assert place(str(tmp_path / "src/nets/old/m.py")) == ModulePlace("nets.old", str(tmp_path / "src"))
    assert place(str(tmp_path / "gone/m.py")) == ModulePlace("", str(tmp_path / "gone"))
