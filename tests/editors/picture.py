"""Draws the pictures in the README from the real thing: `python -m tests.editors.picture`.

Starts Neovim in tmux, opens a founding example, waits for exact shapes, presses the keys a person presses,
and writes the screen as SVG. Needs tmux.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from tests.editors.neovim import ROOT, SERVER, nvim

FOLDER = ROOT / "editors" / "neovim" / "doc"
LINES = 27
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


@dataclass(frozen=True)
class Picture:
    name: str
    seed: str
    columns: int
    ready: str  # on the screen once the shapes are exact
    keys: tuple[str, ...]  # as `tmux send-keys` takes them
    wanted: str  # on the screen once they have had their effect


PICTURES = (
    Picture("hover", "subclassed", 92, "(None, 64)", ("10Gzt17G^4wK",), "kernel"),
    Picture("model", "nested", 132, "(None, 64)", (":KerasModel", "Enter", "7Gzt14G0fd"), "▶"),
)


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


def photograph(picture: Picture, folder: Path) -> str:
    """The screen of Neovim, as text with escape codes."""
    file = folder / f"{picture.seed}.py"
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
    size = ["-x", str(picture.columns), "-y", str(LINES)]
    state = ["-e", f"XDG_STATE_HOME={folder / 'state'}"]
    tmux("new-session", "-d", "-s", "main", *state, *size, nvim(), "--clean", "-u", str(init), str(file))
    try:
        screen_with(picture.ready, 90)
        tmux("send-keys", "-t", "main", *picture.keys)
        return screen_with(picture.wanted, 20)
    finally:
        tmux("kill-server")


def main() -> int:
    for picture in PICTURES:
        with tempfile.TemporaryDirectory(prefix="keras-lsp-picture-") as folder:
            screen = photograph(picture, Path(folder).resolve())
        console = Console(record=True, width=picture.columns, file=io.StringIO())
        console.print(Text.from_ansi(screen), no_wrap=True)
        svg = console.export_svg(theme=DIMMED_MONOKAI, code_format=SVG)
        (FOLDER / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
