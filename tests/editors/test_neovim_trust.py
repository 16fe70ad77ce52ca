"""Which folders the Neovim plugin calls trusted: exactly those the user listed, and what is below them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.editors.neovim import ROOT, nvim

if TYPE_CHECKING:
    from pathlib import Path


def is_trusted(root: Path, listed: str, cwd: Path) -> bool:
    program = cwd / "ask.lua"
    program.write_text(
        "vim.opt.runtimepath:prepend(_G.arg[1])\n"
        "vim.g.keras_lsp = { trusted_roots = { _G.arg[3] } }\n"
        "io.write(tostring(require('keras_lsp').is_trusted(_G.arg[2])))\n",
        encoding="utf-8",
    )
    plugin = str(ROOT / "editors" / "neovim")
    done = subprocess.run(
        [nvim(), "--clean", "--headless", "-l", str(program), plugin, str(root), listed],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return {"true": True, "false": False}[done.stdout]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("models/project", "models-of-others"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "models")
    return tmp_path


@pytest.mark.parametrize("root", ["models", "models/project", "link", "link/project"])
def test_the_listed_folder_and_what_is_below(home: Path, root: str) -> None:
    assert is_trusted(home / root, str(home / "models"), home)


@pytest.mark.parametrize("root", ["models-of-others", ".", "models/../models-of-others"])
def test_not_its_neighbours_nor_what_is_above(home: Path, root: str) -> None:
    assert not is_trusted(home / root, str(home / "models"), home)


@pytest.mark.parametrize("listed", ["", ".", "models", "./models"])
def test_a_relative_entry_trusts_nothing(home: Path, listed: str) -> None:
    assert not is_trusted(home / "models", listed, home)


def test_a_link_out_of_a_trusted_folder_is_not_trusted(home: Path) -> None:
    (home / "models" / "out").symlink_to(home / "models-of-others")
    assert not is_trusted(home / "models" / "out", str(home / "models"), home)
