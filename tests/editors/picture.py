"""Draws the picture in the README from the real thing: `python -m tests.editors.picture`.

Starts Neovim in tmux, opens a founding example, waits for exact shapes, asks for a hover with the keys a
person presses, and writes the screen as SVG. Needs tmux.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic, sleep

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from tests.editors.neovim import ROOT, SERVER, nvim

PICTURE = ROOT / "editors" / "neovim" / "doc" / "hover.svg"
COLUMNS, LINES = 92, 27
TMUX = ["tmux", "-L", "keras-lsp-picture", "-f", "/dev/null"]

INIT = """
vim.opt.runtimepath:prepend({plugin!r})
vim.g.keras_lsp = {{ trusted_roots = {{ {folder!r} }} }}
vim.lsp.config('keras_lsp', {{
  cmd = {{ {command} }},
  init_options = {{ interpreters = {{ [vim.uri_from_fname({folder!r})] = {{ {python!r} }} }} }},
}})
vim.lsp.enable('keras_lsp')
vim.lsp.inlay_hint.enable(true)
vim.o.termguicolors, vim.o.number, vim.o.swapfile, vim.o.ruler = true, true, false, false
vim.o.laststatus, vim.o.winborder, vim.o.signcolumn = 0, 'rounded', 'yes'
vim.o.linebreak, vim.o.showcmd = true, false
vim.diagnostic.config({{ virtual_text = true }})
"""

# rich's own template without its fonts from the network and its window decoration
SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {terminal_width} {terminal_height}">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}</defs>
<rect width="{terminal_width}" height="{terminal_height}" rx="8" fill="#14161b"/>
<g clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def tmux(*arguments: str) -> str:
    return subprocess.run([*TMUX, *arguments], check=True, capture_output=True, text=True).stdout


def screen_with(wanted: str, seconds: float) -> str:
    """The screen with its colours, once `wanted` is on it."""
    deadline = monotonic() + seconds
    while wanted not in (screen := tmux("capture-pane", "-p", "-t", "main")):
        if monotonic() > deadline:
            raise TimeoutError(f"{wanted!r} never came on the screen:\n{screen}")
        sleep(0.1)
    return tmux("capture-pane", "-p", "-e", "-t", "main")


def photograph(folder: Path) -> str:
    """Screen of Neovim with the card of `model.layers[1]`, as text with escape codes."""
    file = folder / "subclassed.py"
    file.write_text((ROOT / "fixtures" / "seeds" / file.name).read_text(encoding="utf-8"), encoding="utf-8")
    init = folder / "init.lua"
    command = ", ".join(map(repr, SERVER))
    init.write_text(
        INIT.format(
            plugin=str(ROOT / "editors" / "neovim"),
            folder=str(folder),
            command=command,
            python=sys.executable,
        ),
        encoding="utf-8",
    )
    size = ["-x", str(COLUMNS), "-y", str(LINES)]
    tmux("new-session", "-d", "-s", "main", *size, nvim(), "--clean", "-u", str(init), str(file))
    try:
        screen_with("(None, 64)", 90)
        tmux("send-keys", "-t", "main", "10Gzt17G^4wK")
        return screen_with("kernel", 20)
    finally:
        tmux("kill-server")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="keras-lsp-picture-") as folder:
        screen = photograph(Path(folder).resolve())
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(screen), no_wrap=True)
    PICTURE.write_text(console.export_svg(theme=DIMMED_MONOKAI, code_format=SVG), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
