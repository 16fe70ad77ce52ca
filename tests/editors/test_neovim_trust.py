"""Which folders the Neovim plugin calls trusted: exactly those the user listed, and what is below them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.editors.neovim import ROOT, nvim

if TYPE_CHECKING:
    from pathlib import Path


def run(lua: str, cwd: Path, *arguments: str) -> str:
    """What a program in Lua writes, with the plugin at hand and a state of its own."""
    program = cwd / "ask.lua"
    program.write_text(f"vim.opt.runtimepath:prepend(_G.arg[1])\n{lua}\n", encoding="utf-8")
    plugin = str(ROOT / "editors" / "neovim")
    done = subprocess.run(
        [nvim(), "--clean", "--headless", "-l", str(program), plugin, *arguments],
        cwd=cwd,
        env={**os.environ, "XDG_STATE_HOME": str(cwd / "state")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def is_trusted(root: Path, listed: str, cwd: Path) -> bool:
    ask = (
        "vim.g.keras_lsp = { trusted_roots = { _G.arg[3] } }\n"
        "io.write(tostring(require('keras_lsp').is_trusted(_G.arg[2])))"
    )
    return {"true": True, "false": False}[run(ask, cwd, str(root), listed)]


def decide(root: Path, answer: bool, cwd: Path) -> None:
    run(f"require('keras_lsp.trust').decide(_G.arg[2], {str(answer).lower()})", cwd, str(root))


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


def test_an_answer_holds_for_the_folder_and_what_is_below_in_every_later_neovim(home: Path) -> None:
    decide(home / "link", True, home)
    assert is_trusted(home / "models" / "project", "", home)
    assert not is_trusted(home / "models-of-others", "", home)


def test_the_innermost_word_counts_and_a_refusal_before_the_list(home: Path) -> None:
    decide(home / "models" / "project", False, home)
    assert is_trusted(home / "models", str(home / "models"), home)
    assert not is_trusted(home / "models" / "project", str(home / "models"), home)
    assert not is_trusted(home / "models" / "project", str(home / "models" / "project"), home)
    decide(home / "models" / "project", True, home)
    assert is_trusted(home / "models" / "project", "", home)


@pytest.mark.parametrize("text", ["", "{", "[]", "true", '{"/": "true"}', '{"/": 1}'])
def test_no_answer_counts_from_a_broken_file(home: Path, text: str) -> None:
    decide(home / "models", True, home)
    (file,) = (home / "state").rglob("trust.json")
    file.write_text(text, encoding="utf-8")
    assert not is_trusted(home / "models", "", home)


def test_an_answer_that_cannot_be_kept_is_no_error(home: Path) -> None:
    (home / "state" / "nvim").mkdir(parents=True)
    (home / "state" / "nvim" / "keras_lsp").write_text("a file where the folder should be", encoding="utf-8")
    decide(home / "models", True, home)
    assert not is_trusted(home / "models", "", home)


def test_an_old_neovim_is_told_what_is_needed(home: Path) -> None:
    old = (
        "local has = vim.fn.has\n"
        "vim.fn.has = function(what) return what:find('^nvim%-0%.1') and 0 or has(what) end\n"
        "vim.notify = function(message) io.write(message) end\n"
        "vim.cmd.runtime('plugin/keras_lsp.lua')\n"
        "vim.bo.filetype = 'python'\n"
        "io.write(vim.fn.exists(':KerasModel'))"
    )
    assert run(old, home) == "keras_lsp needs Neovim 0.10 or newer; nothing of it is active.0"
