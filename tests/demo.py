"""`make demo`: the server's main job over real LSP, in this terminal.

Starts `keras-lsp serve`, opens one of the founding examples as an editor would, and shows what comes back:
cards, completions, hints, the finding. Then it takes the server's quick fix and runs the program for real,
before and after. Exits with 1 when any of that did not work.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console, Group
from rich.markdown import Markdown
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from tests.protocol.client import Client, apply_edit, label_of, position

SEED = Path(__file__).parent.parent / "fixtures" / "seeds" / "subclassed.py"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


class Demo:
    def __init__(self, console: Console, folder: Path) -> None:
        self.console = console
        self.file = folder / SEED.name
        self.text = SEED.read_text(encoding="utf-8")
        self.file.write_text(self.text, encoding="utf-8")
        self.uri = self.file.as_uri()
        self.version = 1

    async def run(self) -> bool:
        await self.start()
        try:
            await self.cards()
            await self.completions("model.layers[", below="model.build((None, 32))")
            await self.completions("self.", below="        x = self.dense1(inputs)")
            fixed = await self.finding_and_fix()
        finally:
            await self.client.shutdown()
        return fixed and self.real_runs()

    async def start(self) -> None:
        started = perf_counter()
        folder = self.file.parent
        options = {"trusted": True, "interpreters": {folder.as_uri(): [sys.executable]}}
        self.client = await Client.start(options=options, root=folder, encodings=["utf-32"])
        answered = perf_counter()
        self.client.open(self.uri, self.text)
        with self.console.status("The server answers already; its child process imports Keras ..."):
            status = await self.client.wait_for_status(self.uri, "ready", "failed", "unavailable")
        ready = perf_counter()
        said = status.get("summary") or status.get("reason")
        self.console.print(f"server up in [b]{answered - started:.2f} s[/]")
        self.console.print(f"exact shapes [b]{ready - answered:.1f} s[/] later; Keras is imported only once")
        self.console.print(f"state [b]{status['state']}[/]: {said}")

    async def cards(self) -> None:
        self.heading("Inlay hints and hover", "the model part of the program was replayed, on shapes alone")
        self.show_source(await self.inlay_hints())
        for title, needle, after in (
            ("self.dense1", "self.dense1(inputs)", 6),
            ("model.layers[1]", "model.layers[1]", 13),
            ("model", "model.build((", 1),
        ):
            place = self.client.place(self.uri, self.text, self.text.index(needle) + after)
            hover = await self.client.request("textDocument/hover", place)
            body = Markdown(hover["contents"]["value"]) if hover else Text("no card", style="red")
            self.console.print(
                Panel(body, title=f"hover on [b]{title}[/]", border_style="cyan", title_align="left")
            )

    async def inlay_hints(self) -> list[dict[str, Any]]:
        end = position(self.text, len(self.text), "utf-32")
        params = {
            "textDocument": {"uri": self.uri},
            "range": {"start": {"line": 0, "character": 0}, "end": end},
        }
        hints: list[dict[str, Any]] = await self.client.request("textDocument/inlayHint", params) or []
        return hints

    def show_source(self, hints: list[dict[str, Any]]) -> None:
        """The program from its class on, each hint where an editor draws it."""
        lines = Syntax("", "python", theme="ansi_dark").highlight(self.text).split("\n")
        for hint in sorted(hints, key=lambda hint: int(hint["position"]["character"]), reverse=True):
            row = hint["position"]["line"]
            before, after = lines[row].divide([hint["position"]["character"]])
            lines[row] = Text.assemble(before, (label_of(hint), "black on cyan"), after)
        first = self.text[: self.text.index("class ")].count("\n")
        for number, line in enumerate(lines[first:], first + 1):
            self.console.print(Text.assemble((f"{number:4} ", "dim"), line))

    def edit(self, text: str) -> None:
        self.version += 1
        self.client.change(self.uri, self.version, text)

    async def completions(self, typed: str, below: str) -> None:
        """Types on a new line below the line `below`, asks, and takes the typing back."""
        offset = self.text.index(below) + len(below)
        written = "\n" + " " * (len(below) - len(below.lstrip())) + typed
        half_typed = self.text[:offset] + written + self.text[offset:]
        self.edit(half_typed)
        place = self.client.place(self.uri, half_typed, offset + len(written))
        answer: Any = await self.client.request("textDocument/completion", place)
        self.edit(self.text)
        items = answer["items"] if isinstance(answer, dict) else answer or []
        self.heading(f"Completion at  {typed}", "in a file that does not parse at this moment")
        table = Table(show_header=False, box=None, padding=(0, 2))
        for item in items:
            table.add_row(Text(item["label"], style="bold"), item.get("detail", ""))
        self.console.print(table if items else Text("nothing offered", style="red"))

    async def finding_and_fix(self) -> bool:
        findings = await self.client.wait_for_diagnostics(self.uri, bool)
        self.heading("Diagnostics", "as published to the editor")
        for item in findings:
            start = item["range"]["start"]
            line = self.text.splitlines()[start["line"]]
            self.console.print(
                Text.assemble(
                    (f"{self.file.name}:{start['line'] + 1}:{start['character'] + 1} ", "dim"),
                    (f"{item['code']} ", "bold red" if item["severity"] == 1 else "bold yellow"),
                    item["message"],
                    (f"\n    {line.strip()}", "italic"),
                )
            )
            for related in item.get("relatedInformation") or []:
                where = related["location"]["range"]["start"]["line"] + 1
                self.console.print(f"    [dim]line {where}: {related['message']}[/]")
        return await self.apply_fix(findings)

    async def apply_fix(self, findings: list[dict[str, Any]]) -> bool:
        actions: list[dict[str, Any]] = []
        for item in findings:
            context = {"diagnostics": [item], "only": ["quickfix"]}
            params = {"textDocument": {"uri": self.uri}, "range": item["range"], "context": context}
            actions += await self.client.request("textDocument/codeAction", params) or []
        if not actions:
            self.console.print("[red]no quick fix was offered[/]")
            return False
        action = actions[0]
        self.heading(f"Quick fix: {action['title']}", "applied as an editor applies it")
        before = set(self.text.splitlines())
        self.text = apply_edit({self.uri: self.text}, action["edit"], "utf-32")[self.uri]
        for line in self.text.splitlines():
            if line not in before:
                self.console.print(Text("+ " + line, style="green"))
        self.edit(self.text)
        await self.client.wait_for_diagnostics(self.uri, lambda left: not left)
        self.console.print("the finding is gone")
        return True

    def real_runs(self) -> bool:
        self.heading("The same program under real Keras", "before and after the fix")
        before = run(self.file)
        self.file.write_text(self.text, encoding="utf-8")
        after = run(self.file)
        for title, done in (("before", before), ("after", after)):
            output = done.stdout if done.returncode == 0 else done.stderr
            lines = output.strip().splitlines()[-1 if done.returncode else -3 :]
            good = done.returncode == 0
            panel = Group(*(Text(line, overflow="ellipsis", no_wrap=True) for line in lines))
            self.console.print(
                Panel(
                    panel, title=f"{title}: exit {done.returncode}", border_style="green" if good else "red"
                )
            )
        return before.returncode != 0 and after.returncode == 0

    def heading(self, title: str, remark: str) -> None:
        self.console.print()
        self.console.rule(Text(title, style="bold"), align="left", characters="─")
        self.console.print(Text(remark, style="dim"))


def run(program: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(program)],
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def main() -> int:
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="keras-lsp-demo-") as folder:
        worked = asyncio.run(Demo(console, Path(folder).resolve()).run())
    console.print("\n[bold green]The demo did all of it.[/]" if worked else "\n[bold red]The demo failed.[/]")
    return 0 if worked else 1


if __name__ == "__main__":
    sys.exit(main())
